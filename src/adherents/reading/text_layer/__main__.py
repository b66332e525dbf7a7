"""The confined process: `python -I -m adherents.reading.text_layer <bytes> <seconds>`. It confines itself, then reads the PDF."""

import sys
from typing import BinaryIO

from adherents.inspection.rasteriser import CannotDraw, Fault
from adherents.inspection.rasteriser.confinement import confine
from adherents.reading.text_layer import FAULT, LETTER, MOST_MEMORY, PAGE, seen


def main(size: int, seconds: int) -> None:
    out: BinaryIO = sys.stdout.buffer
    seen.ready()
    confine(memory=MOST_MEMORY, seconds=seconds, with_parent=True)
    data = sys.stdin.buffer.read(size)
    try:
        for number, page in enumerate(seen.pages_of(data), start=1):
            letters = page.letters
            out.write(b"P" + PAGE.pack(number, page.width, page.height, page.junk, len(letters)))
            out.write(b"".join(LETTER.pack(*letter) for letter in letters))
            out.flush()
        out.write(b"Z")
    except CannotDraw as error:
        out.write(b"E" + FAULT.pack(error.fault))
    except MemoryError:
        out.write(b"E" + FAULT.pack(Fault.TOO_LARGE))
    out.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
