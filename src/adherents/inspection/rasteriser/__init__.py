"""Drawing a stranger's file as pixels, in a process that can do nothing else. Django is not imported here.

What the child says, on its standard output, is a run of frames, each a letter and its numbers (big-endian):
`N` pages in the document (u32) · `P` number (u16), width and height (u32) of the page in the next slot · `F` a file that the
document carries: its length (u32), then its bytes · `E` why nothing can be drawn (u8, a `Fault`) · `Z` the end. The parent
believes none of it unchecked.

Pixels lie in memory that both share: `SLOTS` pages, taken in turn, four bytes a pixel: red, green, blue and one that means
nothing. The parent gives a slot back with its number, one byte, on the child's standard input, in any order. What the child may
still write there while it is read is pixels in the place of pixels, and no more than that.
"""

import struct
from enum import IntEnum

MOST_PAGES = 50
MOST_PAGE_PIXELS = 6_000_000
PIXEL_BYTES = 4  # a drawer and an encoder work on whole words: three bytes would be copied twice
SLOTS = 3
SLOT_BYTES = MOST_PAGE_PIXELS * PIXEL_BYTES
LONGEST_SIDE = 8_000
MOST_SOURCE_PIXELS = 120_000_000
DOTS_PER_INCH = 150
MOST_FILES = 500
MOST_FILE_BYTES = 50 << 20  # of all the files that one document carries

COUNT = struct.Struct(">I")
PAGE = struct.Struct(">HII")
FILE = struct.Struct(">I")
FAULT = struct.Struct(">B")


class Fault(IntEnum):
    """Why a file cannot be drawn, now or at another attempt."""

    UNREADABLE = 1
    ENCRYPTED = 2
    TOO_LARGE = 3
    LOCKED = 4  # for other people than us: by a certificate, or by a way to lock that only one program knows
    FORM_ONLY = 5  # its content shows in one program only: a dynamic XFA form, a portfolio


class CannotDraw(Exception):
    """The file will never be drawn: `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.name)
        self.fault = fault


def bounded(width: float, height: float, scale: float = 1.0) -> tuple[float, int, int]:
    """The largest scale up to `scale` at which a page keeps within the bounds, and the page's size in pixels then."""
    if not (width > 0 and height > 0):
        raise ValueError("a page without surface")
    room = 0.999  # a renderer rounds a side up
    scale = min(
        scale, room * (MOST_PAGE_PIXELS / (width * height)) ** 0.5, room * LONGEST_SIDE / max(width, height)
    )
    return scale, max(1, int(width * scale)), max(1, int(height * scale))
