"""Runs modules beside a portal, each in a fork of this one process, which has loaded Django: that takes seconds each time.

A job is a line of JSON, `[[module, argument…], text for stdin]`; the answer is one, `[exit code, stdout, stderr]`.
"""

import json
import os
import runpy
import sys
import traceback
from tempfile import TemporaryFile
from typing import IO

import django


def main() -> None:
    django.setup()
    for line in sys.stdin:
        arguments, text = json.loads(line)
        with TemporaryFile("w+") as given, TemporaryFile("w+") as output, TemporaryFile("w+") as complained:
            given.write(text)
            given.flush()
            given.seek(0)
            child = os.fork()
            if not child:
                _become(arguments, given, output, complained)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            answer = [code]
            for file in (output, complained):
                file.seek(0)
                answer.append(file.read())
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _become(arguments: list[str], *streams: IO[str]) -> None:
    for descriptor, file in enumerate(streams):
        os.dup2(file.fileno(), descriptor)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(descriptor, mode, closefd=False) for descriptor, mode in enumerate("rww")
    )
    sys.argv = list(arguments)
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
