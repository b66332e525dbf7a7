"""Scans and photos: read by an engine that may be wrong, so only what a wrong letter would undo is said."""

import importlib.util
import io
import logging
import sys
from pathlib import Path

import pypdfium2
import pytest
import yaml
from PIL import Image, ImageFilter
from stress.reading import read_picture
from stress.reading_papers import rib_paper, rights_paper
from stress.reading_photos import photographed, scanned

from adherents.reading.papers import read
from adherents.reading.pixels import process
from adherents.reading.pixels.process import letter_pages
from adherents.reading.text_layer import MOST_MEMORY
from adherents.reading.text_layer.process import CannotBeRead, LetterPage, ReadingFailed
from tests.reading.sheets import BIC, CAMILLE, IBAN, SPACED, command, say, sheet

pytestmark = pytest.mark.any_database
log = logging.getLogger(__name__)
SECONDS = 120  # this machine has other work
RIB = sheet(
    say("Titulaire : MME DUPONT CAMILLE", y=740, size=12), say(f"IBAN : {SPACED}", size=12), say(f"BIC : {BIC}", y=600, size=12)
)  # fmt: skip


def picture(content: bytes) -> Image.Image:
    document = pypdfium2.PdfDocument(content)
    drawn: Image.Image = document[0].render(scale=150 / 72).to_pil().convert("RGB")
    document.close()
    return drawn


def jpeg(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "JPEG", quality=85)
    return written.getvalue()


def recognised(image: Image.Image) -> list[LetterPage]:
    """A process that is stopped reads nothing, as it should be. Once, on a busy machine, one was: it is asked again, and said."""
    try:
        return letter_pages("image/jpeg", jpeg(image), seconds=SECONDS)
    except ReadingFailed as error:
        log.warning("asked again: %s", error)
        return letter_pages("image/jpeg", jpeg(image), seconds=SECONDS)


def said(image: Image.Image) -> dict[str, str]:
    pages = recognised(image)
    return {one.code: one.value for one in read(pages, [CAMILLE], recognised=True).fields}


def test_a_photo_says_what_a_wrong_letter_would_undo_and_no_more() -> None:
    pages = recognised(picture(RIB))
    told = read(pages, [CAMILLE], recognised=True)
    assert [(one.code, one.value) for one in told.fields] == [
        ("iban", IBAN),
        ("holder", "same"),
    ]  # and no BIC
    assert told.fields[0].proofs == ("recognised", "mod97", "rib_key", "bank_code")
    everything = read(pages, [CAMILLE])
    assert "bic" in {one.code for one in everything.fields}


@pytest.mark.parametrize("quarters", [90, 180])
def test_a_photo_on_its_side_or_on_its_head_is_read(quarters: int) -> None:
    assert said(picture(RIB).rotate(quarters, expand=True))["iban"] == IBAN


def test_a_photo_that_shows_nothing_clearly_says_nothing() -> None:
    assert said(picture(RIB).filter(ImageFilter.GaussianBlur(9))) == {}


def test_an_account_of_which_one_digit_is_another_says_nothing() -> None:
    assert said(picture(sheet(say("IBAN : FR14 2004 1010 0505 0001 3M02 608", size=12)))) == {}


@pytest.mark.parametrize("make", [scanned, photographed])
def test_invented_papers_as_pictures(make) -> None:  # type: ignore[no-untyped-def]
    for made in (rib_paper(3), rights_paper(8)):
        as_picture = make(made, 3)
        told, _ = read_picture(as_picture)
        assert {one.code: one.value for one in told.fields} == as_picture.truth


def test_the_engine_has_its_models_beside_it_and_loads_no_other() -> None:
    """What we rely on and nothing documents: the wheel's default models are those that it holds."""
    found = importlib.util.find_spec("rapidocr")
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent
    configured = yaml.safe_load((folder / "config.yaml").read_text())
    for part in ("Det", "Rec"):
        of = configured[part]
        name = f"{of['ocr_version']}_{part.lower()}_{of['model_type']}.onnx"
        assert name.startswith("PP-OCRv6")
        assert (folder / "models" / name).stat().st_size > 1_000_000


def instead(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(process, "COMMAND", [sys.executable, "-I", "-c", code])


def test_an_engine_that_never_ends_or_eats_memory_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = jpeg(Image.new("RGB", (200, 200), "white"))
    instead(monkeypatch, "import time; time.sleep(600)")
    with pytest.raises(ReadingFailed, match="its time was over"):
        letter_pages("image/jpeg", photo, seconds=3)
    instead(
        monkeypatch,
        f"import time, sys; eaten = b'x' * {MOST_MEMORY + 100_000_000}; time.sleep(15); sys.stdout.write('Z')",
    )
    with pytest.raises(ReadingFailed, match="it held too much memory"):
        letter_pages("image/jpeg", photo, seconds=60)


def test_an_engine_that_says_no_page_or_two_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = jpeg(Image.new("RGB", (200, 200), "white"))
    instead(monkeypatch, "import sys; sys.stdin.buffer.read(); sys.stdout.write('Z')")
    with pytest.raises(ReadingFailed, match="not one page"):
        letter_pages("image/jpeg", photo, seconds=30)


def test_a_picture_that_cannot_be_drawn_is_not_read() -> None:
    with pytest.raises(CannotBeRead):
        letter_pages("image/jpeg", b"\xff\xd8\xff\xe0 nothing", seconds=30)


def test_the_command_reads_photos_and_scans(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(jpeg(picture(RIB)))
    written = io.BytesIO()
    picture(RIB).save(written, "PDF", resolution=150)
    (tmp_path / "scan.pdf").write_bytes(written.getvalue())
    done = command(
        str(tmp_path / "photo.jpg"), str(tmp_path / "scan.pdf"), ADHERENTS_DATA_DIR=str(tmp_path / "data")
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(IBAN) == 2
    assert done.stdout.count('"recognised"') == 4  # the account, and the BIC that two engines agree on
    assert done.stdout.count('"agreed"') == 2
