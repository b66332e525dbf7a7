"""Codes on a paper, from its pixels to what is said of them."""

import json
import logging
from collections.abc import Callable, Sequence
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from django.core.management import call_command

from adherents.inspection.file_type import JPEG, PDF
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.reading import reader
from adherents.reading.codes.trust import Trust, Worth
from adherents.reading.models import PaperField, PaperReading, PrintedCode, ReadingOutcome
from adherents.reading.reader import FileReading, NoEngine
from adherents.reading.services import working
from adherents.vault.origins import Erased
from adherents.vault.services.erasing import erase
from tests.reading.invented_codes import (
    OWNER,
    SIGNED_ON,
    TODAY,
    cast_of_codes,
    code,
    genuine,
    photo_of,
    trust_of_tests,
)
from tests.reading.sheets import SPACED, Draw, say, sheet
from tests.reading.test_readings import read_
from tests.vault.conftest import pdf

QR = zxingcpp.BarcodeFormat.QRCode
PAGE: tuple[Draw, ...] = (
    say("Avis d’impôt établi en 2025 sur les revenus de l’année 2024", y=760),
    say("MME DUPONT CAMILLE née le 10/03/1954, 12 rue des Lilas, 29000 Quimper", y=740),
    say("Revenu fiscal de référence : 1 234 €", y=720),
)


def notice(said: bytes, *draws: Draw, **options: Any) -> bytes:
    """A tax notice with its code."""
    return sheet(*(draws or PAGE), code(said, **options), title="DIRECTION GÉNÉRALE DES FINANCES PUBLIQUES")


def read(
    content: bytes, trust: Callable[[], Trust] = trust_of_tests, kind: str = PDF, **options: Any
) -> FileReading:
    return reader.read_file(kind, content, [], trust=trust, today=TODAY, **options)


def said(found: FileReading) -> dict[str, str]:
    return {field.code: field.value for field in found.paper.fields}


def on_page(found: FileReading) -> dict[str, str]:
    return {
        field.code.removeprefix("code_2ddoc."): field.on_page for field in found.paper.fields if field.of_code
    }


@pytest.mark.any_database
class TestWhatIsSaid:
    def test_a_code_that_is_believed_says_its_values_and_who_signed(self) -> None:
        found = read(notice(genuine()))
        (one,) = found.codes
        assert (one.worth, one.signer, one.signed_on, one.page) == (Worth.SIGNED, OWNER, SIGNED_ON, 1)
        assert one.paper == "Justificatif de ressources (Avis IR)"
        assert said(found) == {
            "code_2ddoc.46": "DUPONT CAMILLE", "code_2ddoc.41": "1234", "code_2ddoc.69": "1954-03-10"
        }  # fmt: skip
        assert {field.proofs for field in found.paper.fields} == {("signature",)}
        assert "zxing-cpp" in found.versions

    def test_one_that_is_not_says_none(self) -> None:
        for content, worth in (
            (notice(genuine(certificate="INV9")), Worth.UNKNOWN),
            (notice(genuine().replace(b"1234", b"1235")), Worth.ALTERED),
            (notice(genuine()[:-9]), Worth.UNREADABLE),
        ):
            found = read(content)
            assert [(one.worth, one.signer, one.paper, one.signed_on) for one in found.codes] == [
                (worth, "", "", None)
            ]
            assert found.paper.fields == ()

    def test_a_code_that_is_no_2d_doc_is_not_there(self) -> None:
        found = read(notice(b"https://example.org/", kind=QR))
        assert (found.codes, found.paper.fields) == ([], ())

    def test_what_it_signs_and_nobody_can_tell_apart_is_not_said(self) -> None:
        (one,) = read(notice(genuine("ZZ12\x1d"))).codes
        assert (one.worth, one.signer, one.fields) == (Worth.SIGNED, OWNER, None)

    def test_a_code_that_stands_there_twice_is_one(self) -> None:
        twice = genuine()
        assert len(read(sheet(*PAGE, code(twice), code(twice, x=60, y=200))).codes) == 1
        two = read(sheet(*PAGE, code(twice), code(genuine("10M/MARTIN\x1d"), x=60, y=200)))
        assert sorted(field.of_code for field in two.paper.fields) in ([1, 1, 1, 2], [1, 2, 2, 2])

    def test_values_of_the_text_stand_before_it(self) -> None:
        paper = sheet(say("Titulaire : MME DUPONT", y=740), say(f"IBAN : {SPACED}"), code(genuine()))
        assert list(said(read(paper)))[:2] == ["iban", "code_2ddoc.46"]

    def test_a_picture_needs_no_engine_for_its_codes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("adherents.reading.reader.pixels.is_installed", lambda: False)
        found = read(photo_of(notice(genuine())), kind=JPEG)
        assert said(found)["code_2ddoc.46"] == "DUPONT CAMILLE"
        assert (found.letters, found.pages) == ("", [])
        assert on_page(found)["46"] == ""
        with pytest.raises(NoEngine):
            read(photo_of(sheet(*PAGE)), kind=JPEG)

    def test_the_part_of_a_split_file_is_read_by_its_text(self) -> None:
        assert read(notice(genuine()), only=(1,)).codes == []


