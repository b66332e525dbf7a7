"""Files made to harm the program that opens them, each built here. Each holds its own trick and nothing else."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterable

import pikepdf
from PIL import Image

from tests.vault.conftest import pdf, picture

HTML = b"<!DOCTYPE html><html><body><script>alert(document.cookie)</script></body></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>'
SIDE = 60_000


def raw_pdf(objects: Iterable[bytes], *, root: int = 1, startxref: int | None = None) -> bytes:
    """A PDF of these objects, numbered from 1, with a right table of places."""
    written, places = io.BytesIO(), []
    written.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    for number, content in enumerate(objects, start=1):
        places.append(written.tell())
        written.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    table = written.tell()
    written.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
    written.writelines(b"%010d 00000 n \n" % place for place in places)
    written.write(b"trailer\n<< /Size %d /Root %d 0 R >>\n" % (len(places) + 1, root))
    written.write(b"startxref\n%d\n%%%%EOF\n" % (table if startxref is None else startxref))
    return written.getvalue()


def _stream(content: bytes, more: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), more, content)


CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
ONE_PAGE = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"


def page(more: bytes = b"", box: bytes = b"[0 0 595 842]") -> bytes:
    return b"<< /Type /Page /Parent 2 0 R /MediaBox %s %s >>" % (box, more)


def with_catalog(more: bytes, *others: bytes) -> bytes:
    return raw_pdf([b"<< /Type /Catalog /Pages 2 0 R %s >>" % more, ONE_PAGE, page(), *others])


def with_script() -> bytes:
    return with_catalog(
        b"/OpenAction 4 0 R /Names << /JavaScript << /Names [(x) 4 0 R] >> >>",
        b"<< /S /JavaScript /JS (while (true) { app.alert\\('x'\\); this.exportDataObject\\({nLaunch: 2}\\); }) >>",
    )


def with_launch() -> bytes:
    return with_catalog(b"/OpenAction << /S /Launch /F (/bin/sh) /Win << /F (cmd.exe) /P (/c calc) >> >>")


def with_attachments(count: int = 300) -> bytes:
    document = pikepdf.Pdf.open(io.BytesIO(pdf()))
    for number in range(count):
        document.attachments[f"{number}.exe"] = b"MZ" + bytes(1000)
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def with_remote() -> bytes:
    return with_catalog(
        b"/OpenAction << /S /URI /URI (http://127.0.0.1:9/) >> /AA << /WC << /S /GoToR /F (//h/x) >> >>"
    )


def endless_pages() -> bytes:
    """A tree of pages that is its own child."""
    return raw_pdf([CATALOG, b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 1000000 >>", page()])


def announced_pages(count: int = 2_000_000_000) -> bytes:
    return raw_pdf([CATALOG, b"<< /Type /Pages /Kids [3 0 R] /Count %d >>" % count, page()])


def many_pages(count: int = 10_000) -> bytes:
    kids = b" ".join(b"%d 0 R" % number for number in range(3, count + 3))
    tree = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count)
    return raw_pdf([CATALOG, tree, *[page()] * count])


def giant_box(side: int = 10**9) -> bytes:
    return raw_pdf([CATALOG, ONE_PAGE, page(box=b"[0 0 %d %d]" % (side, side))])


def thin_box() -> bytes:
    return raw_pdf([CATALOG, ONE_PAGE, page(box=b"[0 0 1000000000 0.0001]")])


def mad_boxes() -> bytes:
    return raw_pdf([CATALOG, ONE_PAGE, page(b"/UserUnit 1e30", b"[1e38 -1e38 -1e38 1e39]")])


def deep_nesting(depth: int = 200_000) -> bytes:
    return raw_pdf([CATALOG, ONE_PAGE, page(b"/X " + b"[" * depth + b"]" * depth)])


def deep_dictionaries(depth: int = 100_000) -> bytes:
    return raw_pdf([CATALOG, ONE_PAGE, page(b"/X " + b"<</X " * depth + b"0" + b">>" * depth)])


def deep_graphics(depth: int = 1_000_000) -> bytes:
    return raw_pdf([CATALOG, ONE_PAGE, page(b"/Contents 4 0 R"), _stream(b"q " * depth)])


def forms_of_forms(levels: int = 30) -> bytes:
    """Each form draws the next one twice: two to the thirtieth drawings, in three kilobytes."""
    forms = [
        _stream(
            b"/N Do /N Do 0 0 10 10 re f",
            b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /XObject << /N %d 0 R >> >>"
            % (min(level + 1, levels) + 4),
        )
        for level in range(levels + 1)
    ]
    resources = b"/Contents 4 0 R /Resources << /XObject << /N 5 0 R >> >>"
    return raw_pdf([CATALOG, ONE_PAGE, page(resources), _stream(b"/N Do"), *forms])


def compressed(megabytes: int, letter: bytes = b"\0") -> bytes:
    """This number of megabytes of one letter, deflated: one megabyte is deflated, and its block is repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(letter * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = _adler32_of_one_letter(letter[0], megabytes << 20)
    return b"\x78\xda" + block * megabytes + b"\x03\0" + struct.pack(">I", checksum)


def _adler32_of_one_letter(letter: int, count: int) -> int:
    """What `zlib.adler32` says of one letter `count` times, without reading gigabytes of it (RFC 1950)."""
    low = (1 + count * letter) % 65521
    high = (count + letter * count * (count + 1) // 2) % 65521
    return high << 16 | low


def stream_bomb(megabytes: int = 4096) -> bytes:
    content = _stream(compressed(megabytes, b" "), b"/Filter /FlateDecode")
    return raw_pdf([CATALOG, ONE_PAGE, page(b"/Contents 4 0 R"), content])


def doubled_stream_bomb() -> bytes:
    """Deflated twice: 20 kilobytes for gigabytes."""
    content = _stream(zlib.compress(compressed(4096, b" "), 9), b"/Filter [/FlateDecode /FlateDecode]")
    return raw_pdf([CATALOG, ONE_PAGE, page(b"/Contents 4 0 R"), content])


def endless_dashes() -> bytes:
    """One line, of a million million dashes."""
    content = _stream(b"[0.0000001 0.0000001] 0 d 0 0 m 595 842 l S " * 50)
    return raw_pdf([CATALOG, ONE_PAGE, page(b"/Contents 4 0 R"), content])


def endless_tiles() -> bytes:
    pattern = _stream(
        b"0 0 1 1 re f",
        b"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 1 1] /XStep 0.0001 /YStep 0.0001 /Resources << >>",
    )
    drawn = b"/Contents 4 0 R /Resources << /Pattern << /P 5 0 R >> >>"
    content = _stream(b"/Pattern cs /P scn 0 0 595 842 re f " * 50)
    return raw_pdf([CATALOG, ONE_PAGE, page(drawn), content, pattern])


def slow_pages() -> bytes:
    """Fifty pages, each with a million transparent layers over all of it."""
    content = _stream(
        zlib.compress(b"/G gs 0 0 m 0 842 595 0 595 842 c 300 0 0 300 0 0 c h f " * 100_000),
        b"/Filter /FlateDecode",
    )
    kids = b" ".join(b"%d 0 R" % number for number in range(4, 54))
    tree = b"<< /Type /Pages /Kids [%s] /Count 50 >>" % kids
    drawn = b"/Contents 3 0 R /Resources << /ExtGState << /G << /ca 0.5 /BM /Luminosity >> >> >>"
    return raw_pdf([CATALOG, tree, content, *[page(drawn)] * 50])


def image_in_pdf_bomb(side: int = SIDE) -> bytes:
    image = _stream(
        compressed(64),
        b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8 "
        b"/Filter /FlateDecode" % (side, side),
    )
    drawn = b"/Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >>"
    return raw_pdf([CATALOG, ONE_PAGE, page(drawn), _stream(b"500 0 0 500 0 0 cm /I Do"), image])


def broken_table() -> bytes:
    return pdf().replace(b"xref\n0", b"xref\n9")[:-40] + b"startxref\n99999999\n%%EOF\n"


def table_of_itself() -> bytes:
    """Its table of places says that the one before it is itself."""
    made = raw_pdf([CATALOG, ONE_PAGE, page()])
    return made.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %d" % made.rindex(b"xref\n0"))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb(side: int = SIDE) -> bytes:
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    data = compressed(64)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def png_text_bomb() -> bytes:
    """A small picture with gigabytes of compressed words beside it."""
    small = picture("PNG", (40, 40))
    words = _chunk(b"zTXt", b"Comment\0\0" + compressed(2048, b"x"))
    profile = _chunk(b"iCCP", b"x\0\0" + compressed(512))
    return small[:33] + words + profile + small[33:]


def jpeg_bomb(side: int = SIDE) -> bytes:
    small = picture("JPEG", (40, 20))
    return small.replace(struct.pack(">HH", 20, 40), struct.pack(">HH", side, side))


def jpeg_of_many_scans(scans: int = 2000) -> bytes:
    """A progressive photo of sixteen megapixels whose last scan comes again and again."""
    written = io.BytesIO()
    Image.new("RGB", (4000, 4000), "gray").save(written, "JPEG", progressive=True)
    made = written.getvalue()
    last = made.rindex(b"\xff\xda")
    return made[:-2] + made[last:-2] * scans + made[-2:]


def webp_bomb() -> bytes:
    """Its container announces a small picture, the frame in it 268 million pixels."""
    small = picture("WEBP", (40, 20))
    at = small.index(b"\x9d\x01\x2a") + 3
    return small[:at] + struct.pack("<HH", 16383, 16383) + small[at + 4 :]


def tiff_bomb(side: int = SIDE) -> bytes:
    return _tiff(side, side, compressed(16), compression=8)


def _tiff(width: int, height: int, strip: bytes, compression: int) -> bytes:
    tags = [
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, compression), (262, 3, 1, 1),
        (273, 4, 1, 8 + 2 + 9 * 12 + 4), (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, len(strip)),
    ]  # fmt: skip
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<I", 8) + directory + struct.pack("<I", 0) + strip


def endless_tiff() -> bytes:
    """Its first image names itself as the next one."""
    made = bytearray(_tiff(4, 4, bytes(16), compression=1))
    struct.pack_into("<I", made, 8 + 2 + 9 * 12, 8)
    return bytes(made)


def heic_bomb(side: int = SIDE) -> bytes:
    """A photo whose container announces another size than it has (the `ispe` box)."""
    small = picture("HEIF", (64, 64))
    return small.replace(
        b"ispe" + bytes(4) + struct.pack(">II", 64, 64), b"ispe" + bytes(4) + struct.pack(">II", side, side)
    )


def lossless_webp_bomb() -> bytes:
    """16383 x 16383 pixels announced by a lossless WebP of a few bytes."""
    written = io.BytesIO()
    Image.new("RGB", (40, 20)).save(written, "WEBP", lossless=True)
    made = bytearray(written.getvalue())
    struct.pack_into("<I", made, 21, 16382 | 16382 << 14)
    return bytes(made)


def zipped(**files: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return written.getvalue()


def docx() -> bytes:
    return zipped(**{"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w:document/>"})


def program() -> bytes:
    return b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + bytes(500)


def noise(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)
