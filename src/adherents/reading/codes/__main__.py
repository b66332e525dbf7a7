"""The confined process: `python -I -m adherents.reading.codes <seconds> <width>x<height>…`. It confines itself, then looks for
codes.
"""

import sys
from typing import BinaryIO

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
            if said < MOST_CODES and len(code) <= MOST_BYTES:
                out.write(b"C" + CODE.pack(number, len(code)) + code)
                said += 1
    out.write(b"Z")
    out.flush()


def _codes_on(pixels: bytes, width: int, height: int) -> list[bytes]:
    """What codes say, byte by byte: their text would have lost the separators. A page on which no 2D-Doc is found is looked at
    once more at twice its size: there modules of less than two pixels are told apart.
    """
    image = Image.frombuffer("RGBX", (width, height), pixels).convert("L")
    found = _said(image)
    if not any(one.startswith(BEGINS) for one in found):
        found += _said(image.resize((2 * width, 2 * height), Image.Resampling.BILINEAR))
    return list(dict.fromkeys(found))


def _said(image: Image.Image) -> list[bytes]:
    found = zxingcpp.read_barcodes(image, formats=FORMATS)  # type: ignore[arg-type]
    return [one.bytes for one in found if one.valid]


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
