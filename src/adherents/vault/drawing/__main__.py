"""The confined process: `python -I -m adherents.vault.drawing <content type> <bytes> <seconds> draw|open|unpack`.

The file comes on standard input, the frames leave on standard output.
"""

import sys
from typing import BinaryIO

from adherents.vault.drawing import COUNT, FAULT, FILE, PAGE, Fault
from adherents.vault.drawing.confinement import confine
from adherents.vault.drawing.drawers import CannotDraw, pages_of, ready

MEMORY_BYTES = 1_500_000_000


def main(content_type: str, size: int, seconds: int, wanted: str) -> None:
    ready(content_type)
    if wanted == "unpack":
        from adherents.vault.drawing import (
            unpacking,  # it takes a while to load, and drawing does not need it
        )

        unpacking.ready()
    out: BinaryIO = sys.stdout.buffer
    confine(memory=MEMORY_BYTES + 2 * size, seconds=seconds, threads=content_type == "image/heic")
    data = sys.stdin.buffer.read(size)
    try:
        if wanted == "unpack":
            for file in unpacking.files_in(data):
                out.write(b"F" + FILE.pack(len(file)) + file)
            out.write(b"Z")
            out.flush()
            return
        count, pages = pages_of(content_type, data)
        out.write(b"N" + COUNT.pack(count))
        if wanted == "draw":
            for number, page in enumerate(pages, start=1):
                out.write(b"P" + PAGE.pack(number, *page.size))
                out.write(page.tobytes())
        out.write(b"Z")
    except CannotDraw as error:
        out.write(b"E" + FAULT.pack(error.fault))
    except MemoryError:
        out.write(b"E" + FAULT.pack(Fault.TOO_LARGE))
    out.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
