"""Each paper of the corpus is accepted, and drawn as it is: upright, whole, in its own colours, every page once.

The scene is the truth; where Chromium opens the kind, its decoders, which are none of ours, are asked too.
"""

import base64
import io
import json
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pillow_heif
import pypdfium2 as pdfium
import pytest
from PIL import Image
from playwright.sync_api import sync_playwright

from adherents.inspection.file_type import Glimpse, Sniffed, Unfit, sniff
from adherents.inspection.rasteriser import Fault
from adherents.inspection.rasteriser.process import CannotBeDrawn, Drawing
from adherents.insurer.treatment import FILE_TYPES
from adherents.members.models import Member
from adherents.storage.reading import clear_bytes
from adherents.vault.models import Document, SetAside, State
from adherents.vault.refusals import FileRefusal
from adherents.vault.services.receiving import RefusedFile, UploadBatch
from adherents.vault.services.rendition import draw_due
from adherents.vault.services.viewing import page_image
from tests.chromium import launch
from tests.vault import papers
from tests.vault.conftest import browser_of, deposited, send, upload
from tests.vault.corpus import PAPERS, Paper
from tests.vault.papers import AVIF, GREYS, HEIC, INPUTS, JPEG, PDF, PNG, SCENE, SIZE, WEBP

SMALL = (60, 40)
FAR = 14  # of 256, on average: what a lossy encoder and another decoder may differ by
pytestmark = pytest.mark.any_database
every_paper = pytest.mark.parametrize("paper", PAPERS.values(), ids=PAPERS.keys())


def in_pieces(content: bytes, piece: int) -> Iterator[bytes]:
    return (content[at : at + piece] for at in range(0, len(content), piece))


def judged(
    content: bytes, piece: int = 1 << 16, *, accepted: frozenset[str] = frozenset(FILE_TYPES)
) -> Sniffed:
    """What is said of a file that comes in pieces of this number of bytes."""
    seen = Glimpse()
    for chunk in in_pieces(content, piece):
        seen.see(chunk)
    return sniff(seen, accepted=accepted, again=partial(in_pieces, content, piece))


def drawn(content_type: str, content: bytes) -> list[Image.Image]:
    """Every page, by the confined process."""
    images = []
    with Drawing(content_type, len(content)) as drawing:
        drawing.feed([content])
        for page in drawing.pages():
            pixels = bytes(page.pixels)
            page.done()
            images.append(Image.frombytes("RGBX", (page.width, page.height), pixels).convert("RGB"))
    return images


