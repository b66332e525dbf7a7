"""The letters of a PDF's text layer that a person sees on its pages, read in a process that can do nothing else.

The child is given the PDF on its standard input and says on its standard output a run of frames, each a letter and its numbers
(big-endian): `P` number (u16), width and height of a page (u16), whether its text is junk (u8), how many letters (u32), then
each `LETTER`: code point (u32), left, top, right, bottom (u16), whether it is doubtful (u8) · `R` how many runs of letters the
page before it has (u16), then each `RUN` · `B` of the page before it, if its letters were put elsewhere to be read: by how many
quarters it was turned to the right (u8), and for each letter its own `PLACE` on the page as it is shown: left, top, right,
bottom (u16) · `E` why nothing is read (u8, a `Fault` of the rasteriser) · `Z` the end. The parent believes none of it unchecked.
Django is not imported here.

Lengths are in quarters of a pixel at `DOTS_PER_INCH`, from the top left of the page as it is shown.
"""

import struct

MOST_PAGES = 20  # of a longer document, the first ones
MOST_LETTERS = 20_000  # of one page: a page of small print has 8,000, and one with more gives nothing
MOST_BYTES = 50 << 20
MOST_MEMORY = 700_000_000  # bytes, resident; and of address space, which can only be more
DOTS_PER_INCH = 200
QUARTER = 4

PAGE = struct.Struct(">HHHBI")
LETTER = struct.Struct(">IHHHHB")
TURN = struct.Struct(">B")
PLACE = struct.Struct(">HHHH")
FAULT = struct.Struct(">B")
# Of letters that were recognised on pixels: the four corners (x, y, u16) of the box in which a run of them was found there, from
# where its text begins, above, and round with the clock; how many of the page's letters are its own (u16).
RUN = struct.Struct(">8HH")
RUNS = struct.Struct(">H")
MOST_RUNS = 4_000