@pytest.mark.any_database
class TestThePageAround:
    def test_a_page_that_says_the_same(self) -> None:
        assert on_page(read(notice(genuine()))) == {"46": "same", "41": "same", "69": "same"}

    @pytest.mark.parametrize(
        ("line", "instead", "code_"),
        [
            (1, "M MARTIN PAUL né le 10/03/1954, 3 rue des Roses, 29000 Quimper", "46"),
            (1, "MME DUPONT CLAIRE née le 10/03/1954, 12 rue des Lilas, 29000 Quimper", "46"),
            (1, "MME DUPONT CAMILLE née le 11/03/1954, 12 rue des Lilas, 29000 Quimper", "69"),
            (2, "Revenu fiscal de référence : 21 234 €", "41"),
            (2, "Revenu fiscal de référence : 1 243 €", "41"),
        ],
    )
    def test_a_genuine_code_on_a_page_that_says_something_else(
        self, line: int, instead: str, code_: str
    ) -> None:
        draws = list(PAGE)
        draws[line] = say(instead, y=740 - 20 * (line - 1))
        differs = on_page(read(notice(genuine(), *draws)))
        assert [one for one, how in differs.items() if how == "other"] == [code_]

    def test_what_the_page_has_no_label_for_is_not_compared(self) -> None:
        draws = [PAGE[0], say("MME DUPONT CAMILLE, 12 rue des Lilas, 29000 Quimper", y=740)]
        assert on_page(read(notice(genuine(), *draws))) == {"46": "same", "41": "", "69": ""}

    def test_a_page_that_says_little_or_unclearly_is_not_compared(self) -> None:
        assert set(on_page(read(notice(genuine(), say("Avis", y=700)))).values()) == {""}

    @pytest.mark.parametrize(
        ("data", "line", "expected"),
        [
            ("62DUPONT\x1d63MARTIN\x1d60CAMILLE/ROSE\x1d", "Madame Camille MARTIN", {"62": "", "63": "same", "60": "same"}),
            ("62DUPONT\x1d60CAMILLE/ROSE\x1d", "Madame Camille D’UPONT", {"62": "same", "60": "same"}),
            ("10MME/D HONDT/ANNE CECILE\x1d", "Mme Anne-Cécile D’HONDT", {"10": "same"}),
            ("13DE LA TOUR D AUV\x1e", "Monsieur DE LA TOUR D’AUVERGNE", {"13": "same"}),
            ("1D00000123,40\x1d", "Total TTC 123,40 €", {"1D": "same"}),
            ("1D00000123,40\x1d", "Total TTC 1 123,40 €", {"1D": "other"}),
            ("1D00000123,40\x1d", "Total TTC 1.123,40 €", {"1D": "other"}),
            ("1D00000123,40\x1d", "Total TTC 0123,40 €", {"1D": "same"}),
            ("1D00000123,40\x1d", "Total TTC 123,405 €", {"1D": "other"}),
            ("1D00001123,40\x1d", "Total TTC 1 123,40 €", {"1D": "same"}),
            ("1D5\x1d", "Total TTC 5,00 €", {"1D": "same"}),
            ("1D5\x1d", "Total TTC 55 €", {"1D": "other"}),
            ("18123456\x1d", "Facture n° 123456 12 juin 2025", {"18": "same"}),
            ("18123456\x1d", "Facture n° 123 456", {"18": "same"}),
            ("18123456\x1d", "Facture n° 9 123 456", {"18": ""}),  # groups that may be one number
            ("18123456\x1d", "Facture n° 9123456", {"18": "other"}),
            ("18123456\x1d", "Facture n° 1234567", {"18": "other"}),
            ("31FR1420041010050500013M02606\x1d", f"IBAN {SPACED}1", {"31": "other"}),
            ("31FR1420041010050500013M02606\x1d", "IBAN XFR1420041010050500013M02606", {"31": "other"}),
            ("31FR1420041010050500013M02606\x1d", f"IBAN {SPACED} 7", {"31": ""}),
            ("4A31072025", "Mise en recouvrement le 31/07/2025", {"4A": "same"}),
            ("4A31072025", "Mise en recouvrement le 31/07/25", {"4A": "same"}),
            ("4A31072025", "Mise en recouvrement le 1er juillet 2025", {"4A": "other"}),
            ("4A01072025", "Mise en recouvrement le 1er juillet 2025", {"4A": "same"}),
            ("4A31072025", "Mise en recouvrement le 31/07/20251", {"4A": "other"}),
            ("4A31072025", "Mise en recouvrement : appelez le 02.31.07.25.90", {"4A": "other"}),
            ("10M/MARTIN/PAUL\x1d", "Monsieur MARTINEZ PAUL", {"10": "other"}),
            ("10M/MARTIN/PAUL\x1d", "Monsieur SAINT-MARTIN PAUL", {"10": "same"}),  # a word of its own
            ("10M/MARTIN/PAUL\x1d", "Monsieur M A R T I N PAUL", {"10": "same"}),
            ("10M/MARTIN/PAUL\x1d", "Monsieur M A R T I N E Z PAUL", {"10": ""}),
            ("182024-03-0012\x1d", "Facture n° 2024-03-0012", {"18": "same"}),  # no day
            ("182024-15-0012\x1d", "Facture n° 2024-15-0013", {"18": "other"}),
            ("1D123,40\x1d", "Total TTC 123,04 €", {"1D": "other"}),
            ("4A310720251D5,00\x1d", "Mise en recouvrement le 31 juillet 2025, net à payer 5 €", {"4A": "same", "1D": "same"}),
            ("31FR1420041010050500013M02606\x1d", f"IBAN {SPACED}", {"31": "same"}),
            ("31FR7630006000011234567890189\x1d", f"IBAN {SPACED}", {"31": "other"}),
        ],
    )  # fmt: skip
    def test_how_a_page_may_write_what_is_signed(
        self, data: str, line: str, expected: dict[str, str]
    ) -> None:
        draws = [say(line, y=740), say("12 rue des Lilas, 29000 Quimper, un deux trois quatre cinq", y=700)]
        assert on_page(read(notice(genuine(data), *draws))) == expected

    def test_an_amount_of_another_line_is_not_that_of_the_label(self) -> None:
        lines = (
            "Soins du mois 123,40 €",
            "douze rue des Lilas",
            "29000 Quimper",
            "Total TTC 1 123,40 €",
            "merci à tous",
        )
        draws = [say(line, y=740 - 20 * at) for at, line in enumerate(lines)]
        assert on_page(read(notice(genuine("1D00000123,40\x1d"), *draws))) == {"1D": ""}
        assert on_page(read(notice(genuine("1D00001123,40\x1d"), *draws))) == {"1D": "same"}

    def test_what_stands_under_its_label_is_its_own_and_two_columns_are_two_numbers(self) -> None:
        under = [
            say("Total TTC", y=740),
            say("123,40 €", y=725),
            say("12 rue des Lilas, Quimper, un deux trois quatre", y=660),
        ]
        assert on_page(read(notice(genuine("1D00000123,40\x1d"), *under))) == {"1D": "same"}
        beside = [say("Total TTC    1", y=740), say("123,40 €", y=740, x=200), under[2]]
        assert on_page(read(notice(genuine("1D00000123,40\x1d"), *beside))) == {"1D": "same"}

    def test_a_name_on_two_lines_is_one(self) -> None:
        draws = [
            say("IBAN FR14 2004 1010 0505", y=740),
            say("0001 3M02 606", y=725),
            say("12 rue des Lilas, Quimper, un deux", y=660),
        ]
        assert on_page(read(notice(genuine("31FR1420041010050500013M02606\x1d"), *draws))) == {"31": "same"}

    def test_letters_recognised_on_pixels_are_compared_by_names_only_and_nearly(self) -> None:
        pytest.importorskip("rapidocr")
        draws: Sequence[Draw] = [
            say("MME DUPONT CAMILLE née le 11/03/1954", y=740, size=13),
            say("12 rue des Lilas, 29000 Quimper, Finistère", y=700, size=13),
            say("Revenu fiscal de référence : 9 999 €", y=660, size=13),
        ]
        own = read(photo_of(notice(genuine(), *draws)), kind=JPEG)
        assert on_page(own) == {"46": "same", "41": "", "69": ""}
        others = [say("M BERNARD OLIVIER né le 11/03/1954", y=740, size=13), *draws[1:]]
        assert on_page(read(photo_of(notice(genuine(), *others)), kind=JPEG))["46"] == "other"


