"""The confined process: `python -I -m adherents.inspection.rasteriser <descriptor of the pages' memory>`, started before there is
anything to draw.

On its standard input comes one line, `<content type> <bytes> <seconds> draw|open|unpack`, which confines it, then the file,
then the number of each slot that it may use again, a byte; the frames leave on standard output. Where no line comes, its
parent is gone, and it ends.
"""

import ctypes
import mmap
import os
import sys
from typing import BinaryIO

from adherents.inspection.rasteriser import COUNT, FAULT, FILE, PAGE, SLOT_BYTES, SLOTS, CannotDraw, Fault
from adherents.inspection.rasteriser.confinement import confine
from adherents.inspection.rasteriser.drawers import pages_of, ready, ready_for
from adherents.inspection.rasteriser.pictures import FreeSlot

MEMORY_BYTES = 1_500_000_000


def next_order() -> str:
    """The line, and not a byte of the file behind it: that is read once this process is confined."""
    line = bytearray()
    while (byte := os.read(0, 1)) not in {b"", b"\n"}:
        line += byte
    return line.decode()


def slots_in(memory: mmap.mmap) -> FreeSlot:
    slots = [(ctypes.c_ubyte * SLOT_BYTES).from_buffer(memory, at * SLOT_BYTES) for at in range(SLOTS)]
    free = set(range(SLOTS))
    drawn = 0

    def free_slot() -> "ctypes.Array[ctypes.c_ubyte]":
        nonlocal drawn
        slot = drawn % SLOTS
        while slot not in free:  # pages are done in any order: only this slot is the next one's
            given_back = os.read(0, 1)
            if not given_back:
                raise SystemExit  # its parent is gone
            free.add(given_back[0])
        free.remove(slot)
        drawn += 1
        return slots[slot]

    return free_slot


def main(free_slot: FreeSlot, content_type: str, size: int, seconds: int, wanted: str) -> None:
    ready_for(content_type)
    if wanted == "unpack":
        # It takes a while to load, and drawing does not need it.
        from adherents.inspection.rasteriser import unpacking

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
        count, pages = pages_of(content_type, data, free_slot)
        out.write(b"N" + COUNT.pack(count))
        if wanted == "draw":
            for number, (width, height) in enumerate(pages, start=1):
                out.write(b"P" + PAGE.pack(number, width, height))
                out.flush()
        out.write(b"Z")
    except CannotDraw as error:
        out.write(b"E" + FAULT.pack(error.fault))
    except MemoryError:
        out.write(b"E" + FAULT.pack(Fault.TOO_LARGE))
    out.flush()


if __name__ == "__main__":
    ready()
    free_slot = slots_in(mmap.mmap(int(sys.argv[1]), SLOTS * SLOT_BYTES))
    os.closerange(3, 256)  # Python keeps a descriptor of its own to what it maps
    if line := next_order():
        content_type, size, seconds, wanted = line.split()
        main(free_slot, content_type, int(size), int(seconds), wanted)
