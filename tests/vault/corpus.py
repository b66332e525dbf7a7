"""The corpus: each kind of paper that members really send, how to make it, and what each of its pages shows."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from tests.vault.papers import (
    AVIF,
    COLOURS,
    GREYS,
    HEIC,
    JPEG,
    PDF,
    PNG,
    SCENE,
    SHADES,
    SIZE,
    TIFF,
    WEBP,
    WHITE,
    avif_of_any_image,
    chunk,
    deep,
    exif_of,
    filled_form,
    heic,
    heic_grey,
    heic_of_pages,
    heic_turned_by_exif_alone,
    held,
    jpeg_of_megabytes,
    jpeg_turned_by_xmp,
    jpeg_whose_index_lies,
    pdf_changed_since,
    pdf_for_nobody_in_particular,
    pdf_of_scene,
    pdf_turned,
    pdf_with_a_page,
    png,
    png_grey_16,
    png_interlaced,
    png_rows,
    png_see_through,
    png_turned_at_its_end,
    quarters,
    saved,
    shades,
    tiff,
    tiff_lab,
    tiff_of_pages,
    tiff_with_preview,
    with_attachment,
    written,
)


@dataclass(frozen=True)
class Paper:
    """A file, how to make it, and what each of its pages shows."""

    content_type: str
    make: Callable[[], bytes]
    shows: list[Image.Image]


def one(content_type: str, make: Callable[[], bytes], *shows: Image.Image) -> Paper:
    return Paper(content_type, make, list(shows) or [SCENE])


SEEN_THROUGH = quarters("RGB", [*COLOURS[:3], WHITE])
GREY_SEEN_THROUGH = quarters("L", [255, *SHADES[1:]])
PAPERS: dict[str, Paper] = {}
for way in range(1, 9):
    PAPERS |= {
        f"JPEG held {way}": one(JPEG, lambda way=way: saved(held(way), "JPEG", exif=exif_of(way))),
        f"PNG held {way}": one(PNG, lambda way=way: saved(held(way), "PNG", exif=exif_of(way))),
        f"WebP held {way}": one(WEBP, lambda way=way: saved(held(way), "WEBP", exif=exif_of(way))),
        f"TIFF held {way}": one(TIFF, lambda way=way: saved(held(way), "TIFF", tiffinfo={0x0112: way})),
        f"TIFF held {way}, compressed": one(
            TIFF,
            lambda way=way: saved(
                held(way), "TIFF", tiffinfo={0x0112: way}, compression="tiff_adobe_deflate"
            ),
        ),
        f"HEIC held {way}": one(HEIC, lambda way=way: heic(held(way), way)),
        f"AVIF held {way}": one(
            AVIF, lambda way=way: saved(held(way), "AVIF", exif=exif_of(way), quality=90)
        ),
    }
PAPERS |= {
    "JPEG, progressive": one(JPEG, lambda: saved(SCENE, "JPEG", progressive=True)),
    "JPEG, grey": one(JPEG, lambda: saved(GREYS, "JPEG"), GREYS),
    "JPEG, CMYK": one(JPEG, lambda: saved(SCENE.convert("CMYK"), "JPEG")),
    "JPEG of several pictures": one(
        JPEG, lambda: saved(SCENE, "MPO", save_all=True, append_images=[GREYS.convert("RGB")])
    ),
    "JPEG of several pictures whose index lies": one(JPEG, jpeg_whose_index_lies),
    "JPEG with megabytes before its size": one(JPEG, jpeg_of_megabytes),
    "JPEG that only XMP says to turn": one(JPEG, jpeg_turned_by_xmp),
    "PNG, interlaced": one(PNG, png_interlaced),
    "PNG turned at its end": one(PNG, png_turned_at_its_end),
    "PNG with much behind its end": one(PNG, lambda: saved(SCENE, "PNG") + bytes(100_000)),
    "PNG, palette": one(PNG, lambda: saved(SCENE.quantize(16), "PNG")),
    "PNG, see-through": one(PNG, png_see_through, SEEN_THROUGH),
    "PNG, grey of 16 bits": one(PNG, png_grey_16, GREYS),
    "PNG, grey of 16 bits, one value see-through": one(
        PNG, lambda: png_grey_16(chunk(b"tRNS", struct.pack(">H", shades(65_535)[0]))), GREY_SEEN_THROUGH
    ),
    "PNG, colours of 16 bits": one(
        PNG,
        lambda: png(
            16, 2, png_rows(b"".join(bytes([value, value]) for value in SCENE.tobytes()), SIZE[0] * 6)
        ),
    ),
    "PNG of one bit": one(
        PNG, lambda: saved(quarters("1", [0, 1, 1, 0]), "PNG"), quarters("L", [0, 255, 255, 0])
    ),
    "WebP, lossless": one(WEBP, lambda: saved(SCENE, "WEBP", lossless=True)),
    "WebP that moves": one(
        WEBP, lambda: saved(SCENE, "WEBP", save_all=True, append_images=[GREYS.convert("RGB")])
    ),
    "TIFF of several pages": one(TIFF, tiff_of_pages, SCENE, SCENE, SCENE),
    "TIFF with a preview": one(TIFF, tiff_with_preview),
    "TIFF, fax": one(
        TIFF,
        lambda: saved(quarters("1", [0, 1, 1, 0]), "TIFF", compression="group4"),
        quarters("L", [0, 255, 255, 0]),
    ),
    "TIFF, JPEG inside": one(TIFF, lambda: saved(SCENE, "TIFF", compression="jpeg", quality=90)),
    "TIFF, CMYK": one(TIFF, lambda: saved(SCENE.convert("CMYK"), "TIFF")),
    "TIFF, Lab": one(TIFF, tiff_lab),
    "TIFF, palette": one(TIFF, lambda: saved(SCENE.quantize(16), "TIFF")),
    "TIFF, grey of 16 bits": one(TIFF, lambda: tiff(deep(shades(65_535)), 16), GREYS),
    "TIFF, grey of 16 bits, big end first": one(
        TIFF, lambda: tiff(deep(shades(65_535), ">H"), 16, order=">"), GREYS
    ),
    "TIFF, grey of 16 bits, of which 12 are used": one(TIFF, lambda: tiff(deep(shades(4_095)), 16), GREYS),
    "TIFF, grey of 16 bits, white first": one(
        TIFF, lambda: tiff(deep([65_535 - value for value in shades(65_535)]), 16, photometric=0), GREYS
    ),
    "TIFF, grey with a sign": one(
        TIFF, lambda: tiff(deep(shades(32_767), "<h"), 16, format_=2), GREYS.point(lambda value: value // 2)
    ),
    "TIFF, floating grey up to one": one(
        TIFF,
        lambda: tiff(deep([shade / 255 for shade in SHADES], "<f"), 32, format_=3),  # type: ignore[misc]
        GREYS,
    ),
    "TIFF, floating grey, big end first": one(
        TIFF,
        lambda: tiff(deep(shades(65_535), ">f"), 32, format_=3, order=">"),
        GREYS,
    ),
    "HEIC that only EXIF says to turn": one(HEIC, heic_turned_by_exif_alone),
    "HEIC of several pictures, the first the main one": one(
        HEIC, lambda: heic_of_pages(0), SCENE, held(3), SCENE
    ),
    "HEIC of several pictures, the second the main one": one(
        HEIC, lambda: heic_of_pages(1), SCENE, held(3), SCENE
    ),
    "HEIC of several pictures, the last the main one": one(
        HEIC, lambda: heic_of_pages(2), SCENE, held(3), SCENE
    ),
    "HEIC in tiles": one(HEIC, lambda: heic(SCENE.copy(), tile_size=128)),
    "HEIC, grey of 10 bits": one(HEIC, lambda: heic_grey(False), GREYS),
    "HEIC, grey of 12 bits": one(HEIC, lambda: heic_grey(True), GREYS),
    "AVIF that calls itself an image": one(AVIF, avif_of_any_image),
    "AVIF that moves": one(
        AVIF, lambda: saved(SCENE, "AVIF", save_all=True, append_images=[GREYS.convert("RGB")])
    ),
    "PDF turned by 90": one(PDF, lambda: pdf_turned(90)),
    "PDF turned by 180": one(PDF, lambda: pdf_turned(180)),
    "PDF turned by 270": one(PDF, lambda: pdf_turned(270)),
    "PDF far from its origin": one(PDF, lambda: written(pdf_of_scene(box=[-400, 700, -100, 900]))),
    "PDF whose box is upside down": one(PDF, lambda: written(pdf_of_scene(box=[300, 200, 0, 0]))),
    "PDF whose box is cut": one(
        PDF, lambda: written(pdf_of_scene(crop=[0, 100, 150, 200])), Image.new("RGB", (150, 100), COLOURS[0])
    ),
    "PDF that no password locks": one(PDF, pdf_for_nobody_in_particular),
    "PDF with much behind its end": one(PDF, lambda: written(pdf_of_scene()) + b"\0" * 100_000),
    "PDF with a mail behind its end": one(PDF, lambda: written(pdf_of_scene()) + b"\r\n--part--\r\n" * 9_000),
    "PDF changed since": one(PDF, pdf_changed_since),
    "PDF made for the web": one(PDF, lambda: written(pdf_of_scene(pages=2), linearize=True), SCENE, SCENE),
    "PDF with a page without surface": one(
        PDF, lambda: pdf_with_a_page("without surface"), SCENE, Image.new("RGB", (1240, 1754), WHITE), SCENE
    ),
    "PDF with a page that is none": one(
        PDF, lambda: pdf_with_a_page("none"), SCENE, Image.new("RGB", (1240, 1754), WHITE), SCENE
    ),
    "PDF with a static form": one(PDF, filled_form),
    "PDF that carries a file": one(PDF, lambda: with_attachment(portfolio=False)),
}
