"""The process that looks for codes: what it finds, its bounds, and nothing of it believed unchecked."""

import sys
import time
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from adherents.inspection.file_type import JPEG, PDF
from adherents.inspection.rasteriser.process import Drawing
from adherents.reading.codes import CODE, MOST_BYTES, MOST_CODES, MOST_MEMORY, process
from adherents.reading.codes.process import FoundCode, codes_on
from adherents.reading.pixels.process import PixelPage, drawn_pages
from adherents.reading.text_layer.process import ReadingFailed
from tests.reading.invented_codes import code, drawn_code, genuine, photo_of
from tests.reading.sheets import IBAN, SPACED, say, sheet
from tests.reading.test_codes import PAGE, QR, notice, read

WHOLE = (0, 0, 300, 0, 300, 300, 0, 300)  # the corners of a page


def page_of(image: Image.Image) -> PixelPage:
    return PixelPage(image.width, image.height, image.convert("RGBA").tobytes())


def on_white(*images: Image.Image) -> PixelPage:
    sheet_ = Image.new("L", (1200, 1600), 255)
    for at, image in enumerate(images):
        sheet_.paste(image, (20 + 390 * (at % 3), 20 + 390 * (at // 3)))
    return page_of(sheet_)


@pytest.mark.any_database
class TestFindingThem:
    @pytest.mark.parametrize("kind", [zxingcpp.BarcodeFormat.DataMatrix, QR])
    def test_each_byte_of_a_code_comes_through_with_its_separators(
        self, kind: "zxingcpp.BarcodeFormat"
    ) -> None:
        said = genuine()
        assert b"\x1d" in said
        assert b"\x1f" in said
        assert codes_on([on_white(drawn_code(said, kind, scale=4))]) == [FoundCode(1, said)]

    @pytest.mark.parametrize("side", [36, 46, 60, 90])
    def test_a_code_as_small_as_the_specification_allows_is_found_on_a_drawn_page(self, side: int) -> None:
        """36 points: 0.3 mm a module, not two pixels of a drawn page."""
        said = genuine()
        advertised = code(b"https://example.org/", kind=QR, x=60, y=100, side=120)
        assert FoundCode(1, said) in codes_on(drawn_pages(PDF, notice(said, *PAGE, advertised, side=side)))

    @pytest.mark.parametrize("scale", [4, 1])
    def test_its_corners_are_told_in_parts_of_the_page(self, scale: int) -> None:
        """Also where it is found on the page at twice its size only."""
        drawn = drawn_code(genuine(), scale=scale)
        (found,) = codes_on([on_white(drawn)])
        (left, top), (right, _), (_, bottom), _ = found.corners
        width, height = found.sides
        assert (width, height) == (1200, 1600)
        near = 3 * scale  # a module or two of the quiet zone
        for told, side, expected in (
            (left, width, 20), (top, height, 20), (right, width, 20 + drawn.width), (bottom, height, 20 + drawn.height),
        ):  # fmt: skip
            assert abs(told * side / 10_000 - expected) <= near + 2

    def test_a_scan_that_is_turned_a_little(self) -> None:
        said = genuine()
        assert codes_on(drawn_pages(JPEG, photo_of(notice(said)))) == [FoundCode(1, said)]

    def test_the_page_is_told_and_other_kinds_of_bars_are_not_looked_for(self) -> None:
        empty = page_of(Image.new("L", (500, 700), 255))
        bars = on_white(drawn_code(b"1234567890128", zxingcpp.BarcodeFormat.EAN13, scale=2))
        assert codes_on([empty, bars, on_white(drawn_code(b"x", scale=10))]) == [FoundCode(3, b"x")]

    def test_no_more_than_a_few_codes_are_said(self) -> None:
        codes = [drawn_code(b"code %d" % number, scale=8) for number in range(MOST_CODES + 3)]
        assert len(codes_on([on_white(*codes)])) == MOST_CODES

    def test_what_a_code_says_is_in_no_representation(self) -> None:
        assert "secret" not in repr(FoundCode(1, b"secret"))
        assert "255" not in repr(PixelPage(1, 1, b"\xff\xff\xff\xff"))


def instead(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr(process, "COMMAND", [sys.executable, "-I", "-c", program])


@pytest.mark.any_database
class TestTheProcess:
    WHITE = page_of(Image.new("L", (300, 300), 255))

    def test_it_is_killed_at_its_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        instead(monkeypatch, "import time; time.sleep(600)")
        began = time.monotonic()
        with pytest.raises(ReadingFailed, match="its time was over"):
            codes_on([self.WHITE], seconds=1)
        assert time.monotonic() - began < 20

    def test_it_is_killed_when_it_eats_memory(self, monkeypatch: pytest.MonkeyPatch) -> None:
        instead(
            monkeypatch,
            f"import sys, time; eaten = b'x' * {MOST_MEMORY + 100_000_000}; time.sleep(15); sys.stdout.write('Z')",
        )
        with pytest.raises(ReadingFailed, match="it held too much memory"):
            codes_on([self.WHITE], seconds=60)

    @pytest.mark.parametrize(
        "said",
        [
            b"", b"?", b"C", b"C" + CODE.pack(0, 1, *WHOLE) + b"x", b"C" + CODE.pack(2, 1, *WHOLE) + b"xZ",
            b"C" + CODE.pack(1, MOST_BYTES + 1, *WHOLE) + b"x" * (MOST_BYTES + 1) + b"Z",
            b"C" + CODE.pack(1, 9, *WHOLE) + b"short",
            (b"C" + CODE.pack(1, 1, *WHOLE) + b"x") * (MOST_CODES + 1) + b"Z",
            b"C" + CODE.pack(1, 1, *WHOLE[:-1], 301) + b"xZ", b"C" + CODE.pack(1, 1, 301, *WHOLE[1:]) + b"xZ",
        ],
    )  # fmt: skip
    def test_what_it_says_is_not_believed_unchecked(
        self, said: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "said").write_bytes(said)
        instead(
            monkeypatch,
            "import sys; sys.stdin.buffer.read(); "
            f"sys.stdout.buffer.write(open({str(tmp_path / 'said')!r}, 'rb').read())",
        )
        with pytest.raises(ReadingFailed):
            codes_on([self.WHITE])

    def test_it_is_confined_before_it_sees_a_pixel(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The same process, asked to open a file where it would look for codes, cannot."""
        instead(
            monkeypatch,
            "import sys; sys.argv = ['x', *sys.argv[1:]]\n"
            "from adherents.reading.codes import __main__ as it\n"
            "real = it._codes_on; seen = []\n"
            "def look(pixels, width, height):\n"
            "    if not seen:\n"
            "        seen.append(1); return real(pixels, width, height)\n"
            "    try: open('/etc/hostname')\n"
            "    except OSError as error: return [it.Seen(b'refused', (0,) * 8)]\n"
            "    return [it.Seen(b'opened', (0,) * 8)]\n"
            "it._codes_on = look; it.main(int(sys.argv[1]), *sys.argv[2:])\n",
        )
        assert codes_on([self.WHITE]) == [FoundCode(1, b"refused")]

    def test_a_page_whose_codes_cannot_be_looked_for_keeps_its_text(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        instead(monkeypatch, "raise SystemExit(3)")
        paper = read(sheet(say("Titulaire : MME DUPONT", y=740), say(f"IBAN : {SPACED}")))
        assert [field.value for field in paper.paper.fields] == [IBAN]
        assert paper.codes == []

    def test_so_does_one_that_cannot_be_drawn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def away(*_: Any, **__: Any) -> Drawing:
            raise OSError

        monkeypatch.setattr("adherents.reading.pixels.process.Drawing", away)
        paper = read(sheet(say("Titulaire : MME DUPONT", y=740), say(f"IBAN : {SPACED}")))
        assert [field.value for field in paper.paper.fields] == [IBAN]