def apart(first: Image.Image, other: Image.Image) -> float:
    """How far two pictures are from one another, on average, of 256."""
    small, other_small = (
        image.convert("RGB").resize(SMALL, Image.Resampling.BOX) for image in (first, other)
    )
    pairs = zip(small.tobytes(), other_small.tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / (SMALL[0] * SMALL[1] * 3)


def is_wider(image: Image.Image) -> bool:
    return image.width > image.height


@every_paper
def test_it_is_accepted_as_what_it_is(paper: Paper) -> None:
    content = paper.make()
    for piece in (1 << 16, 997):
        assert judged(content, piece) == Sniffed(paper.content_type)


@every_paper
def test_every_page_is_drawn_once_and_as_it_is(paper: Paper) -> None:
    pages = drawn(paper.content_type, paper.make())
    assert len(pages) == len(paper.shows)
    for page, scene in zip(pages, paper.shows, strict=True):
        assert is_wider(page) == is_wider(scene)
        assert apart(page, scene) < FAR
        if paper.content_type != PDF:
            assert page.size == scene.size


def test_a_plain_decoder_sees_the_same_as_we_do() -> None:
    """Chromium, of each kind that it opens."""
    shown = {name: paper for name, paper in PAPERS.items() if paper.content_type in {JPEG, PNG, WEBP, AVIF}}
    # Its own ways: it does not read XMP, nor an EXIF that comes too late, nor any EXIF of a WebP.
    aside = {"JPEG that only XMP says to turn", "PNG turned at its end"}
    aside |= {f"WebP held {way}" for way in range(2, 9)}
    shown = {name: paper for name, paper in shown.items() if name not in aside}
    script = """async ([address, width, height]) => {
      const image = new Image();
      image.src = address;
      await image.decode();
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
      const drawn = canvas.getContext("2d");
      drawn.fillStyle = "white";
      drawn.fillRect(0, 0, canvas.width, canvas.height);
      drawn.drawImage(image, 0, 0);
      return [canvas.width, canvas.height, canvas.toDataURL("image/png")];
    }"""
    far = {}
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page()
        for name, paper in shown.items():
            content = paper.make()
            address = f"data:{paper.content_type};base64,{base64.b64encode(content).decode()}"
            _, _, seen = page.evaluate(script, [address, *SMALL])
            theirs = Image.open(io.BytesIO(base64.b64decode(seen.partition(",")[2])))
            [ours] = drawn(paper.content_type, content)
            far[name] = apart(ours, theirs) if ours.size == theirs.size else 256
        browser.close()
    assert {name: distance for name, distance in far.items() if distance >= FAR} == {}


@pytest.mark.parametrize("name", [name for name, paper in PAPERS.items() if paper.content_type == HEIC])
def test_the_heic_library_alone_sees_the_same_as_we_do(name: str) -> None:
    """Without the plugin through which we draw: the same turns, and each picture once."""
    content = PAPERS[name].make()
    plain = pillow_heif.open_heif(io.BytesIO(content), convert_hdr_to_8bit=True)
    pages = drawn(HEIC, content)
    assert len(pages) == len(plain)
    for page, image in zip(pages, plain, strict=True):
        if "grey" in name or "only EXIF" in name:
            continue  # what it leaves to the program that shows it
        assert apart(page, image.to_pillow()) < FAR


def test_the_heic_library_says_what_it_turned() -> None:
    """What drawing relies on, and the library does not promise: `transformations` of the image beneath."""
    pillow_heif.register_heif_opener()
    for orientation in range(1, 9):
        image: Any = Image.open(io.BytesIO(papers.heic(papers.held(orientation), orientation)))
        transformations = [name for name, *_ in image._heif_file[0]._c_image.transformations]
        assert bool({"irot", "imir"}.intersection(transformations)) == (orientation != 1)
        assert image.info.get("original_orientation") in {orientation, None}
        assert image.size == SIZE


@pytest.mark.parametrize(
    ("name", "content_type", "size", "pages"),
    [
        ("heic-turn-told-at-the-end.heic", HEIC, (400, 600), 1),
        ("heic-primary1.heic", HEIC, (600, 400), 3),
        ("tiff-orientation-6.tif", papers.TIFF, (400, 600), 1),
        ("mpo.jpg", JPEG, (600, 400), 1),
        ("gray16.png", PNG, (600, 400), 1),
    ],
)
def test_what_members_sent_is_drawn(name: str, content_type: str, size: tuple[int, int], pages: int) -> None:
    """Files as phones and scanners wrote them."""
    content = (INPUTS / name).read_bytes()
    assert judged(content) == Sniffed(content_type)
    images = drawn(content_type, content)
    assert [image.size for image in images] == [size] * pages
    assert len({image.tobytes() for image in images}) == pages, "each of them once"
    for image in images:
        low, high = image.convert("L").getextrema()
        assert high - low > 60, "something is seen on it"


LATE = """
import ctypes, json, os, sys
from adherents.inspection.rasteriser import SLOT_BYTES, SLOTS, __main__ as drawing, drawers
late, begun = [], []
def watch(event, arguments):
    if begun and event in {"import", "open", "ctypes.dlopen"}:
        late.append([event, str(arguments[0])])
def confine(**limits):
    real(**limits)
    begun.append(True)
def draw(content_type, size, wanted):
    sys.addaudithook(watch)
    said, sys.stdout = open(os.dup(1), "w"), open(os.devnull, "w")
    drawing.main(lambda: slot, content_type, int(size), 60, wanted)
    said.write(json.dumps(late))
    said.flush()
real, drawing.confine = drawing.confine, confine
slot = (ctypes.c_ubyte * SLOT_BYTES)()
drawers.ready()
while line := drawing.next_order():
    child = os.fork()
    if not child:
        draw(*line.split())
        os._exit(0)
    os.waitpid(child, 0)
    os.write(1, b"\\n")
"""


@pytest.fixture(scope="module")
def ready_to_draw() -> Iterator[subprocess.Popen[bytes]]:
    """A process with the decoders loaded, as each drawing process has them; it draws each file in a fork."""
    command = [sys.executable, "-I", "-c", LATE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        yield running


UPRIGHT_OR_NOT = {name: paper for name, paper in PAPERS.items() if "held" not in name or "held 6" in name}


@pytest.mark.parametrize("paper", UPRIGHT_OR_NOT.values(), ids=UPRIGHT_OR_NOT.keys())
def test_nothing_is_loaded_once_nothing_can_be_opened(
    paper: Paper, ready_to_draw: subprocess.Popen[bytes]
) -> None:
    """A decoder that is loaded too late makes a document that no one can read."""
    content = paper.make()
    assert ready_to_draw.stdin
    assert ready_to_draw.stdout
    for wanted in ("draw", "unpack") if paper.content_type == PDF else ("draw",):
        ready_to_draw.stdin.write(f"{paper.content_type} {len(content)} {wanted}\n".encode() + content)
        ready_to_draw.stdin.flush()
        assert json.loads(ready_to_draw.stdout.readline()) == []


CANNOT = {
    "a dynamic form": (lambda: papers.please_wait(announced=True), Fault.FORM_ONLY),
    "a dynamic form that does not announce itself": (
        lambda: papers.please_wait(announced=False),
        Fault.FORM_ONLY,
    ),
    "a portfolio": (lambda: papers.with_attachment(portfolio=True), Fault.FORM_ONLY),
    "a PDF locked by a certificate": (papers.locked_by_certificate, Fault.LOCKED),
    "a PDF locked by a program's own way": (
        lambda: papers.locked_by_certificate(b"EBX_HANDLER"),
        Fault.LOCKED,
    ),
}


@pytest.mark.parametrize(("make", "fault"), CANNOT.values(), ids=CANNOT.keys())
def test_what_only_one_person_or_program_can_open_is_told_as_that(make: Any, fault: Fault) -> None:
    with pytest.raises(CannotBeDrawn) as error:
        drawn(PDF, make())
    assert error.value.fault is fault


CUT = {
    "a PDF": lambda: papers.written(papers.pdf_of_scene(pages=3))[:-700],
    "a PDF made for the web": lambda: papers.written(papers.pdf_of_scene(pages=9), linearize=True)[:-3_000],
    "a PDF changed since": lambda: papers.pdf_changed_since()[:-90],
    "a PNG": lambda: papers.saved(SCENE, "PNG")[:-13],
    "a JPEG in its first bytes": lambda: papers.jpeg_of_megabytes()[:100_000],
}


@pytest.mark.parametrize("make", CUT.values(), ids=CUT.keys())
def test_what_was_cut_is_still_refused(make: Any) -> None:
    for piece in (1 << 16, 61):
        assert judged(make(), piece) == Sniffed(unfit=Unfit.CUT)


def test_a_type_that_the_profile_leaves_out_is_refused() -> None:
    accepted = frozenset(FILE_TYPES) - {AVIF}
    content = PAPERS["AVIF held 1"].make()
    assert judged(content, accepted=accepted) == Sniffed(unfit=Unfit.FORMAT)


def test_pixels_that_only_the_decoder_finds_are_bounded_too(member: Member) -> None:
    """A photo whose size stands behind half a megabyte, and is one of 3600 million pixels."""
    photo = papers.with_segments(papers.saved(SCENE, "JPEG"), (0xED, bytes(500_000)))
    small, large = struct.pack(">HH", SIZE[1], SIZE[0]), struct.pack(">HH", 60_000, 60_000)
    document = deposited(member, photo.replace(small, large, 1))
    assert draw_due() == 1
    document.refresh_from_db()
    assert document.set_aside == SetAside.TOO_LARGE


@pytest.mark.django_db
def test_photos_of_every_kind_stand_upright_in_the_pdf_that_is_made_of_them(member: Member) -> None:
    kinds = {"JPEG": "jpg", "PNG": "png", "WebP": "webp", "TIFF": "tif", "HEIC": "heic", "AVIF": "avif"}
    names = [f"{kind} held {way}" for kind in kinds for way in (6, 7)]
    names += [
        "JPEG of several pictures",
        "PNG, grey of 16 bits",
        "HEIC of several pictures, the second the main one",
    ]
    files = [upload(PAPERS[name].make(), f"{at}.photo") for at, name in enumerate(names)]
    assert send(browser_of(member), *files, gather="on").status_code == 302
    assert draw_due() >= 1
    document = Document.objects.get(photo_count=len(names))
    assert document.state == State.CHECKED
    wanted = [scene for name in names for scene in PAPERS[name].shows]
    pages = [page.render(scale=1) for page in pdfium.PdfDocument(b"".join(clear_bytes(document)))]
    assert len(pages) == len(wanted) == document.page_count
    for number, (page, scene) in enumerate(zip(pages, wanted, strict=True), start=1):
        paper = page.to_pil().convert("RGB")
        assert is_wider(paper), "it lies as the scene does"
        height = paper.width * SIZE[1] // SIZE[0]
        top = (paper.height - height) // 2
        photo = paper.crop((0, top, paper.width, top + height))
        assert apart(photo, scene) < FAR
        assert apart(Image.open(io.BytesIO(page_image(document, number))), scene) < FAR


def test_a_locked_pdf_is_refused_at_once_in_its_own_words(db: None) -> None:
    intake = UploadBatch()
    intake.begin("contrat.pdf").write(papers.locked_by_certificate())
    ended = intake.end()
    assert isinstance(ended, RefusedFile)
    assert ended.reason is FileRefusal.LOCKED
    assert "imprimez-le dans un nouveau PDF" in ended.sentence


def test_the_corpus_shows_what_it_says() -> None:
    """The scene has no symmetry: whatever is turned, mirrored or lost is seen."""
    for way in range(2, 9):
        turned = papers.held(way)
        assert turned.size != SIZE or apart(turned, SCENE) > FAR
        assert turned.size != SIZE or apart(papers.held(way, GREYS), GREYS) > FAR
    assert replace(PAPERS["JPEG held 1"]).shows == [SCENE]
