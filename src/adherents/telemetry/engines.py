"""Whether each part that the portal stands on does its work: asked in threads of its own, so that no request waits for one that
hangs.

A probe raises what is wrong, or returns. `look` asks all of them at once and gives up those that take too long; `last_look`
answers at once, since a thread keeps looking. In a transaction the caller's own thread asks: what was written there can be seen
from nowhere else.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import connection, connections

from adherents.telemetry.outages import Part, in_words, note

LOOKS_EVERY = 3.0  # seconds
LOOKS_AGAIN_AFTER = 1.0  # seconds, while something is away: what is back is said soon
ANSWERS_WITHIN = 2.0  # seconds, or it is away
FRESH_FOR = 0.1  # seconds: what was asked so lately is not asked again
HANGS_AFTER = 5.0  # seconds: what is only slow is worth asking
DATABASE_HANGS_AFTER = (
    8.0  # seconds: longer than a connection is waited for, since every page is refused then
)
log = logging.getLogger("adherents.engines")
Probe = Callable[[], None]


class DoesNotWork(Exception):
    """An engine answers and does not do its work. The words say why."""


def _always() -> bool:
    return True


@dataclass(frozen=True)
class Engine:
    """`probe` raises what is wrong. `is_set`: whether this installation has it. `vital`: nothing can be served without it.

    `of_rows`: the probe reads rows, and so says nothing while the database is away.
    """

    name: str
    probe: Probe
    is_set: Callable[[], bool] = _always
    vital: bool = False
    of_rows: bool = False


@dataclass(frozen=True)
class Health:
    """`away`: the engines that do not do their work, and why, in the words of what failed. `vital`: those of them without which
    nothing can be served. `looked_at`: all those that this installation has.
    """

    away: dict[str, str] = field(default_factory=dict)
    vital: tuple[str, ...] = ()
    looked_at: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """« ok », « degraded » or « down »."""
        if self.vital:
            return "down"
        return "degraded" if self.away else "ok"

    def as_json(self) -> dict[str, object]:
        """What machines are told: names only."""
        return {"status": self.status, "degraded": list(self.away)}


ENGINES: dict[str, Engine] = {}


def register(engine: Engine) -> None:
    ENGINES[engine.name] = engine


def look() -> Health:
    """Ask every engine now; `ANSWERS_WITHIN` seconds at most."""
    wanted = [engine for engine in ENGINES.values() if engine.is_set()]
    if connection.in_atomic_block:
        return _health({engine: _asked(engine) for engine in wanted})
    together: dict[str, list[Engine]] = {}
    for engine in wanted:
        together.setdefault(Part.DATABASE if engine.of_rows else engine.name, []).append(engine)
    probers = [(_prober_of(name), engines) for name, engines in together.items()]
    for prober, engines in probers:
        prober.ask(engines)
    until = time.monotonic() + ANSWERS_WITHIN
    found: dict[Engine, str] = {}
    for prober, engines in probers:
        found |= prober.answers(engines, until)
    return _health({engine: found[engine] for engine in wanted})


def last_look() -> Health:
    """What the thread that keeps looking found a few seconds ago, at once. Where none does, as in tests, it is asked now."""
    return _watch.last or look()


def keep_looking() -> None:
    """Begin the thread that looks every few seconds, in a process that serves."""
    _watch.begin()


def hangs(name: str) -> bool:
    """Whether the thread that keeps looking found that this engine gives no answer at all: asking it would hold one thread more.

    False in a process where no thread looks, such as a worker.
    """
    prober = _probers.get(name)
    after = DATABASE_HANGS_AFTER if name == Part.DATABASE else HANGS_AFTER
    return _watch.last is not None and prober is not None and prober.hangs(after)


def was_away(name: str) -> bool:
    """Whether the thread that keeps looking found that this engine does not do its work. False where no thread looks."""
    return _watch.last is not None and name in _watch.last.away


def _asked(engine: Engine) -> str:
    """What is wrong, in words; "" for nothing."""
    try:
        engine.probe()
    except DoesNotWork as error:
        return str(error)
    except Exception as error:  # whatever it is that fails, the engine does not do its work
        return in_words(error)
    return ""


def _health(answers: dict[Engine, str]) -> Health:
    blind = any(error for engine, error in answers.items() if engine.name == Part.DATABASE)
    away = {
        engine.name: error for engine, error in answers.items() if error and not (blind and engine.of_rows)
    }
    vital = tuple(engine.name for engine in answers if engine.vital and engine.name in away)
    _tell(away)
    return Health(away, vital, tuple(engine.name for engine in answers))


_told_away: set[str] = set()


def _tell(away: dict[str, str]) -> None:
    """In the log: one line a minute of each part, one at the beginning of what is no part, and one when it is over."""
    for name, words in away.items():
        if name in set(Part):
            note(Part(name), words)
        elif name not in _told_away:
            log.error("%s: %s", name, words)
    for name in _told_away - away.keys():
        log.warning("%s: all is well again", name)
    _told_away.clear()
    _told_away.update(away)


class _Prober:
    """The thread that asks engines which stand or fall together, one question at a time."""

    def __init__(self, name: str) -> None:
        self._engines: list[Engine] = []
        self._began: float | None = None  # when the present question was asked
        self._ended = float("-inf")
        self._errors: dict[Engine, str] = {}
        self._hung = False  # whether the last answer was an error that came as late as none
        self._changed = threading.Condition()
        threading.Thread(target=self._ask_on, name=f"probe of {name}", daemon=True).start()

    def ask(self, engines: list[Engine]) -> None:
        """Begin to ask, unless that is being done or was just done."""
        with self._changed:
            now = time.monotonic()
            if self._began is None and (now - self._ended > FRESH_FOR or engines != self._engines):
                self._engines, self._began = engines, now
                self._changed.notify_all()

    def answers(self, engines: list[Engine], until: float) -> dict[Engine, str]:
        """What is wrong with each, "" for nothing. Waits until `until` at most."""
        silent = f"no answer within {ANSWERS_WITHIN:g} s"
        with self._changed:
            self._changed.wait_for(lambda: self._began is None, max(0.0, until - time.monotonic()))
            return {engine: silent if self._began else self._errors.get(engine, silent) for engine in engines}

    def hangs(self, after: float) -> bool:
        began = self._began
        return self._hung or (began is not None and time.monotonic() - began > after)

    def _ask_on(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._began is not None)
            began = time.monotonic()
            errors = {engine: _asked(engine) for engine in self._engines}
            connections.close_all()  # what a probe shows is that a connection can be had
            with self._changed:
                self._errors, self._began, self._ended = errors, None, time.monotonic()
                self._hung = any(errors.values()) and self._ended - began > HANGS_AFTER
                self._changed.notify_all()


_probers: dict[str, _Prober] = {}
_one_maker = threading.Lock()


def _prober_of(name: str) -> _Prober:
    with _one_maker:
        if name not in _probers:
            _probers[name] = _Prober(name)
        return _probers[name]


class _Watch:
    """The thread that keeps looking. `last`: what it found; None before, and where there is none."""

    def __init__(self) -> None:
        self.last: Health | None = None
        self._thread: threading.Thread | None = None
        self._over = threading.Event()

    def begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._look_on, name="health", daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Look no more. Waits for the look that is under way."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _look_on(self) -> None:
        pause = 0.0
        while not self._over.wait(pause):
            try:
                self.last = look()
            except Exception:
                log.exception("looking at the engines")
            is_well = self.last is not None and not self.last.away
            pause = LOOKS_EVERY if is_well else LOOKS_AGAIN_AFTER


_watch = _Watch()
