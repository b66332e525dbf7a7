"""Finding one's documents again, the same file twice, who opened them, the insurer's own, and everything as a zip."""

import csv
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.storage.reading import Altered
from adherents.vault.models import Document, State
from adherents.vault.origins import Origin
from adherents.vault.services.erasing import take_back
from adherents.vault.services.exporting import export_everything, name_in_zip
from adherents.vault.services.from_insurer import InsurerFileRefused, deposit_for_member
from adherents.vault.services.rendition import draw_due
from adherents.vault.services.viewing import note_opening
from tests.conftest import Mail
from tests.vault.conftest import deposited, objects_in, pdf, picture

Text = Callable[[Any], str]
pytestmark = pytest.mark.django_db
LIST = "/adherent/documents/"


def names_on(page: str, *names: str) -> list[str]:
    return [name for name in names if name in page]


@pytest.fixture
def three(member: Member) -> list[Document]:
    documents = [
        deposited(member, pdf(words=name), name)
        for name in ("Relevé d’été.pdf", "rib.pdf", "FACTURE-dent.pdf")
    ]
    for document, kind, state, day in zip(
        documents,
        ("releve_prestations", "rib", "facture_dentaire"),
        (State.ACCEPTED, State.RECEIVED, State.REFUSED),
        ("2026-07-03", "2026-09-10", "2026-11-20"),
        strict=True,
    ):
        at = timezone.make_aware(timezone.datetime.fromisoformat(f"{day}T23:30:00"))  # type: ignore[attr-defined]
        Document.objects.filter(pk=document.pk).update(kind=kind, state=state, at=at)
    return list(Document.objects.order_by("at"))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=rib", ["rib.pdf"]),
        ("state=refused", ["FACTURE-dent.pdf"]),
        ("since=2026-09-10", ["rib.pdf", "FACTURE-dent.pdf"]),
        ("until=2026-09-10", ["Relevé d’été.pdf", "rib.pdf"]),
        ("since=2026-07-03&until=2026-07-03", ["Relevé d’été.pdf"]),
        ("words=releve+ETE", ["Relevé d’été.pdf"]),
        ("words=facture", ["FACTURE-dent.pdf"]),
        ("words=%25", []),
        ("kind=rib&state=refused", []),
        ("kind=nothing&since=hier", ["Relevé d’été.pdf", "rib.pdf", "FACTURE-dent.pdf"]),
        ("", ["Relevé d’été.pdf", "rib.pdf", "FACTURE-dent.pdf"]),
    ],
)
def test_documents_are_found_by_kind_state_dates_and_words(
    signed_in: Client, three: list[Document], sentences: Text, query: str, found: list[str]
) -> None:
    page = sentences(signed_in.get(f"{LIST}?{query}"))
    assert names_on(page, "Relevé d’été.pdf", "rib.pdf", "FACTURE-dent.pdf") == found
    if not found:
        assert "Aucun document ne correspond à cette recherche." in page


def test_a_receipts_number_finds_its_documents(
    signed_in: Client, three: list[Document], sentences: Text
) -> None:
    page = sentences(signed_in.get(f"{LIST}?words={three[1].deposit.number.lower()}"))
    assert names_on(page, "Relevé d’été.pdf", "rib.pdf", "FACTURE-dent.pdf") == ["rib.pdf"]


def test_what_is_looked_for_is_kept_from_page_to_page_and_costs_eight_queries(
    signed_in: Client, member: Member, django_assert_max_num_queries: Any
) -> None:
    for number in range(22):
        deposited(member, pdf(words=str(number)), f"releve {number}.pdf")
    with django_assert_max_num_queries(8):
        page = signed_in.get(f"{LIST}?words=releve&kind=rib").content.decode()
    assert "?words=releve&amp;kind=rib&amp;page=2" in page
    assert "22 documents trouvés" in page


def test_a_name_that_changed_is_found_by_the_new_one(member: Member) -> None:
    document = deposited(member, pdf(), "avant.pdf")
    document.name = "Après.pdf"
    document.save()
    assert Document.objects.get().name_key == "apres pdf"


def test_the_same_file_twice_is_told_and_never_refused(
    signed_in: Client, member: Member, other_member: Member, sentences: Text
) -> None:
    deposited(other_member, pdf(), "rib.pdf")
    first = deposited(member, pdf(), "rib.pdf")
    second = deposited(member, pdf(), "le même.pdf")
    sentence = (
        f"Vous avez déjà envoyé ce fichier le {timezone.localdate():%d/%m/%Y} ({first.deposit.number})."
    )
    for address in (f"{LIST}{second.pk}/", f"{LIST}accuses/{second.deposit.number}/"):
        assert sentence in sentences(signed_in.get(address))
    for address in (f"{LIST}{first.pk}/", f"{LIST}accuses/{first.deposit.number}/"):
        assert "Vous avez déjà envoyé" not in sentences(signed_in.get(address))
    take_back(acting=on_own_file(member), document_id=first.pk)
    assert "Vous avez déjà envoyé" not in sentences(signed_in.get(f"{LIST}{second.pk}/"))


