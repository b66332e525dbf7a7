"""Runs of words on a page of pixels, read once more by an engine of another family, in a process that can do nothing else:
`tesserocr`, with French letters that are in our wheel (`assets/fra.traineddata`, put there by `scripts/page_libraries`).

The child is given the pixels of one page (`PIXEL_BYTES` each, as the rasteriser draws them), then a `CORNERS` for each run, and
says a page for each run, in the frames of `reading.text_layer`: the run alone, level, from its left. Django is not imported here.
"""

import struct

MOST_CROPS = 40  # of one page: each takes a twentieth of a second
MOST_ADDRESSES = 2_000_000_000  # bytes of address space: the parent watches what it holds

CORNERS = struct.Struct(">8H")  # as `RUN` has them
