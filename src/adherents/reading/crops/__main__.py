"""The confined process: `python -I -m adherents.reading.crops <width> <height> <runs> <seconds>`. It loads its letters, confines
itself, then reads the runs.
"""

import os
import sys
from typing import BinaryIO

# A thread is a process to the limits of this one. Each library reads these when it is imported.
os.environ.update(
    dict.fromkeys(("OMP_THREAD_LIMIT", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
)

from adherents.inspection.rasteriser import PIXEL_BYTES
from adherents.inspection.rasteriser.confinement import confine, end_with_parent
from adherents.reading.crops import CORNERS, MOST_ADDRESSES
from adherents.reading.text_layer import LETTER, PAGE


def main(width: int, height: int, runs: int, seconds: int) -> None:
    out: BinaryIO = sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints is no frame
    end_with_parent()
    from adherents.reading.crops import engine  # takes a while: its worker may be killed meanwhile

    recognise = engine.ready()
    confine(memory=MOST_ADDRESSES, seconds=seconds, with_parent=True)
    data = sys.stdin.buffer.read(width * height * PIXEL_BYTES)
    picture = engine.grey(data, width, height)
    for number in range(1, runs + 1):
        corners = CORNERS.unpack(sys.stdin.buffer.read(CORNERS.size))
        side, letters = engine.letters_of(recognise, picture, corners)
        out.write(b"P" + PAGE.pack(number, *side, 0, len(letters)))
        out.write(b"".join(LETTER.pack(*letter) for letter in letters))
    out.write(b"Z")
    out.flush()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:5]))
