"""The drawers: a file's bytes in, its pages as red, green and blue pixels out. Runs in the confined process only."""

import ctypes
import io
from collections.abc import Callable, Iterator
from functools import partial

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image, ImageOps, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from adherents.vault.drawing import DOTS_PER_INCH, MOST_PAGES, MOST_SOURCE_PIXELS, SLOT_BYTES, Fault, bounded

FORMATS = {
    "image/jpeg": JpegImagePlugin.JpegImageFile.format,
    "image/png": PngImagePlugin.PngImageFile.format,
    "image/webp": WebPImagePlugin.WebPImageFile.format,
    "image/tiff": TiffImagePlugin.TiffImageFile.format,
    "image/heic": "HEIF",
}
SEVERAL_PAGES = {"image/tiff", "image/heic"}
Slot = ctypes.Array[ctypes.c_ubyte]  # SLOT_BYTES of them
FreeSlot = Callable[[], Slot]  # the next one, once it is free
Drawn = Iterator[tuple[int, int]]  # the size of each page, whose pixels are in its slot


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


def pages_of(content_type: str, data: bytes, free_slot: FreeSlot) -> tuple[int, Drawn]:
    """How many pages the file has, and the first fifty of them, upright, each in the slot that is next.

    Raises `CannotDraw`, at once or later.
    """
    if content_type == "application/pdf":
        return _pdf(data, free_slot)
    return _picture(content_type, data, free_slot)


def _pdf(data: bytes, free_slot: FreeSlot) -> tuple[int, Drawn]:
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
    return count, _pdf_pages(document, min(count, MOST_PAGES), free_slot)


def _pdf_pages(document: pdfium.PdfDocument, count: int, free_slot: FreeSlot) -> Drawn:
    for index in range(count):
        try:
            page = document[index]
            width, height = page.get_size()
            scale, _, _ = bounded(width, height, DOTS_PER_INCH / 72)
            into = partial(pdfium.PdfBitmap.new_native, buffer=free_slot())
            bitmap = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=True, bitmap_maker=into)
            yield bitmap.width, bitmap.height
            bitmap.close()
            page.close()
        except (pdfium.PdfiumError, ValueError) as error:
            raise CannotDraw(Fault.UNREADABLE) from error


def _picture(content_type: str, data: bytes, free_slot: FreeSlot) -> tuple[int, Drawn]:
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
        return count, _frames(picture, min(count, MOST_PAGES), free_slot, orientation)
    return count, _frames(picture, min(count, MOST_PAGES), free_slot)


def _frames(picture: Image.Image, count: int, free_slot: FreeSlot, orientation: int | None = None) -> Drawn:
    for index in range(count):
        try:
            if index:
                picture.seek(index)
            if picture.width * picture.height > MOST_SOURCE_PIXELS:
                raise CannotDraw(Fault.TOO_LARGE)
            _, *size = bounded(picture.width, picture.height)
            picture.draft("RGB", (size[0], size[1]))
            drawn = _upright(picture, (size[0], size[1]), orientation or picture.getexif().get(0x0112, 1))
            pixels = drawn.tobytes("raw", "RGBX")
            ctypes.memmove(free_slot(), pixels, min(len(pixels), SLOT_BYTES))
            yield drawn.size
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
