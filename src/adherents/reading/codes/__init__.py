"""The 2D-Doc codes on a document: found on its pixels in a process that can do nothing else, and believed by their signature.

The child is given the pixels of a document's first pages, one after the other (`PIXEL_BYTES` each, as the rasteriser draws them),
and says on its standard output a run of frames, each a letter and its numbers (big-endian): `C` the page, from 1 (u8), the length
of what its code says (u16), its four corners, each across and down in pixels (u16), then what it says · `Z` the end. The parent
believes none of it unchecked. Django is not imported here.
"""

import struct

BEGINS = b"DC"  # a 2D-Doc, as text
MOST_PAGES = 3  # of one document: a code stands on the first
MOST_CODES = 8  # of one document
MOST_BYTES = 3_000  # of one code: the largest QR code has 2,953
MOST_MEMORY = 700_000_000  # bytes

CODE = struct.Struct(">BH8H")
