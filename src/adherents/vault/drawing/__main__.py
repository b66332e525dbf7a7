"""The confined process: `python -I -m adherents.vault.drawing`, started before there is anything to draw.

On its standard input comes one line, `<content type> <bytes> <seconds> draw|open|unpack`, which confines it, and then the
file; the frames leave on standard output. Where no line comes, its parent is gone, and it ends.
"""

import os
import sys
from typing import BinaryIO

from adherents.vault.drawing import COUNT, FAULT, FILE, PAGE, Fault
from adherents.vault.drawing.confinement import confine
from adherents.vault.drawing.drawers import CannotDraw, pages_of, ready, ready_for

MEMORY_BYTES = 1_500_000_000


def told() -> str:
    """The line, and not a byte of the file behind it: that is read once this process is confined."""
    line = bytearray()
    while (byte := os.read(0, 1)) not in {b"", b"\n"}:
        line += byte
    return line.decode()


def main(content_type: str, size: int, seconds: int, wanted: str) -> None:
    ready_for(content_type)
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
                out.write(b"P" + PAGE.pack(number, page.width, page.height))
                out.write(page.pixels)
        out.write(b"Z")
    except CannotDraw as error:
        out.write(b"E" + FAULT.pack(error.fault))
    except MemoryError:
        out.write(b"E" + FAULT.pack(Fault.TOO_LARGE))
    out.flush()


if __name__ == "__main__":
    ready()
    if line := told():
        content_type, size, seconds, wanted = line.split()
        main(content_type, int(size), int(seconds), wanted)
