"""Photos and scans: their bytes in, upright red, green and blue pixels out. Runs in the confined process only.

The decoder is asked, and never the bytes: how a picture still has to be turned is what the decoder says once it has decoded
(the TIFF decoder turns by itself, so does the HEIC one), which of several pictures is the document is what the format says.
"""

import ctypes
import io
import math
from collections.abc import Callable, Iterator
from typing import Any

from PIL import (
    AvifImagePlugin,
    Image,
    ImageCms,
    ImageColor,
    ImageFile,
    ImageMath,
    ImagePalette,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from adherents.inspection.rasteriser import (
    MOST_PAGES,
    MOST_SOURCE_PIXELS,
    SLOT_BYTES,
    CannotDraw,
    Fault,
    bounded,
)

# Pillow loads these by itself in the middle of some decodings, when nothing can be opened any more.
LOADED_BEFORE = (ImageColor, ImagePalette)

Slot = ctypes.Array[ctypes.c_ubyte]  # SLOT_BYTES of them
FreeSlot = Callable[[], Slot]  # the next one, once it is free
Drawn = Iterator[tuple[int, int]]  # the size of each page, whose pixels are in its slot

# A decoder by its class: `Image.open` would look for another one in a JPEG that holds several pictures. The first of them is
# the photo; what follows is a depth map, a gain map or a preview.
DECODERS: dict[str, Callable[[io.BytesIO], ImageFile.ImageFile]] = {
    "image/jpeg": JpegImagePlugin.JpegImageFile,
    "image/png": PngImagePlugin.PngImageFile,
    "image/webp": WebPImagePlugin.WebPImageFile,
    "image/tiff": TiffImagePlugin.TiffImageFile,
    "image/avif": AvifImagePlugin.AvifImageFile,
}
HEIC = "image/heic"
SEVERAL_PAGES = {"image/tiff", HEIC}
ORIENTATION, SUBFILE_TYPE, PHOTOMETRIC = 0x0112, 0x00FE, 0x0106
WHITE_IS_ZERO = 0  # in a TIFF's photometric interpretation
REDUCED = 1  # in a TIFF's subfile type: a smaller copy of another of its pictures
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
DEEP_GREY = {"I;16", "I;16L", "I;16B", "I", "F"}
TRANSPARENT = {"RGBA", "LA", "PA", "La", "RGBa"}
# The values that are white, by the bits of a sample.
WHITES = [1, *(2**bits - 1 for bits in (8, 10, 12, 14, 16))]


def ready() -> None:
    """Load what Pillow would load by itself later, when nothing can be opened any more."""
    Image.MAX_IMAGE_PIXELS = None  # our own bound, below, gives an error in words
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # a thread is a process to the limits of this one


def ready_for_heic() -> None:
    import pillow_heif  # as long to load as all the rest together
    from pillow_heif.as_plugin import HeifImageFile

    pillow_heif.options.THUMBNAILS = False
    pillow_heif.options.DECODE_THREADS = 1
    DECODERS[HEIC] = HeifImageFile


def pictures_of(content_type: str, data: bytes, free_slot: FreeSlot) -> tuple[int, Drawn]:
    """How many pages the file has, and the first fifty of them, as `drawers.pages_of` gives them."""
    try:
        picture = DECODERS[content_type](io.BytesIO(data))
        frames = _frames(picture) if content_type in SEVERAL_PAGES else [0]
    except MemoryError:
        raise
    except Exception as error:  # each decoder has its own errors: any of them means the same
        raise CannotDraw(Fault.UNREADABLE) from error
    return len(frames), _drawn(picture, frames[:MOST_PAGES], free_slot)


def _frames(picture: ImageFile.ImageFile) -> list[int]:
    """The places of its pictures, in the file's order, without the smaller copies that a TIFF may hold."""
    everything = list(range(getattr(picture, "n_frames", 1)))
    if not isinstance(picture, TiffImagePlugin.TiffImageFile):
        return everything
    whole = []
    for place in everything:
        picture.seek(place)
        if not picture.tag_v2.get(SUBFILE_TYPE, 0) & REDUCED:
            whole.append(place)
    return whole or everything


def _drawn(picture: ImageFile.ImageFile, frames: list[int], free_slot: FreeSlot) -> Drawn:
    for place in frames:
        try:
            if picture.tell() != place:
                picture.seek(place)
            upright = _upright(picture)
            pixels = upright.tobytes("raw", "RGBX")
            ctypes.memmove(free_slot(), pixels, min(len(pixels), SLOT_BYTES))
            yield upright.size
        except (CannotDraw, MemoryError):
            raise
        except Exception as error:
            raise CannotDraw(Fault.UNREADABLE) from error


def _upright(picture: ImageFile.ImageFile) -> Image.Image:
    """Within the bounds of a page, turned, on white where it was transparent, and nothing but pixels."""
    if picture.width * picture.height > MOST_SOURCE_PIXELS:
        raise CannotDraw(Fault.TOO_LARGE)
    _, *size = bounded(picture.width, picture.height)
    picture.draft("RGB", (size[0], size[1]))
    left_by_heic = _left_by_heic(picture)
    picture.load()
    orientation = picture.getexif().get(ORIENTATION, 1) if left_by_heic is None else left_by_heic
    drawn = _in_colours(picture)
    method = UPRIGHT.get(orientation)
    return drawn if method is None else drawn.transpose(method)


def _left_by_heic(picture: Any) -> int | None:
    """How a HEIC still has to be turned once it is decoded; None for another kind, which says so in its EXIF.

    The decoder turns what the container says to turn (`irot`, `imir`, wherever they stand). Where it says nothing, EXIF alone
    knows. The plugin does not say what was turned, but the image beneath it does.
    """
    if picture.format != "HEIF":
        return None
    beneath = picture._heif_file[picture.tell()]._c_image
    if any(name in {"irot", "imir"} for name, *_ in beneath.transformations):
        return 1
    return picture.info.get("original_orientation") or 1


def _in_colours(picture: Image.Image) -> Image.Image:
    """As red, green and blue, no larger than a page may be."""
    if picture.mode in DEEP_GREY:
        return _deep_grey(picture)
    if picture.mode == "LAB":
        return _resized(_from_lab(picture))
    if picture.mode in TRANSPARENT or "transparency" in picture.info:
        seen = Image.new("RGBA", picture.size, "white")
        seen.alpha_composite(picture.convert("RGBA"))
        return _resized(seen.convert("RGB"))
    return _resized(picture.convert("RGB"))


def _resized(picture: Image.Image) -> Image.Image:
    scale, width, height = bounded(*picture.size)
    if scale == 1:
        return picture
    return picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _deep_grey(picture: Image.Image) -> Image.Image:
    """Grey of more than eight bits, on the scale that its own values are on: Pillow alone would cut them off at 255."""
    low, high = _extremes(picture)
    whites = [white for white in WHITES if white >= high]
    black, white = (0, whites[0]) if low >= 0 and whites else (low, max(high, low + 1))
    if (
        isinstance(picture, TiffImagePlugin.TiffImageFile)
        and picture.tag_v2.get(PHOTOMETRIC) == WHITE_IS_ZERO
    ):
        black, white = white, black
    scale = 255 / (white - black)
    scaled = _resized(picture.convert("F")).point(lambda value: value * scale + (0.5 - black * scale))
    grey = scaled.convert("L").convert("RGB")
    clear = picture.info.get("transparency")
    if isinstance(clear, int):
        mask = ImageMath.lambda_eval(lambda given: (given["grey"] == clear) * 255, grey=picture.convert("I"))
        grey.paste("white", mask=mask.convert("L").resize(grey.size))
    return grey


def _extremes(picture: Image.Image) -> tuple[float, float]:
    whole = picture.convert("I") if picture.mode == "I;16B" else picture
    low, high = (float(value) for value in whole.getextrema())  # type: ignore[arg-type]
    if not (math.isfinite(low) and math.isfinite(high)):
        raise CannotDraw(Fault.UNREADABLE)
    return low, high


def _from_lab(picture: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    seen = ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")
    assert seen is not None
    return seen