def test_a_member_reads_who_opened_a_document_and_when(
    signed_in: Client, member: Member, sentences: Text
) -> None:
    document = deposited(member, pdf())
    draw_due()
    note_opening(document=document, actor="agent:3")
    b"".join(signed_in.get(f"{LIST}{document.pk}/telecharger/").streaming_content)
    page = sentences(signed_in.get(f"{LIST}{document.pk}/"))
    history = page[page.index("Qui l’a consulté") :]
    sentences_shown = [
        "Vous l’avez téléchargé.",
        "Un conseiller l’a consulté.",
        "Le portail l’a vérifié",
        "Vous l’avez envoyé.",
    ]
    assert sorted(sentences_shown, key=history.index) == sentences_shown
    assert "agent:3" not in page


def from_insurer(member: Member, content: bytes = b"", name: str = "Carte 2027.pdf") -> Document:
    return deposit_for_member(
        member=member, kind="autre", name=name, chunks=[content or pdf(words="carte")], actor="api:1"
    )


def test_the_insurers_own_documents_are_shown_apart_and_told_by_mail(
    signed_in: Client, member: Member, sentences: Text, mails: Callable[[], list[Mail]]
) -> None:
    assert "Documents de votre mutuelle" not in sentences(signed_in.get(LIST))
    document = from_insurer(member)
    [mail] = mails()
    assert mail.subject == "Un document vous attend dans votre espace"
    assert f"/adherent/documents/{document.pk}/" in mail.text
    mine = sentences(signed_in.get(LIST))
    assert "Documents de votre mutuelle" in mine
    assert "Carte 2027.pdf" not in mine
    apart = sentences(signed_in.get(f"{LIST}mutuelle/"))
    assert "Carte 2027.pdf, déposé le" in apart
    assert (
        "Accepté" not in apart.split("Chercher un document")[-1].split("Tous")[-1].split("Carte 2027.pdf")[-1]
    )
    page = sentences(signed_in.get(f"{LIST}{document.pk}/"))
    assert "Votre mutuelle l’a déposé ici." in page
    assert "Reprendre ce document" not in page
    assert signed_in.get(f"{LIST}accuses/{document.deposit.number}/")["Location"] == f"{LIST}{document.pk}/"
    assert signed_in.post(f"{LIST}{document.pk}/reprendre/").status_code == 409
    entry = Entry.objects.about(document.subject).filter(event=Event.DOCUMENT_DEPOSITED).get()
    assert entry.actor == "api:1"


def test_what_the_insurer_sends_is_judged_as_a_members_file_is(member: Member, objects_folder: Path) -> None:
    with pytest.raises(InsurerFileRefused):
        from_insurer(member, b"<html>", "page.html")
    with pytest.raises(KeyError):
        deposit_for_member(member=member, kind="x", name="a.pdf", chunks=[pdf()], actor="api:1")

    def broken() -> Any:
        yield pdf()
        raise ConnectionError

    with pytest.raises(ConnectionError):
        deposit_for_member(member=member, kind="rib", name="a.pdf", chunks=broken(), actor="api:1")
    assert not Document.objects.exists()
    assert not objects_in(objects_folder)


def zip_of(client: Client) -> zipfile.ZipFile:
    answer = client.post(f"{LIST}tout/")
    assert answer["Content-Disposition"].startswith('attachment; filename="documents-')
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]


