"""The requests that wait for their peer: bodies that arrive, answers that leave. The slowest are dropped; none is refused.

An exchange must move at the least rate over each window, and end within its whole time; otherwise it is dropped. The
exchanges that last longer than a quick page are bounded in number, for each address and for each member. Bodies are bounded
in memory. Past a bound, the slowest exchange is dropped, not the one that came last.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field

IN_MEMORY_BYTES = (1 << 20) + (1 << 17)  # of one request: a piece of a file, or a receipt and its form
QUICK_SECONDS = 2.0  # an exchange that takes less counts in no bound
WINDOW_SECONDS = 30.0  # a phone in a tunnel is silent for less
LONGEST_SECONDS = 12 * 3600.0


@dataclass(frozen=True)
class Bounds:
    """`least_rate`: bytes a second. `by_address`, `by_member`: slow exchanges at once. `memory`: bytes of bodies, in
    all. `uploads`: forms with files that are read at once, each in a thread of its own. `downloads`: files given at once.
    """

    least_rate: int = 1000
    by_address: int = 64
    by_member: int = 8
    memory: int = 256 << 20
    uploads: int = 64
    downloads: int = 64


@dataclass(eq=False)
class Exchange:
    """One request with its answer. `length`: how many bytes will pass, as far as is known. `drop` ends it.

    `browser` stands for the member until the session has been read.
    """

    address: str
    began: float
    browser: str = ""
    session_key: str = ""
    member: Hashable = None
    length: int = 0
    moved: int = 0
    held: int = 0
    drop: Callable[[], None] = lambda: None
    measure: Callable[[], int] | None = None
    paused: bool = False
    dropped: bool = False
    database_hangs: bool = False
    watches: bool = False  # a machine asks how the portal is
    kept_at: float = 0.0
    marks: deque[tuple[float, int]] = field(default_factory=deque)

    def passed(self) -> int:
        """How many bytes the peer has sent or taken."""
        return self.moved if self.measure is None else self.measure()


class Exchanges:
    """The exchanges that wait for their peer now. Everything here runs in the event loop's thread."""

    def __init__(self, bounds: Bounds, clock: Callable[[], float]) -> None:
        self.bounds, self.clock = bounds, clock
        self.held = 0
        self._there: set[Exchange] = set()

    def __len__(self) -> int:
        return len(self._there)

    def __contains__(self, exchange: Exchange) -> bool:
        return exchange in self._there

    def begin(self, exchange: Exchange, length: int, measure: Callable[[], int] | None = None) -> None:
        """It waits for its peer from now on, for `length` bytes (0: not known)."""
        now = self.clock()
        exchange.began = exchange.kept_at = now
        exchange.moved = 0
        exchange.marks = deque([(now, 0)])
        exchange.length, exchange.measure, exchange.paused = length, measure, False
        self._there.add(exchange)

    def end(self, exchange: Exchange) -> None:
        """It waits no more."""
        self._there.discard(exchange)

    def note_arrived(self, exchange: Exchange, size: int) -> None:
        exchange.moved += size

    def hold(self, exchange: Exchange, size: int) -> None:
        """Add `size` bytes (negative: fewer) to what its body takes in memory. Past the bound, the slowest bodies are dropped."""
        exchange.held += size
        self.held += size
        while self.held > self.bounds.memory:
            holding = [other for other in self._there if other.held and not other.dropped]
            if not holding:
                return
            slowest = self._slowest(holding)
            self.hold(slowest, -slowest.held)
            self._drop(slowest)

    def look(self) -> list[Exchange]:
        """Drop the exchanges that are too slow or too many. Call it every second. Returns the lasting ones that were kept."""
        now = self.clock()
        for exchange in list(self._there):
            if exchange.paused:  # it waits for us
                exchange.marks = deque([(now, exchange.passed())])
            elif self._is_too_slow(exchange, now):
                self._drop(exchange)
        lasting = [
            exchange
            for exchange in self._there
            if now - exchange.began > QUICK_SECONDS and not exchange.dropped
        ]
        self._keep_within(self.bounds.by_address, lasting, lambda exchange: exchange.address)
        self._keep_within(
            self.bounds.by_member, lasting, lambda exchange: exchange.member or exchange.browser
        )
        return [exchange for exchange in lasting if not exchange.dropped]

    def _is_too_slow(self, exchange: Exchange, now: float) -> bool:
        whole = WINDOW_SECONDS + exchange.length / self.bounds.least_rate
        if exchange.length and now - exchange.began > min(whole, LONGEST_SECONDS):
            return True
        passed, marks = exchange.passed(), exchange.marks
        marks.append((now, passed))
        while len(marks) > 1 and now - marks[1][0] >= WINDOW_SECONDS:
            marks.popleft()
        lasted, before = now - marks[0][0], marks[0][1]
        return lasted >= WINDOW_SECONDS and passed - before < WINDOW_SECONDS * self.bounds.least_rate

    def _keep_within(
        self, most: int, lasting: Iterable[Exchange], of: Callable[[Exchange], Hashable]
    ) -> None:
        theirs: dict[Hashable, list[Exchange]] = defaultdict(list)
        for exchange in lasting:
            if not exchange.dropped and of(exchange):
                theirs[of(exchange)].append(exchange)
        for group in theirs.values():
            while len(group) > most:
                slowest = self._slowest(group)
                group.remove(slowest)
                self._drop(slowest)

    def _slowest(self, exchanges: Iterable[Exchange]) -> Exchange:
        return min(exchanges, key=self._pace)

    def _pace(self, exchange: Exchange) -> float:
        """Bytes a second, over the last window or what there was of it."""
        at, before = exchange.marks[0]
        return (exchange.passed() - before) / max(self.clock() - at, QUICK_SECONDS)

    def _drop(self, exchange: Exchange) -> None:
        exchange.dropped = True
        self._there.discard(exchange)
        exchange.drop()
