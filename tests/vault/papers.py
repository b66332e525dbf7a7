"""The papers that members really send, one file a kind, each made here and each showing the same scene.

A program that draws one right shows `SCENE`: red, green, blue and dark from the top left to the bottom right, on a page that is
wider than high. `GREYS` is the same in grey.
"""

import io
import random
import struct
import zlib
from pathlib import Path
from typing import Any

import pikepdf
import pillow_heif
from PIL import Image, ImageCms

INPUTS = Path(__file__).parent / "inputs"
JPEG, PNG, WEBP, TIFF = "image/jpeg", "image/png", "image/webp", "image/tiff"
HEIC, AVIF, PDF = "image/heic", "image/avif", "application/pdf"
SIZE = (300, 200)
WHITE = (255, 255, 255)
TURNED_AWAY = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def quarters(mode: str, values: list[Any], size: tuple[int, int] = SIZE) -> Image.Image:
    image = Image.new(mode, size, values[0])
    width, height = size[0] // 2, size[1] // 2
    image.paste(values[1], (width, 0, size[0], height))
    image.paste(values[2], (0, height, width, size[1]))
    image.paste(values[3], (width, height, *size))
    return image


COLOURS = [(230, 40, 40), (40, 200, 60), (40, 60, 220), (30, 30, 30)]
SHADES = [30, 100, 170, 240]
SCENE = quarters("RGB", COLOURS)
GREYS = quarters("L", SHADES)


def held(orientation: int, scene: Image.Image = SCENE) -> Image.Image:
    """The scene as the sensor sees it when the phone is held so."""
    method = TURNED_AWAY[orientation]
    return scene.copy() if method is None else scene.transpose(method)


