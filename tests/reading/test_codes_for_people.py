"""A signed code, for an agent and for the document's own member."""

import re
from typing import Any

import pytest
from django.utils import timezone

from adherents.accounts.models import Role
from adherents.casework.services.entering import enter_checked
from adherents.feed.models import Announcement
from adherents.members.models import Member
from adherents.reading.models import FieldTally, PaperField, PrintedCode
from adherents.reading.selectors import confirmed_values
from adherents.reading.services import working
from adherents.vault.models import Document, State
from tests.reading.invented_codes import OWNER, genuine, trust_of_tests
from tests.reading.sheets import say
from tests.reading.test_codes import PAGE, notice
from tests.reading.test_read_for_people import desk, judge, page_of, text
from tests.reading.test_readings import read_
from tests.vault.conftest import browser_of

pytestmark = pytest.mark.django_db
OTHERS = (PAGE[0], say("M MARTIN PAUL né le 10/03/1954, 3 rue des Roses, 29000 Quimper", y=740), PAGE[2])
DIFFER = "Le code et la page ne disent pas la même chose."
NOT_PROVEN = "sa signature n’est pas prouvée"


@pytest.fixture(autouse=True)
def our_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "trust", trust_of_tests)


def shown(document: Document, role: Role = Role.ADVISER, language: str = "fr") -> str:
    client = desk(role)
    client.post("/langue/", {"language": language})
    return text(client.get(f"/gestion/documents/{document.pk}/")).replace("\u00a0", " ")


def treated(document: Document) -> str:
    """The page on which it is decided: what warns is in sight of the decision there."""
    enter_checked()
    return text(desk().get(f"/gestion/traiter/{document.pk}/")).replace("\u00a0", " ")


def sent(member: Member, *args: Any, **options: Any) -> Document:
    return read_(member, notice(*args, **options), kind="autre")


def test_an_agent_reads_who_signed_a_code_and_each_of_its_values_beside_its_name(member: Member) -> None:
    page = shown(sent(member, genuine()))
    assert f"Code lu, signé par {OWNER}" in page
    assert "le 02/06/2025. Page 1." in page
    assert "Justificatif de ressources (Avis IR)" in page
    assert "La signature prouve le code, et non la page autour de lui." in page
    assert (
        '<strong lang="fr">Revenu fiscal de référence</strong> <span class="read-value">1234</span>' in page
    )
    assert '<span class="read-value">10/03/1954</span>' in page
    assert "signé, la page dit la même chose" in page
    assert "Ce que dit le code : 3 valeurs" in page
    assert DIFFER not in page
    assert "authentique" not in page.casefold()


def test_a_code_is_framed_by_its_corners_on_its_page_and_cut_out_beside_what_it_says(member: Member) -> None:
    document, client = sent(member, genuine()), desk()
    code = PrintedCode.objects.get()
    page = text(client.get(f"/gestion/documents/{document.pk}/"))
    points = re.search(rf'<polygon class="lit" id="code-{code.pk}" points="([0-9, ]+)"/>', page)
    assert points
    corners = [tuple(map(int, point.split(","))) for point in points[1].split()]
    drawn = document.pages.get()
    assert [(round(x / drawn.width, 2), round(y / drawn.height, 2)) for x, y in corners] == [
        (round(across / 10_000, 2), round(down / 10_000, 2)) for across, down in code.corners
    ]
    assert f'data-lights="code-{code.pk}"' in page
    assert f'href="#code-{code.pk}"' in page
    assert 'aria-label="Code 2D-Doc : extrait"' in page
    PrintedCode.objects.update(corners=None)  # read before this version
    page = text(client.get(f"/gestion/documents/{document.pk}/")).replace("\u00a0", " ")
    assert "<polygon" not in page
    assert f"Code lu, signé par {OWNER}" in page


def test_a_genuine_code_on_anothers_page_is_told_to_the_agent_in_red_and_to_nobody_else(
    member: Member,
) -> None:
    document = sent(member, genuine(), *OTHERS)
    page = treated(document)
    assert page.count(DIFFER) == 2  # beside the decision, and in the panel
    assert page.count(f'<p class="read-warns"><strong>{DIFFER}') == 1
    assert re.search(
        r'<p class="read-warns"><strong lang="fr">Déclarant 1</strong>.*La page dit autre chose\.', page
    )
    assert "<details open>" in page
    at_home = text(browser_of(member).get(page_of(document)))
    assert DIFFER not in at_home
    assert "autre chose" not in at_home


