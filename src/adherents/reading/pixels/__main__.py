"""The confined process: `python -I -m adherents.reading.pixels <width> <height> <seconds>`. It loads its models, confines itself,
then reads the pixels.
"""

import os
import sys
from typing import BinaryIO

# A thread is a process to the limits of this one. Each library reads these when it is imported.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

from adherents.inspection.rasteriser import PIXEL_BYTES
from adherents.inspection.rasteriser.confinement import confine, end_with_parent
from adherents.reading.pixels import MOST_ADDRESSES
from adherents.reading.text_layer import LETTER, PAGE, PLACE, QUARTER, RUN, RUNS, TURN


def main(width: int, height: int, seconds: int) -> None:
    out: BinaryIO = sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints is no frame
    end_with_parent()
    from adherents.reading.pixels import recogniser  # takes seconds: its worker may be killed meanwhile

    recognise = recogniser.ready()
    confine(memory=MOST_ADDRESSES, seconds=seconds, with_parent=True)
    data = sys.stdin.buffer.read(width * height * PIXEL_BYTES)
    found = recogniser.letters_of(recognise, data, width, height)
    side = max(width, height) * QUARTER
    out.write(b"P" + PAGE.pack(1, side, side, 0, len(found.letters)))
    out.write(b"".join(LETTER.pack(*letter) for letter in found.letters))
    out.write(b"R" + RUNS.pack(len(found.runs)) + b"".join(RUN.pack(*run) for run in found.runs))
    out.write(
        b"B" + TURN.pack(found.quarters) + b"".join(PLACE.pack(*place) for place in found.places) + b"Z"
    )
    out.flush()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
