"""Photos as the pages of one PDF. Only what the portal itself encoded, from pixels, comes here: no EXIF, no place, no time."""

import io
from typing import Any, BinaryIO, Protocol, cast

import pikepdf

SHORT, LONG = 595.28, 841.89  # A4, in points


class Sink(Protocol):
    def write(self, chunk: bytes) -> object: ...


class Album:
    """`add` JPEGs in the order of their pages, then `write` the PDF. The same JPEGs give the same bytes."""

    def __init__(self) -> None:
        self._pdf = pikepdf.new()

    def add(self, jpeg: bytes, width: int, height: int) -> None:
        """One A4 page, lying where the picture is wider than high, and the picture as large on it as it can be."""
        page_width, page_height = (LONG, SHORT) if width > height else (SHORT, LONG)
        scale = min(page_width / width, page_height / height)
        drawn_width, drawn_height = width * scale, height * scale
        left, bottom = (page_width - drawn_width) / 2, (page_height - drawn_height) / 2
        page = self._pdf.add_blank_page(page_size=(page_width, page_height))
        picture = pikepdf.Stream(
            self._pdf,
            jpeg,
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=width,
            Height=height,
            ColorSpace=pikepdf.Name.DeviceRGB,
            BitsPerComponent=8,
            Filter=pikepdf.Name.DCTDecode,
        )
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Photo=picture))
        place = f"q {drawn_width:.3f} 0 0 {drawn_height:.3f} {left:.3f} {bottom:.3f} cm /Photo Do Q"
        page.obj.Contents = pikepdf.Stream(self._pdf, place.encode())

    def write(self, sink: Sink) -> None:
        """Whatever `sink` raises comes out of here."""
        self._pdf.save(cast(BinaryIO, _Writing(sink)), min_version="1.4", deterministic_id=True)


class _Writing(io.RawIOBase):
    """What pikepdf writes to: it asks for a whole file, and only ever writes."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def writable(self) -> bool:
        return True

    def write(self, chunk: Any) -> int:
        octets = bytes(chunk)
        self._sink.write(octets)
        return len(octets)
