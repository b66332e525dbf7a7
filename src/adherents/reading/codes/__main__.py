"""The confined process: `python -I -m adherents.reading.codes <seconds> <width>x<height>…`. It confines itself, then looks for
codes.
"""

import sys
from typing import BinaryIO, NamedTuple

import zxingcpp
from PIL import Image

from adherents.inspection.rasteriser import PIXEL_BYTES
from adherents.inspection.rasteriser.confinement import confine
from adherents.reading.codes import BEGINS, CODE, MOST_BYTES, MOST_CODES, MOST_MEMORY

FORMATS = [zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.QRCode]
SAMPLE_SIDE = 40


def main(seconds: int, *sides: str) -> None:
    out: BinaryIO = sys.stdout.buffer
    _codes_on(
        b"\xff" * (SAMPLE_SIDE * SAMPLE_SIDE * PIXEL_BYTES), SAMPLE_SIDE, SAMPLE_SIDE
    )  # while files open
    confine(memory=MOST_MEMORY, seconds=seconds, with_parent=True)
    said = 0
    for number, (width, height) in enumerate((map(int, side.split("x")) for side in sides), start=1):
        pixels = sys.stdin.buffer.read(width * height * PIXEL_BYTES)
        for code in _codes_on(pixels, width, height):
            if said < MOST_CODES and len(code.said) <= MOST_BYTES:
                out.write(b"C" + CODE.pack(number, len(code.said), *code.corners) + code.said)
                said += 1
    out.write(b"Z")
    out.flush()


class Seen(NamedTuple):
    """What a code says, and across and down of each of its corners."""

    said: bytes
    corners: tuple[int, ...]


def _codes_on(pixels: bytes, width: int, height: int) -> list[Seen]:
    """What codes say, byte by byte: their text would have lost the separators. A page on which no 2D-Doc is found is looked at
    once more at twice its size: there modules of less than two pixels are told apart.
    """
    image = Image.frombuffer("RGBX", (width, height), pixels).convert("L")
    found = _seen(image)
    if not any(one.said.startswith(BEGINS) for one in found):
        found += _seen(image.resize((2 * width, 2 * height), Image.Resampling.BILINEAR), times=2)
    first: dict[bytes, Seen] = {}
    for one in found:
        first.setdefault(one.said, one)
    return list(first.values())


def _seen(image: Image.Image, *, times: int = 1) -> list[Seen]:
    """`times`: how much larger than the page the picture is."""
    found = zxingcpp.read_barcodes(image, formats=FORMATS)  # type: ignore[arg-type]
    return [Seen(one.bytes, _corners(one.position, image, times)) for one in found if one.valid]


def _corners(position: "zxingcpp.Position", image: Image.Image, times: int) -> tuple[int, ...]:
    corners = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    places = (
        (corner.x, image.width) if across else (corner.y, image.height)
        for corner in corners
        for across in (True, False)
    )
    return tuple(min(max(place, 0), side) // times for place, side in places)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