@pytest.mark.parametrize(
    ("said", "why", "is_red"),
    [
        (lambda: genuine().replace(b"1234", b"1235"), "Sa signature n’est pas celle de ce qu’il dit", True),
        (
            lambda: genuine(certificate="INV9"),
            "Son signataire n’est pas de ceux que nous connaissons.",
            False,
        ),
        (lambda: genuine(authority="FR00", certificate="0001"), "C’est un code d’essai.", False),
        (lambda: genuine(on=None), "n’était pas valable le jour de la signature", False),
        (lambda: genuine()[:-9], "Sa forme n’est pas de celles que nous savons lire.", False),
    ],
    ids=["altered", "unknown", "test", "expired", "unreadable"],
)
def test_a_code_that_is_not_believed_is_said_in_plain_words_without_its_values(
    member: Member, said: Any, why: str, is_red: bool
) -> None:
    document = sent(member, said())
    page = treated(document)
    assert NOT_PROVEN in page
    assert why in page
    assert OWNER not in page
    assert "Déclarant" not in page
    assert ("La signature du code n’est pas prouvée." in page) == is_red
    assert "signé par" not in text(browser_of(member).get(page_of(document)))


def test_a_revoked_signer_is_told_in_red(member: Member) -> None:
    document = sent(member, genuine())
    PrintedCode.objects.update(worth="revoked", signer="", paper="", signed_on=None)
    PaperField.objects.all().delete()
    page = treated(document)
    assert "Le certificat de son signataire a été révoqué." in page
    assert "La signature du code n’est pas prouvée." in page


def test_what_is_signed_and_has_no_form_that_we_know_is_said(member: Member) -> None:
    page = shown(sent(member, genuine("ZZ12\x1d")))
    assert f"Code lu, signé par {OWNER}" in page
    assert "Ce qu’il dit n’est pas d’une forme que nous savons lire." in page


def test_in_english_the_names_of_values_stay_french_and_say_so(member: Member) -> None:
    page = shown(sent(member, genuine(), *OTHERS), language="en")
    assert f"Code read, signed by {OWNER}" in page
    assert "The code and the page do not say the same." in page
    assert '<strong lang="fr">Déclarant 1</strong>' in page


def test_the_member_is_told_who_signed_the_code_of_their_own_document_and_no_value(member: Member) -> None:
    document, at_home = sent(member, genuine()), browser_of(member)
    page = text(at_home.get(page_of(document)))
    assert f"Nous avons lu le code de ce document, signé par {OWNER}." in page
    assert "1234" not in page
    assert "Nous n’avons rien pu lire" not in page
    Document.objects.filter(pk=document.pk).update(relocated_at=timezone.now(), state=State.IN_PROGRESS)
    assert OWNER not in text(at_home.get(page_of(document)))


def test_a_signed_value_is_judged_as_any_other(member: Member) -> None:
    document, client = sent(member, genuine()), desk()
    field = PaperField.objects.get(code="code_2ddoc.41")
    assert judge(client, document, "wrong", field).status_code == 302
    assert list(FieldTally.objects.values_list("code", "right", "wrong")) == [("code_2ddoc.41", 0, 1)]
    assert judge(client, document, "right", field).status_code == 302
    assert [(one.code, one.clear) for one in confirmed_values(document)] == [("code_2ddoc.41", "1234")]
    told = Announcement.objects.filter(type="reading.confirmed").get()
    assert told.data["code"] == "code_2ddoc.41"


@pytest.mark.parametrize(
    ("language", "head"), [("fr", "Valeurs lues sur les documents"), ("en", "Values read on documents")]
)
def test_the_figures_call_a_signed_value_by_its_name_on_one_line(
    member: Member, language: str, head: str
) -> None:
    field = PaperField.objects.get(reading__document=sent(member, genuine()), code="code_2ddoc.41")
    client = desk(Role.SUPERVISOR)
    client.post("/langue/", {"language": language})
    judge(client, field.reading.document, "right", field)
    week = FieldTally.objects.get().week
    FieldTally.objects.create(week=week, code=field.code, letters="recognised", right=1, wrong=2)
    answer = client.get("/gestion/chiffres/")
    assert head in text(answer)
    rows = [[cell.raw for cell in row] for row in answer.context["figures"].read.rows]
    assert rows == [["Revenu fiscal de référence (2D-Doc)", "2", "2", "50"]]
    assert "code_2ddoc" not in text(answer)


def test_its_values_are_beside_the_code_and_not_among_those_that_were_read_on_the_page(
    member: Member,
) -> None:
    page = shown(sent(member, genuine()))
    assert page.count('data-copies="1234"') == 1
    assert 'data-key="Q"' not in page  # the key is for what was read on the page