def exif_of(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    written = io.BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def deep(values: list[int], code: str = "<H") -> bytes:
    """Four quarters of samples of more than eight bits, row by row."""
    rows = []
    for left, right in (values[:2], values[2:]):
        row = struct.pack(code, left) * (SIZE[0] // 2) + struct.pack(code, right) * (SIZE[0] // 2)
        rows += [row] * (SIZE[1] // 2)
    return b"".join(rows)


def shades(most: int) -> list[int]:
    return [round(shade * most / 255) for shade in SHADES]


# JPEG


def with_segments(photo: bytes, *segments: tuple[int, bytes]) -> bytes:
    """The photo with these before all that it holds, each cut in pieces of 64 kB."""
    written = [photo[:2]]
    for marker, content in segments:
        for at in range(0, len(content), 65_000):
            piece = content[at : at + 65_000]
            written.append(struct.pack(">BBH", 0xFF, marker, len(piece) + 2) + piece)
    return b"".join([*written, photo[2:]])


def jpeg_of_megabytes() -> bytes:
    """Profiles, thermal data and a depth map before the size: five megabytes of them."""
    return with_segments(
        saved(SCENE, "JPEG", quality=90),
        (0xE2, b"MPF-like depth" * 150_000),
        (0xED, b"Photoshop 3.0\0" + bytes(2_000_000)),
        (0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(1_000_000)),
    )


def jpeg_whose_index_lies() -> bytes:
    """Several pictures whose index says that they stand where nothing does."""
    return saved(SCENE, "MPO", save_all=True, append_images=[GREYS.convert("RGB")])[:-1500]


def jpeg_turned_by_xmp() -> bytes:
    words = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    return with_segments(saved(held(6), "JPEG"), (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + words))


# PNG


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(bits: int, colour: int, rows: bytes, *more: bytes, interlaced: bool = False) -> bytes:
    header = struct.pack(">IIBBBBB", *SIZE, bits, colour, 0, 0, interlaced)
    body = [chunk(b"IHDR", header), *more, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def png_rows(data: bytes, width: int) -> bytes:
    return b"".join(b"\0" + data[at : at + width] for at in range(0, len(data), width))


def png_grey_16(*more: bytes) -> bytes:
    return png(16, 0, png_rows(deep(shades(65_535), ">H"), SIZE[0] * 2), *more)


def png_interlaced() -> bytes:
    pixels, rows = SCENE.load(), bytearray()
    assert pixels is not None
    for x, y, across, down in (
        (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)
    ):  # fmt: skip
        for row in range(y, SIZE[1], down):
            rows += b"\0" + b"".join(bytes(pixels[column, row]) for column in range(x, SIZE[0], across))  # type: ignore[arg-type]
    return png(8, 2, bytes(rows), interlaced=True)


def png_turned_at_its_end() -> bytes:
    """Its EXIF stands behind its pixels."""
    made = saved(held(6), "PNG")
    return made[:-12] + chunk(b"eXIf", exif_of(6)[6:]) + made[-12:]


def png_see_through() -> bytes:
    """Its quarter at the bottom right is transparent, over black."""
    scene = SCENE.convert("RGBA")
    scene.paste((0, 0, 0, 0), (150, 100, 300, 200))
    return saved(scene, "PNG")


# TIFF


def tiff(
    data: bytes, bits: int, *, order: str = "<", photometric: int = 1, samples: int = 1, format_: int = 1
) -> bytes:
    tags = [
        (256, SIZE[0]), (257, SIZE[1]), (258, bits), (259, 1), (262, photometric), (273, 8), (277, samples), (278, SIZE[1]),
        (279, len(data)), (339, format_),
    ]  # fmt: skip
    directory = struct.pack(order + "H", len(tags))
    for tag, value in tags:
        directory += struct.pack(order + "HHII", tag, 4, 1, value)
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "I", 8 + len(data)) + data + directory + bytes(4)


def tiff_of_pages() -> bytes:
    """Three pages, scanned each another way up."""
    pages = []
    for orientation in (1, 6, 3):
        page = held(orientation)
        exif = Image.Exif()
        exif[0x0112] = orientation
        page.encoderinfo = {"exif": exif}  # type: ignore[attr-defined]  # what Pillow asks for the later pages
        pages.append(page)
    written = io.BytesIO()
    pages[0].save(written, "TIFF", save_all=True, append_images=pages[1:], compression="tiff_lzw")
    return written.getvalue()


def tiff_with_preview() -> bytes:
    """The scan, then a smaller copy of it, which says that it is one."""
    from PIL import TiffImagePlugin

    written = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(written, True) as several:
        SCENE.save(several, "TIFF")
        several.newFrame()
        SCENE.resize((60, 40)).save(several, "TIFF", tiffinfo={254: 1})
    return written.getvalue()


def tiff_lab() -> bytes:
    lab = ImageCms.profileToProfile(
        SCENE, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert lab is not None
    return saved(lab, "TIFF")


# HEIC and AVIF


def heic(image: Image.Image, orientation: int = 1, **options: Any) -> bytes:
    """The encoder writes the turn into the container."""
    image.info["exif"] = exif_of(orientation)
    return saved(image, "HEIF", exif=exif_of(orientation), quality=90, **options)


def heic_turned_by_exif_alone() -> bytes:
    return saved(held(6), "HEIF", exif=exif_of(6), quality=90)


def heic_of_pages(primary: int) -> bytes:
    """The scene, the scene upside down, the scene: the main one is `primary`."""
    written = io.BytesIO()
    SCENE.copy().save(
        written,
        "HEIF",
        save_all=True,
        append_images=[held(3), SCENE.copy()],
        primary_index=primary,
        quality=90,
    )
    return written.getvalue()


def heic_grey(twelve: bool) -> bytes:
    before, pillow_heif.options.SAVE_HDR_TO_12_BIT = pillow_heif.options.SAVE_HDR_TO_12_BIT, twelve
    try:
        return saved(Image.frombytes("I;16", SIZE, deep(shades(65_535))), "HEIF", quality=90)
    finally:
        pillow_heif.options.SAVE_HDR_TO_12_BIT = before


def avif_of_any_image() -> bytes:
    """Its first brand says only that it is an image; the others, how it is encoded."""
    made = saved(SCENE, "AVIF", quality=90)
    return made.replace(b"ftypavif", b"ftypmif1", 1)


# PDF


def pdf_of_scene(
    *, box: list[float] | None = None, turn: int = 0, crop: list[float] | None = None, pages: int = 1
) -> pikepdf.Pdf:
    """A page of 300 x 200 points (or what `box` says) on which the scene lies, turned away from `turn`."""
    document = pikepdf.new()
    for _ in range(pages):
        box = box or [0, 0, *SIZE]
        scene = SCENE if not turn else SCENE.rotate(turn, expand=True)
        left, bottom = min(box[0], box[2]), min(box[1], box[3])
        width, height = abs(box[2] - box[0]), abs(box[3] - box[1])
        page = document.add_blank_page(page_size=(width, height))
        page.obj.MediaBox = pikepdf.Array(box)
        if crop:
            page.obj.CropBox = pikepdf.Array(crop)
        page.obj.Rotate = turn
        photo = pikepdf.Stream(
            document, scene.tobytes(), Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image,
            Width=scene.width, Height=scene.height, ColorSpace=pikepdf.Name.DeviceRGB, BitsPerComponent=8,
        )  # fmt: skip
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(P=photo))
        place = f"q {width} 0 0 {height} {left} {bottom} cm /P Do Q"
        page.obj.Contents = pikepdf.Stream(document, place.encode())
    return document


def written(document: pikepdf.Pdf, **options: Any) -> bytes:
    made = io.BytesIO()
    document.save(made, deterministic_id="encryption" not in options, **options)
    return made.getvalue()


def pdf_turned(turn: int) -> bytes:
    box = [0.0, 0.0, *SIZE] if turn % 180 == 0 else [0.0, 0.0, SIZE[1], SIZE[0]]
    return written(pdf_of_scene(box=box, turn=turn))


def pdf_for_nobody_in_particular() -> bytes:
    """Encrypted, and opened by no password at all."""
    return written(pdf_of_scene(), encryption=pikepdf.Encryption(owner="somebody", user=""))


def pdf_changed_since() -> bytes:
    """Something was added behind its end mark, with an end mark of its own."""
    first = written(pdf_of_scene())
    place, table = len(first), len(first) + 22
    start = int(first[first.rindex(b"startxref") + 9 :].split()[0])
    return (
        first
        + b"90 0 obj\n(x)\nendobj\n\n"
        + b"xref\n90 1\n%010d 00000 n \ntrailer\n<< /Size 91 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
        % (place, start, table)
    )


def pdf_with_a_page(which: str) -> bytes:
    """Three pages, of which the second one is wrong."""
    document = pdf_of_scene(pages=3)
    second = document.pages[1].obj
    if which == "without surface":
        second.CropBox = pikepdf.Array([5000, 5000, 6000, 6000])
    elif which == "blank":
        second.Contents = pikepdf.Stream(document, b"")
    else:
        document.Root.Pages.Kids[1] = pikepdf.Dictionary(Type=pikepdf.Name.Catalog)
    return written(document)


def please_wait(*, announced: bool) -> bytes:
    """A dynamic XFA form: what can be drawn of it is one sentence that asks to wait."""
    document = pdf_of_scene()
    form = pikepdf.Stream(document, b'<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"></xdp:xdp>')
    document.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array(), XFA=form)
    if announced:
        document.Root.NeedsRendering = True
    return written(document)


def filled_form() -> bytes:
    """A static XFA form: its page is drawn, with what was typed."""
    document = pdf_of_scene()
    field = document.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Tx, T=pikepdf.String("nom"),
            Rect=pikepdf.Array([0, 0, 1, 1]),
        )
    )  # fmt: skip
    document.pages[0].obj.Annots = pikepdf.Array([field])
    form = pikepdf.Stream(document, b'<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"></xdp:xdp>')
    document.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]), XFA=form)
    return written(document)


def with_attachment(*, portfolio: bool) -> bytes:
    """An invoice that carries its figures as XML; or a portfolio, whose one page is a cover."""
    document = pdf_of_scene()
    document.attachments["factur-x.xml"] = b"<invoice/>"
    if portfolio:
        document.Root.Collection = pikepdf.Dictionary(Type=pikepdf.Name.Collection, View=pikepdf.Name.D)
    return written(document, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def locked_by_certificate(handler: bytes = b"Adobe.PubSec", *, padding: int = 0) -> bytes:
    """`padding`: bytes before and behind what announces the lock."""
    document = pdf_of_scene()
    if padding:
        document.Root.Padding = pikepdf.Stream(document, random.Random(1).randbytes(padding))
    made = written(document, encryption=pikepdf.Encryption(owner="x", user="y", R=4)) + bytes(padding)
    return made.replace(b"/Filter /Standard", b"/Filter /" + handler)
