"""The drawers: a file's bytes in, its pages as red, green and blue pixels out. Runs in the confined process only."""

import io
from collections.abc import Iterator
from typing import NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image, ImageOps, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from adherents.vault.drawing import DOTS_PER_INCH, MOST_PAGES, MOST_SOURCE_PIXELS, Fault, bounded

FORMATS = {
    "image/jpeg": JpegImagePlugin.JpegImageFile.format,
    "image/png": PngImagePlugin.PngImageFile.format,
    "image/webp": WebPImagePlugin.WebPImageFile.format,
    "image/tiff": TiffImagePlugin.TiffImageFile.format,
    "image/heic": "HEIF",
}
SEVERAL_PAGES = {"image/tiff", "image/heic"}


class Picture(NamedTuple):
    """A drawn page: its size, and `PIXEL_BYTES` a pixel. Good until the next one is asked for."""

    width: int
    height: int
    pixels: bytes


Drawn = Iterator[Picture]


class CannotDraw(Exception):
    """The file will never be drawn: `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.name)
        self.fault = fault


def ready() -> None:
    """Load all that drawing most files needs."""
    Image.MAX_IMAGE_PIXELS = None  # our own bound, below, is told in words
    Image.preinit()


def ready_for(content_type: str) -> None:
    """Load what this kind of file needs besides, while files can still be opened."""
    if content_type == "image/heic":
        import pillow_heif  # as long to load as all the rest together

        pillow_heif.register_heif_opener(thumbnails=False)
        pillow_heif.options.DECODE_THREADS = 1


def pages_of(content_type: str, data: bytes) -> tuple[int, Drawn]:
    """How many pages the file has, and the first fifty of them, upright. Raises `CannotDraw`, at once or later."""
    return _pdf(data) if content_type == "application/pdf" else _picture(content_type, data)


def _pdf(data: bytes) -> tuple[int, Drawn]:
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        locked = getattr(error, "err_code", None) == pdfium_c.FPDF_ERR_PASSWORD
        raise CannotDraw(Fault.ENCRYPTED if locked else Fault.UNREADABLE) from error
    count = len(document)
    if count < 1:
        raise CannotDraw(Fault.UNREADABLE)
    if document.get_formtype() != pdfium_c.FORMTYPE_NONE:
        document.init_forms()  # what was typed into a form is drawn with it
    return count, _pdf_pages(document, min(count, MOST_PAGES))


def _pdf_pages(document: pdfium.PdfDocument, count: int) -> Drawn:
    for index in range(count):
        try:
            page = document[index]
            width, height = page.get_size()
            scale, _, _ = bounded(width, height, DOTS_PER_INCH / 72)
            bitmap = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=True)  # no padding: a copy less
            yield Picture(bitmap.width, bitmap.height, bitmap.buffer)
            bitmap.close()
            page.close()
        except (pdfium.PdfiumError, ValueError) as error:
            raise CannotDraw(Fault.UNREADABLE) from error


def _picture(content_type: str, data: bytes) -> tuple[int, Drawn]:
    try:
        picture = Image.open(io.BytesIO(data), formats=[FORMATS[content_type]])
    except MemoryError:
        raise
    except Exception as error:  # each decoder has its own errors: any of them means the same
        raise CannotDraw(Fault.UNREADABLE) from error
    count = getattr(picture, "n_frames", 1) if content_type in SEVERAL_PAGES else 1
    if content_type == "image/heic":
        # The decoder turns what the container says to turn. Where it says nothing, EXIF alone knows.
        turned = any(box in data[: 1 << 16] for box in (b"irot", b"imir"))
        orientation = 1 if turned else picture.info.get("original_orientation") or 1
        return count, _frames(picture, min(count, MOST_PAGES), orientation)
    return count, _frames(picture, min(count, MOST_PAGES))


def _frames(picture: Image.Image, count: int, orientation: int | None = None) -> Drawn:
    for index in range(count):
        try:
            if index:
                picture.seek(index)
            if picture.width * picture.height > MOST_SOURCE_PIXELS:
                raise CannotDraw(Fault.TOO_LARGE)
            _, *size = bounded(picture.width, picture.height)
            picture.draft("RGB", (size[0], size[1]))
            drawn = _upright(picture, (size[0], size[1]), orientation or picture.getexif().get(0x0112, 1))
            yield Picture(*drawn.size, drawn.tobytes("raw", "RGBX"))
        except (CannotDraw, MemoryError):
            raise
        except Exception as error:
            raise CannotDraw(Fault.UNREADABLE) from error


def _upright(picture: Image.Image, size: tuple[int, int], orientation: int) -> Image.Image:
    """Within `size`, turned, on white where it was transparent, and nothing but pixels."""
    picture.load()
    if picture.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in picture.info:
        seen = Image.new("RGBA", picture.size, "white")
        seen.alpha_composite(picture.convert("RGBA"))
        drawn = seen.convert("RGB")
    else:
        drawn = picture.convert("RGB")
    if drawn.size != size and drawn.width * drawn.height > size[0] * size[1]:
        drawn = drawn.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    bare = Image.new("RGB", drawn.size)
    bare.paste(drawn)
    if orientation in range(2, 9):
        bare.getexif()[0x0112] = orientation
        bare = ImageOps.exif_transpose(bare)
    return bare
