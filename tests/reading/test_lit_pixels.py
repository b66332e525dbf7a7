"""A value that was recognised on pixels is framed where it stands on the page as it is shown, however the paper was held."""

import io
import sys
from typing import Any

import pytest
from PIL import Image

from adherents.inspection.file_type import JPEG, PDF
from adherents.members.models import Member
from adherents.reading.boxes import box_of
from adherents.reading.layout import Box
from adherents.reading.models import PaperField
from adherents.reading.papers import read
from adherents.reading.pixels import process
from adherents.reading.pixels.process import letter_pages
from adherents.reading.text_layer import LETTER, PAGE, PLACE
from adherents.reading.text_layer import process as text_layer
from adherents.reading.text_layer.process import LetterPage, ReadingFailed
from adherents.vault.models import Document
from tests.reading.sheets import CAMILLE, IBAN
from tests.reading.test_pixels import RIB, SECONDS, jpeg, picture, recognised
from tests.reading.test_read_for_people import desk, text
from tests.reading.test_readings import read_
from tests.vault.photos import drawn, gathered

NEAR = 130  # ten-thousandths of a side: the pixels' box has a little more room
QUARTERS = [0, 1, 2, 3]


def iban_box(page: LetterPage, *, of_pixels: bool) -> Box:
    (iban,) = (one for one in read([page], [CAMILLE], recognised=of_pixels).fields if one.code == "iban")
    box = box_of(iban, page)
    assert box is not None
    return box


def turned_to_the_left(box: Box, quarters: int) -> Box:
    for _ in range(quarters):
        box = Box(box.top, 10_000 - box.right, box.bottom, 10_000 - box.left)
    return box


def cut(image: Image.Image) -> Image.Image:
    """The upper half: a photo that has not the sides of a sheet."""
    return image.crop((0, 0, image.width, image.height // 2))


def is_near(one: Box, other: Box) -> bool:
    pairs = (
        (one.left, other.left),
        (one.top, other.top),
        (one.right, other.right),
        (one.bottom, other.bottom),
    )
    return all(abs(a - b) <= NEAR for a, b in pairs)


def as_pdf(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "PDF", resolution=150)
    return written.getvalue()


@pytest.mark.any_database
class TestOnThePage:
    @pytest.mark.parametrize("quarters", QUARTERS)
    def test_the_box_is_that_of_the_text_layer_on_a_page_that_is_held_otherwise(self, quarters: int) -> None:
        (native,) = text_layer.letter_pages(RIB)
        held = picture(RIB).rotate(90 * quarters, expand=True)
        (page,) = recognised(held)
        assert page.quarters == quarters  # to the right, what was held to the left
        assert (page.sides[0] > page.sides[1]) == (held.width > held.height)
        expected = turned_to_the_left(iban_box(native, of_pixels=False), quarters)
        assert is_near(iban_box(page, of_pixels=True), expected)

    def test_a_scan_in_a_pdf_too(self) -> None:
        (native,) = text_layer.letter_pages(RIB)
        (page,) = letter_pages(PDF, as_pdf(picture(RIB)), seconds=SECONDS)
        assert is_near(iban_box(page, of_pixels=True), iban_box(native, of_pixels=False))

    def test_each_letter_has_a_place(self) -> None:
        (page,) = recognised(picture(RIB))
        assert len(page.places) == len(page.letters) > 50


ONE_LETTER = b"P" + PAGE.pack(1, 800, 800, 0, 1) + LETTER.pack(65, 1, 1, 2, 2, 0)


@pytest.mark.any_database
@pytest.mark.parametrize(
    "said",
    [
        b"B" + b"\x00" + PLACE.pack(1, 1, 2, 2) + b"Z", ONE_LETTER + b"B" + b"\x04" + PLACE.pack(1, 1, 2, 2) + b"Z",
        ONE_LETTER + b"B" + b"\x00" + PLACE.pack(3, 1, 2, 2) + b"Z", ONE_LETTER + b"B" + b"\x00" + PLACE.pack(1, 3, 2, 2) + b"Z",
        ONE_LETTER + b"B" + b"\x00\x00",
    ],
    ids=["of no page", "turned too often", "right before left", "bottom before top", "cut"],
)  # fmt: skip
def test_a_place_out_of_bounds_is_not_believed(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    program = f"import sys; sys.stdin.buffer.read(); sys.stdout.buffer.write({said!r})"
    monkeypatch.setattr(process, "COMMAND", [sys.executable, "-I", "-c", program])
    with pytest.raises(ReadingFailed):
        letter_pages(JPEG, jpeg(Image.new("RGB", (200, 200), "white")), seconds=30)


@pytest.mark.django_db
class TestForPeople:
    def shown(self, document: Document) -> str:
        return text(desk().get(f"/gestion/documents/{document.pk}/"))

    def test_an_agent_sees_it_on_the_page_as_it_lies_and_its_crop_upright(self, member: Member) -> None:
        held = picture(RIB).rotate(90, expand=True)
        document = read_(member, jpeg(held), "rib.jpg")
        iban = PaperField.objects.select_related("reading").get(code="iban")
        assert (iban.reading.letters, iban.clear, iban.turned) == ("recognised", IBAN, 90)
        assert iban.left is not None
        assert iban.right is not None
        assert iban.top is not None
        assert iban.bottom is not None
        assert (iban.bottom - iban.top) * held.height > 3 * (iban.right - iban.left) * held.width  # it lies
        page = self.shown(document)
        assert f'<rect class="lit" id="lu-{iban.pk}"' in page
        (view, rest) = page.split('<svg class="read-crop" viewBox="')[1].split('"', 1)
        _, _, across, down = map(int, view.split())
        assert across > 3 * down
        assert f'transform="translate({held.height} 0) rotate(90)"' in rest.split("</svg>")[0]

    def test_on_each_photo_of_a_document_made_of_several(self, member: Member) -> None:
        photos = [
            (f"{name}.jpg", jpeg(cut(picture(RIB)).rotate(turn, expand=True)))
            for name, turn in (("a", 0), ("b", 180))
        ]
        document = drawn(gathered(member, *photos))
        read_again(document)
        iban = PaperField.objects.get(code="iban")  # the same account is said once, where it stands first
        assert (iban.page, iban.turned) == (1, 0)
        (native,) = text_layer.letter_pages(RIB)
        stands = Box(iban.left or 0, iban.top or 0, iban.right or 0, iban.bottom or 0)
        # On the picture that was cut from the paper: the PDF that is made of it has white above and below.
        whole = iban_box(native, of_pixels=False)
        assert is_near(stands, Box(whole.left, 2 * whole.top, whole.right, 2 * whole.bottom))
        assert '<rect class="lit"' in self.shown(document)


def read_again(document: Document) -> Any:
    from adherents.reading.services.entering import enter_lately
    from adherents.reading.services.working import read_due

    enter_lately()
    assert read_due() == 1
