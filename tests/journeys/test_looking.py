"""What the page sees in a photo before it is sent, and its lighter copy: said in words, never in the way."""

import base64
import io
import re
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageStat
from playwright.sync_api import expect

from tests.cast import Person
from tests.journeys.conftest import Visit
from tests.journeys.papers import PRINTED_AT, SMALL_PRINT, camera_photo, file, photo, printed_lines
from tests.journeys.running import Portal
from tests.journeys.slow_line import in_a_train
from tests.journeys.visitor import Visitor

SEND = "/adherent/documents/envoyer/"
DEVELOP = """async (text) => {
  const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const { doubts, lighter } = await window.sending.developed(new File([bytes], "a.jpg", { type: "image/jpeg" }));
  const url = lighter && await new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.readAsDataURL(lighter);
  });
  return [doubts, url];
}"""


def developed(visitor: Visitor, content: bytes) -> tuple[list[str], bytes]:
    doubts, url = visitor.page.evaluate(DEVELOP, base64.b64encode(content).decode())
    return doubts, base64.b64decode(url.partition(",")[2]) if url else b""


def scanned() -> bytes:
    """A page that fills the picture, as a scanner gives it."""
    image = Image.new("RGB", (1654, 2339), "white")
    drawn = ImageDraw.Draw(image)
    for number, words in enumerate(printed_lines()):
        drawn.text((180, 230 + 52 * number), words, fill="black", font=SMALL_PRINT.font_variant(size=23))
    written = io.BytesIO()
    image.save(written, "JPEG", quality=90)
    return written.getvalue()


def as_read(picture: Image.Image) -> list[str]:
    """Each printed line, digit by digit: of the ten digits the one that the pixels resemble most."""
    scale = picture.width / 3000
    grey = picture.convert("L")
    left, top, step = PRINTED_AT
    lines = []
    for number, words in enumerate(printed_lines()):
        read = ""
        for place, character in enumerate(words):
            if not character.isdigit():
                read += character
                continue
            x = left + SMALL_PRINT.getlength(words[:place])
            box = tuple(
                round(edge * scale) for edge in (x, top + step * number, x + 29, top + step * number + 52)
            )
            seen = grey.crop(box)
            read += min("0123456789", key=lambda digit: _apart(seen, digit))
        lines.append(read)
    return lines


def _apart(seen: Image.Image, digit: str) -> float:
    whole = Image.new("L", (29, 52), 235)
    ImageDraw.Draw(whole).text((0, 0), digit, fill=50, font=SMALL_PRINT)
    drawn = whole.resize(seen.size, Image.Resampling.LANCZOS)
    moved = (ImageChops.offset(drawn, across, down) for across in (-1, 0, 1) for down in (-1, 0, 1))
    return min(ImageStat.Stat(ImageChops.difference(seen, one)).sum2[0] for one in moved)


def test_blurred_dark_and_cut_are_seen_and_a_good_photo_is_left_in_peace(
    visit: Visit, member: Person
) -> None:
    visitor = visit("phone").enter(member).open(SEND)
    for good in (camera_photo(), camera_photo(blur=1.6), camera_photo(light=0.7), photo(), scanned()):
        assert developed(visitor, good)[0] == []
    assert developed(visitor, camera_photo(blur=9))[0] == ["blurred"]
    assert developed(visitor, camera_photo(light=0.25))[0] == ["dark"]
    assert developed(visitor, camera_photo(right=700))[0] == ["cut"]


def test_the_lighter_copy_is_a_quarter_at_most_and_each_digit_of_ten_points_is_read(
    visit: Visit, member: Person
) -> None:
    visitor = visit("phone").enter(member).open(SEND)
    _, copy = developed(visitor, camera_photo())
    assert len(copy) < len(camera_photo()) / 4
    picture = Image.open(io.BytesIO(copy))
    assert picture.size == (1800, 2400)
    assert as_read(picture) == list(printed_lines())
    unreadable = Image.open(io.BytesIO(camera_photo())).resize((300, 400)).resize((1800, 2400))
    assert as_read(unreadable) != list(printed_lines()), "this reader can fail"
    assert developed(visitor, photo())[1] == b"", "a light photo has no lighter copy"


def test_a_doubt_is_written_and_blocks_nothing(visit: Visit, member: Person) -> None:
    visitor = visit("phone").enter(member).open(SEND)
    visitor.page.get_by_label("Prendre en photo").set_input_files(file("floue.jpg", camera_photo(blur=9)))
    row = visitor.page.locator(".upload")
    expect(row.locator("[data-doubt]")).to_contain_text("semble floue")
    expect(row).to_contain_text("prêt à envoyer")
    visitor.look("send-doubtful")
    visitor.click("Envoyer 1 document")
    expect(visitor.title).to_have_text("C’est bien arrivé")
    expect(visitor.main).to_contain_text("Document à classer")


def test_on_a_slow_line_a_lighter_copy_is_offered_and_goes_on_after_the_line_was_cut(
    visit: Visit, member: Person, tmp_path: Path, portal: Portal
) -> None:
    visitor = visit("phone").expecting(404)  # the photo was taken back, and the answer lost with the line
    with in_a_train(visitor, portal, kilobytes=94) as train:
        visitor.enter(member).open(SEND)
        heavy = tmp_path / "IMG_0042.jpg"
        heavy.write_bytes(camera_photo())
        visitor.page.get_by_label("Prendre en photo").set_input_files(heavy)
        row = visitor.page.locator(".upload")
        expect(row.locator(".upload-state")).to_contain_text(re.compile(r"encore \d+ secondes"))
        expect(row.locator("[data-offer]")).to_contain_text("c’est elle que l’accusé de dépôt prouve")
        visitor.look("send-slow-line")
        visitor.click("Envoyer la copie légère")
        train.cut()
        visitor.click("Envoyer 1 document")
        train.restore()
        expect(visitor.title).to_have_text("C’est bien arrivé", timeout=60_000)
    visitor.portal = portal
    [(size, name)] = portal.sql(
        "SELECT size, name FROM vault_document WHERE member_id = (SELECT id FROM members_member WHERE number = ?)",
        member.number,
    )
    assert (size < 1_500_000, name) == (True, "IMG_0042.jpg")
