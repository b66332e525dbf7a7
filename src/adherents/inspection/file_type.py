"""What a file is, by its content: its type, its pixels, and whether it is whole enough to be drawn.

Its first and last bytes are kept while the file passes, and looked at when it is over; nothing is decoded here. Drawing happens
elsewhere, in a process of its own (`drawing/`), which also says what the header alone does not.
"""

import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

import imagesize
import magic

HEAD_BYTES = 256 * 1024
TAIL_BYTES = 64 * 1024
MOST_PIXELS = 120_000_000  # the largest sensors of today's phones, and nothing that a bomb would need

PDF, JPEG, PNG, HEIC = "application/pdf", "image/jpeg", "image/png", "image/heic"
WEBP, TIFF, AVIF = "image/webp", "image/tiff", "image/avif"
PHOTOS = frozenset({JPEG, PNG, HEIC, WEBP, TIFF, AVIF})  # what can become a page of a gathered PDF
SHORT_NAMES = {
    PDF: "PDF",
    JPEG: "JPEG",
    PNG: "PNG",
    HEIC: "HEIC",
    WEBP: "WebP",
    TIFF: "TIFF",
    AVIF: "AVIF",
}
_AVIF_BRANDS = {b"avif", b"avis"}
_ANY_IMAGE = {b"mif1", b"msf1"}  # says nothing of how it is encoded
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_MAGIC_ALSO_SAYS = {
    HEIC: {
        "image/heif",
        "image/heic-sequence",
        "image/heif-sequence",
        "video/quicktime",
        "application/octet-stream",
    },
    AVIF: {"image/heif", "image/heif-sequence", "image/avif-sequence", "application/octet-stream"},
}
# In a PDF, « %%EOF » comes a few bytes after it.
_END_MARKS = {PDF: b"startxref", PNG: b"\0\0\0\0IEND"}
_AFTER_BYTES = 1024
# A PDF that was changed since goes on after its end mark, and ends with another one.
_GOES_ON = re.compile(rb"[\s\0]*(?:\d+\s+)?(?:%%EOF[\s\0]*)?(?:\d+\s+\d+\s+obj\b|xref\b|endstream\b)")
_LINEARIZED = re.compile(rb"/Linearized\b[^>]{0,200}?/L\s+(\d+)")
_NOTHING = {"application/octet-stream", "application/x-empty", "text/plain"}


class Unfit(Enum):
    """Why a file is not taken for what it says it is."""

    FORMAT = "format"
    CUT = "cut"
    TOO_MANY_PIXELS = "too_many_pixels"


@dataclass(frozen=True, slots=True)
class Sniffed:
    """The content type, or why the file is unfit."""

    content_type: str = ""
    unfit: Unfit | None = None


class Glimpse:
    """What is kept of a file while it passes: its first `HEAD_BYTES` and its last `TAIL_BYTES`."""

    def __init__(self) -> None:
        self.size = 0
        self.head, self.tail = bytearray(), b""

    def see(self, chunk: bytes) -> None:
        """Bytes in order, of any length."""
        self.tail = chunk[-TAIL_BYTES:] if len(chunk) >= TAIL_BYTES else (self.tail + chunk)[-TAIL_BYTES:]
        if len(self.head) < HEAD_BYTES:
            self.head += chunk[: HEAD_BYTES - len(self.head)]
        self.size += len(chunk)


def sniff(seen: Glimpse, *, accepted: frozenset[str], again: Callable[[], Iterable[bytes]]) -> Sniffed:
    """The type of a file that passed whole, or why it is unfit.

    `again` reads all of it once more: called only where no end mark stands in its last bytes.
    """
    head = bytes(seen.head)
    content_type = _signature(head)
    if content_type not in accepted or not _magic_agrees(content_type, head):
        return Sniffed(unfit=Unfit.FORMAT)
    if not _ends_well(content_type, seen, again):
        return Sniffed(unfit=Unfit.CUT)
    if content_type in {JPEG, PNG, WEBP}:
        size = _pixels(head)
        if size is None and content_type == JPEG and seen.size > HEAD_BYTES:
            # A phone may put a depth map or a profile of hundreds of kilobytes before the size: the decoder will tell.
            return Sniffed(content_type)
        if size is None:
            return Sniffed(unfit=Unfit.CUT)
        if size[0] * size[1] > MOST_PIXELS:
            return Sniffed(unfit=Unfit.TOO_MANY_PIXELS)
    return Sniffed(content_type)


def may_be(accepted: frozenset[str], head: bytes) -> bool:
    """Whether a file that begins so can be of an accepted type: what is not is refused at its first bytes."""
    return _signature(head) in accepted


def _signature(head: bytes) -> str:
    if b"%PDF-" in head[:1024]:
        return PDF
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head[4:8] == b"ftyp":
        brands = _brands(head)
        if brands & _AVIF_BRANDS and head[8:12] not in _HEIC_BRANDS - _ANY_IMAGE:
            return AVIF
        if brands & _HEIC_BRANDS:
            return HEIC
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[:4] in {b"II*\0", b"MM\0*"}:
        return TIFF
    return ""


def _brands(head: bytes) -> set[bytes]:
    end = min(int.from_bytes(head[:4], "big"), 256)
    listed = {head[at : at + 4] for at in range(16, end - 3, 4)}
    return {head[8:12]} | listed


def _magic_agrees(content_type: str, head: bytes) -> bool:
    """Does libmagic see the same? A file that is also something else (a page, a program) is refused."""
    if content_type == PDF:
        # Some scanners write a few bytes before the header: they must be nothing by themselves.
        before = head[: head.index(b"%PDF-")]
        return not before or (b"<" not in before and magic.from_buffer(before, mime=True) in _NOTHING)
    seen = magic.from_buffer(head[:4096], mime=True)
    return seen == content_type or seen in _MAGIC_ALSO_SAYS.get(content_type, set())


def _ends_well(content_type: str, seen: Glimpse, again: Callable[[], Iterable[bytes]]) -> bool:
    """Is its end there? Other bytes may follow it: programs, mail servers and scanners add some, at times many."""
    if content_type not in _END_MARKS:
        return True
    mark = _END_MARKS[content_type]
    after = _after_last(mark, [seen.tail])
    if after is None and seen.size > len(seen.tail):
        after = _after_last(mark, again())
    if after is None:
        return content_type == PDF and b"%%EOF" in seen.tail
    if content_type == PDF:
        if _GOES_ON.match(after):
            return False
        # One that is made for the web has an end mark near its beginning too, but says how long it is.
        stated_size = _LINEARIZED.search(seen.head[:2048])
        return stated_size is None or seen.size + _AFTER_BYTES >= int(stated_size[1])
    return True


def _after_last(mark: bytes, chunks: Iterable[bytes]) -> bytes | None:
    """The first bytes behind the last mark, which may stand across two chunks; None where there is no mark."""
    after, before = None, b""
    for chunk in chunks:
        searched = before + chunk
        at = searched.rfind(mark)
        if at >= 0:
            after = searched[at + len(mark) :][:_AFTER_BYTES]
        elif after is not None and len(after) < _AFTER_BYTES:
            after = (after + chunk)[:_AFTER_BYTES]
        before = searched[1 - len(mark) :]
    return after


def _pixels(head: bytes) -> tuple[int, int] | None:
    """Width and height as the header announces them, without decoding; None where the header is broken."""
    try:
        width, height = imagesize.get(io.BytesIO(head), exif_rotation=False)
    except ValueError:
        return None
    return (width, height) if width > 0 and height > 0 else None
