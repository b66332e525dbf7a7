"""The letters on a page of pixels, recognised in a process that can do nothing else: `rapidocr`, whose models are in its wheel.

The child is given the pixels of one page (`PIXEL_BYTES` each, as the rasteriser draws them) and says one page in the frames of
`reading.text_layer`. Django is not imported here.
"""

MOST_PAGES = 3  # of one paper: each takes seconds
MOST_ADDRESSES = (
    3_000_000_000  # bytes of address space: the engine maps far more than it holds, which the parent watches
)