@pytest.mark.any_database
def test_the_command_prints_signed_values_and_says_of_the_others_why_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adherents.reading.management.commands import read as command

    monkeypatch.setattr(command, "read_file", partial(reader.read_file, trust=trust_of_tests))
    (tmp_path / "notice.pdf").write_bytes(notice(genuine()))
    (tmp_path / "altered.pdf").write_bytes(notice(genuine().replace(b"1234", b"1235")))
    out, err = StringIO(), StringIO()
    call_command("read", tmp_path / "notice.pdf", tmp_path / "altered.pdf", stdout=out, stderr=err)
    signed, altered = (json.loads(line) for line in out.getvalue().splitlines())
    assert signed["kind"] is None
    assert {"code": "code_2ddoc.46", "value": "DUPONT CAMILLE", "page": 1, "proofs": ["signature"]} in signed[
        "fields"
    ]
    assert altered["fields"] == []
    assert err.getvalue() == f"{tmp_path / 'altered.pdf'}: page 1: a 2D-Doc that is not believed: altered\n"


@pytest.mark.django_db
class TestKeepingThem:
    @pytest.fixture(autouse=True)
    def our_trust(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(working, "trust", trust_of_tests)

    def test_values_are_sealed_beside_who_signed_them(self, member: Member) -> None:
        document = read_(member, notice(genuine()), kind="autre")
        reading = PaperReading.objects.get(document=document)
        assert (reading.outcome, reading.kind) == (ReadingOutcome.READ, "")
        one = PrintedCode.objects.get(reading=reading)
        assert (one.worth, one.signer, one.signed_on, one.page, one.rank) == (
            "signed",
            OWNER,
            SIGNED_ON,
            1,
            1,
        )
        fields = list(reading.fields.select_related("reading").order_by("rank"))
        assert [
            (field.code, field.clear, field.proofs, field.on_page, field.of_code) for field in fields
        ] == [
            ("code_2ddoc.46", "DUPONT CAMILLE", ["signature"], "same", 1),
            ("code_2ddoc.41", "1234", ["signature"], "same", 1),
            ("code_2ddoc.69", "1954-03-10", ["signature"], "same", 1),
        ]
        stored = PaperField.objects.filter(pk=fields[0].pk).extra(select={"bytes": "value"})
        assert b"DUPONT" not in bytes(stored.values_list("bytes", flat=True)[0])

    def test_one_that_is_not_believed_is_kept_without_a_value(self, member: Member) -> None:
        document = read_(member, notice(genuine(certificate="INV9")), kind="autre")
        reading = PaperReading.objects.get(document=document)
        assert reading.outcome == ReadingOutcome.READ
        assert list(reading.codes.values_list("worth", "signer", "paper", "signed_on")) == [
            ("unknown", "", "", None)
        ]
        assert not reading.fields.exists()

    def test_they_go_with_their_document(self, member: Member) -> None:
        document = read_(member, notice(genuine()), kind="autre")
        erase(document_id=document.pk, because=Erased.RETENTION)
        assert not PrintedCode.objects.exists()
        assert not PaperField.objects.exists()

    def test_a_paper_without_one_asks_nobody_whom_to_trust(
        self, member: Member, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def never() -> Trust:
            raise AssertionError

        monkeypatch.setattr(working, "trust", never)
        document = read_(member, pdf())
        assert PaperReading.objects.get(document=document).outcome == ReadingOutcome.NOTHING

    def test_no_value_is_in_a_log_or_in_the_journal(
        self, member: Member, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            read_(member, notice(genuine()), kind="autre")
        entries = " ".join(f"{entry.event} {entry.details}" for entry in Entry.objects.all())
        for secret in ("DUPONT CAMILLE", "1954-03-10", "10031954"):
            assert secret not in caplog.text
            assert secret not in entries
        assert cast_of_codes().certificate
