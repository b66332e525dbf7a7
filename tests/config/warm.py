"""`adherents` commands in processes that have everything loaded already: a fork, not a start, so that a test can run dozens.

`python -m tests.config.warm SOCKET` serves; `client(…)` writes an executable that stands in the place of `adherents`: it
hands over its arguments, environment, folder and standard streams, passes on SIGTERM, and ends with the same exit code. The
settings are those of the first command; a command that comes with other ones, or needs none, is started as ever.
"""

import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path

ADHERENTS = [sys.executable, str(Path(sys.executable).with_name("adherents"))]
WITHOUT_SETTINGS = "serve_drawing"
CLIENT = """#!{python} -IS
import array, json, os, signal, socket, sys
asked = socket.socket(socket.AF_UNIX)
asked.connect({address!r})
words = json.dumps([sys.argv, dict(os.environ), os.getcwd()]).encode()
streams = array.array("i", [0, 1, 2])
asked.sendmsg([len(words).to_bytes(4, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
asked.sendall(words)
child = int.from_bytes(asked.recv(4), "big")
signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
sys.exit(int.from_bytes(asked.recv(4), "big"))
"""


def client(program: Path, address: Path) -> None:
    """Write the executable `program`, which asks the process that serves at `address`."""
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(CLIENT.format(python=sys.executable, address=str(address)))
    program.chmod(0o755)


def serve(address: str) -> None:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address)
    listening.listen(8)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    loaded: dict[str, str] | None = None
    while True:
        asked, _ = listening.accept()
        length, streams, _, _ = socket.recv_fds(asked, 4, 3)
        words = b""
        while len(words) < int.from_bytes(length, "big"):
            words += asked.recv(1 << 16)
        arguments, environment, folder = json.loads(words)
        if loaded is None and arguments[1:2] != [WITHOUT_SETTINGS]:
            loaded = _load(environment)
        if os.fork() == 0:
            listening.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            is_loaded = _own(environment) == loaded and arguments[1:2] != [WITHOUT_SETTINGS]
            _run(asked, arguments, environment, folder, streams, is_loaded=is_loaded)
        asked.close()
        for stream in streams:
            os.close(stream)


def _own(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith("ADHERENTS_")}


def _load(environment: Mapping[str, str]) -> dict[str, str]:
    os.environ.update(_own(environment) | {"DJANGO_SETTINGS_MODULE": "adherents.config.settings"})
    import django

    django.setup()
    import django.core.management
    import django.test.client

    import adherents.config.urls  # noqa: F401

    return _own(environment)


def _run(
    asked: socket.socket,
    arguments: list[str],
    environment: dict[str, str],
    folder: str,
    streams: list[int],
    *,
    is_loaded: bool,
) -> None:
    """Run one command in a child of this process, and say how it ended."""
    child = os.fork()
    if child == 0:
        os.setsid()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.closerange(3, 64)
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        if not is_loaded:
            os.execv(ADHERENTS[0], [*ADHERENTS, *arguments[1:]])
        sys.argv = arguments
        sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode) for number, mode in enumerate("rww"))
        code = _command()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # threads that look at the engines do not keep it
    asked.sendall(child.to_bytes(4, "big"))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    asked.sendall((code if code >= 0 else 128 - code).to_bytes(4, "big"))
    os._exit(0)


def _command() -> int:
    from adherents.config.command import main

    try:
        main()
    except SystemExit as error:
        if error.code is not None and not isinstance(error.code, int):
            sys.stderr.write(f"{error.code}\n")
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    serve(sys.argv[1])
