"""Runs modules beside a portal, each in a fork of this one process, which has loaded Django: that takes seconds each time.

A job is a line of JSON, `[[module, argument…], text for stdin, ""]`; the answer is one, `[exit code, stdout, stderr]`.
With the path of a log instead of "", the module goes on beside us and writes there: `[0, its process's number, ""]`.
`adherents serve` ends by becoming `python -m gunicorn …`: here it goes on as that module, in the process that it is already.
"""

import json
import os
import runpy
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NoReturn

import django


def main() -> None:
    django.setup()
    import gunicorn.app.wsgiapp  # type: ignore[import-untyped]  # noqa: F401

    import adherents.config.urls  # noqa: F401  # every view, as each command's checks and each server want them

    for line in sys.stdin:
        arguments, text, log = json.loads(line)
        _bury()
        answer = _begun(arguments, log) if log else _done(arguments, text)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    _bury()


def _bury() -> None:
    """Let go of those that went on beside us and have ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _begun(arguments: list[str], log: str) -> list[object]:
    with Path(os.devnull).open() as nothing, Path(log).open("a") as written:
        child = os.fork()
        if not child:
            _become(arguments, nothing, written, written)
    return [0, str(child), ""]


def _done(arguments: list[str], text: str) -> list[object]:
    with TemporaryFile("w+") as given, TemporaryFile("w+") as output, TemporaryFile("w+") as complained:
        given.write(text)
        given.flush()
        given.seek(0)
        child = os.fork()
        if not child:
            _become(arguments, given, output, complained)
        answer: list[object] = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])]
        for file in (output, complained):
            file.seek(0)
            answer.append(file.read())
    return answer


def _instead_of_a_start(program: str, command: list[str]) -> NoReturn:
    """In the place of `os.execv`, for Python with a module: what was open would have been closed."""
    from django.db import connections

    assert (program, command[1]) == (sys.executable, "-m"), command
    connections.close_all()
    sys.argv = command[2:]
    runpy.run_module(command[2], run_name="__main__", alter_sys=True)
    raise SystemExit(0)


def _become(arguments: list[str], *streams: IO[str]) -> None:
    for descriptor, file in enumerate(streams):
        os.dup2(file.fileno(), descriptor)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(descriptor, mode, closefd=False) for descriptor, mode in enumerate("rww")
    )
    sys.argv = list(arguments)
    os.execv = _instead_of_a_start  # type: ignore[assignment]
    code = 0
    try:
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    except SystemExit as left:
        if isinstance(left.code, str):
            sys.stderr.write(left.code + "\n")
        code = left.code if isinstance(left.code, int) else int(bool(left.code))
    except BaseException:
        traceback.print_exc()
        code = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