class TestZip:
    @pytest.fixture(autouse=True, params=["folder", pytest.param("s3", marks=pytest.mark.any_database)])
    def storage(self, request: pytest.FixtureRequest, objects_folder: Path) -> None:
        if request.param == "s3":
            request.getfixturevalue("s3_storage")

    def test_it_has_every_document_byte_for_byte_and_a_list_of_them(
        self, signed_in: Client, member: Member, other_member: Member
    ) -> None:
        deposited(other_member, pdf(words="à un autre"), "autre.pdf")
        kept = {
            deposited(member, content, name).pk: content
            for name, content in (
                ("rib.pdf", pdf()),
                ("rib.pdf", pdf(words="deux")),
                ("photo.JPG", picture()),
            )
        }
        card = from_insurer(member)
        kept[card.pk] = pdf(words="carte")
        gone = deposited(member, pdf(words="repris"), "repris.pdf")
        take_back(acting=on_own_file(member), document_id=gone.pk)
        with zip_of(signed_in) as opened:
            assert opened.testzip() is None
            listed = json.loads(opened.read("manifest.json"))
            rows = list(
                csv.DictReader(io.StringIO(opened.read("manifest.csv").decode("utf-8-sig")), delimiter=";")
            )
            given = {line["sha256"]: opened.read(line["file"]) for line in listed if line["file"]}
        assert {Document.objects.get(pk=pk).sha256: content for pk, content in kept.items()} == given
        assert [line["receipt"] for line in listed] == [row["receipt"] for row in rows]
        assert len(listed) == 5
        [erased] = [line for line in listed if line["given"] == "erased"]
        assert (erased["sha256"], erased["file"], erased["name"]) == (gone.sha256, "", "")
        assert (
            len([name for name in opened.namelist() if name.startswith("Documents de votre mutuelle/")]) == 1
        )
        assert len([name for name in opened.namelist() if name.startswith("Mes documents/")]) == 3
        assert Entry.objects.about(member.subject).filter(event=Event.DOCUMENTS_EXPORTED).count() == 1
        assert Entry.objects.filter(event=Event.DOCUMENT_DOWNLOADED).count() == 4

    def test_one_that_is_not_whole_is_left_out_to_its_last_byte_and_said_so(
        self, signed_in: Client, member: Member
    ) -> None:
        whole, broken = deposited(member, pdf()), deposited(member, pdf(words="abîmé"))
        Document.objects.filter(pk=broken.pk).update(size=broken.size - 1)
        with zip_of(signed_in) as opened:
            listed = {line["receipt"]: line for line in json.loads(opened.read("manifest.json"))}
            assert len(opened.namelist()) == 3
        assert listed[broken.deposit.number]["given"] == "digest"
        assert listed[whole.deposit.number]["given"] == "whole"
        assert Entry.objects.about(broken.subject)[0].event == Event.DOCUMENT_ALTERED

    def test_one_that_breaks_on_its_way_leaves_a_zip_that_opens_nowhere(
        self, member: Member, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from adherents.vault.services import exporting

        deposited(member, pdf())
        Document.objects.update(sha256="0" * 64)
        monkeypatch.setattr(exporting, "verify", lambda document: None)
        received = bytearray()

        def receive() -> None:
            for chunk in export_everything(member=member, actor=member.subject).chunks:
                received.extend(chunk)

        with pytest.raises(Altered):
            receive()
        with pytest.raises(zipfile.BadZipFile):
            zipfile.ZipFile(io.BytesIO(bytes(received)))


@pytest.mark.parametrize(
    "name",
    [
        "CON.pdf",
        "aux",
        "a" * 200,
        "é" * 196 + ".pdf",
        "fin..pdf",
        "fin .pdf",
        "point.",
        "../../etc/passwd",
        "C:\\Windows\\x.pdf",
        'qu<o>t"e|s?*.pdf',
        "🌷.jpeg",
        "=1+1.csv",
        "",
    ],
)
@pytest.mark.one_on_postgresql
def test_a_name_in_the_zip_is_safe_on_windows(member: Member, name: str) -> None:
    document = deposited(member, pdf())
    document.name = name
    inside = name_in_zip(document)
    folder, file = inside.split("/")
    assert folder == "Mes documents"
    assert not re.search(r'[<>:"\\|?*\x00-\x1f]', file)
    assert not file.endswith((".", " "))
    assert not PureWindowsPath(inside).is_reserved()
    assert len(inside) < 150
    assert file.startswith(f"{timezone.localdate():%Y-%m-%d} {document.deposit.number}-01 RIB")


def test_names_never_collide(member: Member, signed_in: Client) -> None:
    for _ in range(4):
        deposited(member, pdf(), "IMG_0001.PDF")
    names = [name_in_zip(document).lower() for document in Document.objects.select_related("deposit")]
    assert len(set(names)) == 4


def test_the_page_before_the_zip_says_what_it_will_hold(
    signed_in: Client, member: Member, sentences: Text
) -> None:
    assert "Il n’y a rien à télécharger pour l’instant." in sentences(signed_in.get(f"{LIST}tout/"))
    deposited(member, pdf())
    page = sentences(signed_in.get(f"{LIST}tout/"))
    assert "Un fichier zip avec votre document" in page
    with transaction.atomic():
        assert not Entry.objects.filter(event=Event.DOCUMENTS_EXPORTED).exists()
    assert Document.objects.get().origin == Origin.MEMBER


@pytest.mark.django_db
@pytest.mark.parametrize(
    "letter",
    ["é", "漢", "😀", "e\u0301\u0323", "\u1100\u1161\u11a8", "ﷺ", "a"],
    ids=lambda character: f"{ord(character[0]):x}",
)
@pytest.mark.one_on_postgresql
def test_names_as_long_as_a_phone_gives_them_unpack_anywhere_and_stay_apart(
    member: Member, tmp_path: Path, letter: str
) -> None:
    """255 is what Linux and macOS take, in bytes of UTF-8 (macOS may write each accent apart), and Windows in characters."""
    for _ in range(3):
        deposited(member, pdf(), letter * 300 + ".pdf")
    zipped = tmp_path / "tout.zip"
    zipped.write_bytes(b"".join(export_everything(member=member, actor=member.subject).chunks))
    with zipfile.ZipFile(zipped) as archive:
        archive.extractall(tmp_path / "tout")
    names = [path.name for path in (tmp_path / "tout").rglob("*.pdf")]
    assert len({unicodedata.normalize("NFC", name).casefold() for name in names}) == 3
    for name in names:
        for form in ("NFC", "NFD"):
            written = unicodedata.normalize(form, name)  # type: ignore[arg-type]
            assert len(written.encode()) <= 255
            assert len(written.encode("utf-16-le")) // 2 <= 255
        assert "\ufffd" not in name
        assert name.endswith(".pdf")
