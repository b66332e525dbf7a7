"""What was read, for an agent and for the document's own member; what they say of it."""

import io
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pypdfium2 import PdfDocument

from adherents.accounts.models import Role
from adherents.api.resources.readings import confirmed_value
from adherents.casework.services.entering import enter_checked
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.reading.models import FieldTally, PaperField, PaperReading, ReadingOutcome
from adherents.reading.services import judging
from adherents.reading.services.entering import enter_lately
from adherents.reading.services.working import read_due
from adherents.vault.models import Document, SetAside, State
from adherents.vault.services.filing import Place
from adherents.vault.services.splitting import Slice, split
from tests.agents import make_agent
from tests.agents import signed_in as agent_browser
from tests.reading.sheets import IBAN, say, sheet
from tests.reading.test_readings import RIB, checked, read_
from tests.vault.conftest import browser_of, pdf

pytestmark = pytest.mark.django_db
SHOWN = "FR14 2004 1010 0505 0001 3M02 606"
OTHERS = sheet(say("Titulaire : M. MARTIN PAUL", y=740), say(f"IBAN : {SHOWN}"))


def desk(role: Role = Role.ADVISER) -> Client:
    return agent_browser(make_agent(role))


def text(response: Any) -> str:
    assert response.status_code == 200
    content: str = response.content.decode()
    return content


def page_of(document: Document) -> str:
    return f"/adherent/documents/{document.pk}/"


def iban_of(document: Document) -> PaperField:
    return PaperField.objects.get(reading__document=document, code="iban")


def judge(
    client: Client, document: Document, judgement: str = "right", field: PaperField | None = None
) -> Any:
    pk = (field or iban_of(document)).pk
    return client.post(f"/gestion/documents/{document.pk}/lu/{pk}/", {"judgement": judgement, "back": ""})


def answer(client: Client, document: Document, said: str = "yes") -> Any:
    return client.post(f"{page_of(document)}lu/{iban_of(document).pk}/", {"answer": said})


def test_an_agent_sees_each_value_with_its_page_its_proofs_and_its_place(member: Member) -> None:
    document = read_(member)
    page = text(desk().get(f"/gestion/documents/{document.pk}/"))
    assert "Lu sur le document" in page
    assert SHOWN in page
    assert f'data-copies="{IBAN}"' in page
    assert 'data-key="Q"' in page
    assert "clé de l’IBAN juste, clé RIB juste" in page
    assert "Même nom qu’une personne du contrat" in page
    assert page.count('<svg class="read-crop"') == 2  # the IBAN and the BIC; a name has no place
    assert page.count('<rect class="lit"') == 2  # the same two, on the page itself


def test_a_value_of_a_part_is_lit_on_its_own_page_and_told_as_one_of_the_original(member: Member) -> None:
    whole = PdfDocument.new()
    for content in (sheet(title="Lettre"), sheet(title="Lettre"), RIB):
        whole.import_pages(PdfDocument(content))
    written = io.BytesIO()
    whole.save(written)
    whole.close()
    original = checked(member, written.getvalue())
    place = Place("rib", None)
    slices = [Slice(1, 1, place), Slice(2, 3, place)]
    with transaction.atomic():
        _, part = split(document_id=original.pk, slices=slices, actor="-")
    enter_lately()
    while read_due():
        pass
    assert iban_of(part).page == 2
    client = desk()
    first, second = (text(client.get(f"/gestion/documents/{part.pk}/?page={page}")) for page in (1, 2))
    assert '<rect class="lit"' not in first
    assert second.count('<rect class="lit"') == 2
    assert confirmed_value(judged(part), part).page == 3


def judged(document: Document) -> PaperField:
    field = iban_of(document)
    field.judgement, field.judged_at = "right", timezone.now()
    return field


def test_on_the_page_that_treats_too_and_the_key_is_there_once(member: Member) -> None:
    document = read_(member)
    enter_checked()
    page = text(desk().get(f"/gestion/traiter/{document.pk}/"))
    assert page.count('data-key="Q"') == 1
    assert page.count(SHOWN) == 2  # in sight of the decision, and in its panel


def test_what_stands_on_a_paper_of_another_member_is_not_told_to_who_sent_it(member: Member) -> None:
    document, at_home = read_(member), browser_of(member)
    assert "FR14 … 606" in text(at_home.get(page_of(document)))
    Document.objects.filter(pk=document.pk).update(relocated_at=timezone.now(), state=State.IN_PROGRESS)
    assert "FR14" not in text(at_home.get(page_of(document)))
    answer(at_home, document)
    assert iban_of(document).member_answer == ""


def test_a_holder_who_is_nobody_of_the_contract_is_said_clearly(member: Member) -> None:
    document = read_(member, OTHERS)
    page = text(desk().get(f"/gestion/documents/{document.pk}/"))
    assert "Autre nom : ce n’est celui d’aucune personne du contrat" in page.replace("\u00a0", " ")
    assert "MARTIN" not in page


def test_another_kind_is_proposed_and_never_changed(member: Member) -> None:
    document = read_(member, RIB, kind="devis")
    page = text(desk().get(f"/gestion/documents/{document.pk}/")).replace("\u00a0", " ")
    assert "On dirait un document « RIB »." in page
    document.refresh_from_db()
    assert document.kind == "devis"
    own = read_(member)
    assert "On dirait" not in text(desk(Role.SUPERVISOR).get(f"/gestion/documents/{own.pk}/"))


def test_another_kind_is_told_to_its_member_as_long_as_it_waits(member: Member) -> None:
    document, at_home = read_(member, RIB, kind="devis"), browser_of(member)
    page = text(at_home.get(page_of(document))).replace("\u00a0", " ")
    assert "On dirait un document « RIB »." in page
    assert "Vous n’avez rien à faire" in page
    document.refresh_from_db()
    assert document.kind == "devis"
    Document.objects.filter(pk=document.pk).update(state=State.ACCEPTED)
    assert "On dirait" not in text(at_home.get(page_of(document)))
    assert "On dirait" not in text(at_home.get(page_of(read_(member))))


def test_of_another_members_paper_no_kind_is_proposed_to_who_sent_it(member: Member) -> None:
    document = read_(member, RIB, kind="devis")
    Document.objects.filter(pk=document.pk).update(relocated_at=timezone.now(), state=State.IN_PROGRESS)
    assert "On dirait" not in text(browser_of(member).get(page_of(document)))


@pytest.mark.parametrize(
    ("on", "old"), [("2026-06-12", False), ("2026-06-13", True)], ids=["three months", "a day more"]
)
def test_an_attestation_of_more_than_three_months_is_said_to_both_sides(
    member: Member, on: str, old: bool
) -> None:
    draws = say("Fait le 12/03/2026", y=700), say("Valable jusqu’au 02/10/2026", y=680)
    document = read_(member, sheet(*draws, title="ATTESTATION DE DROITS"), kind="attestation_secu")
    with time_machine.travel(f"{on} 12:00:00+02:00"):
        theirs = text(desk(Role.SUPERVISOR).get(f"/gestion/documents/{document.pk}/")).replace("\u00a0", " ")
        mine = text(browser_of(member).get(page_of(document))).replace("\u00a0", " ")
    assert ("Il y a plus de trois mois." in theirs) is old
    assert ("Ce document est daté du 12/03/2026, il y a plus de trois mois." in mine) is old
    with time_machine.travel("2026-10-03 12:00:00+02:00"):
        over = text(browser_of(member).get(page_of(document))).replace("\u00a0", " ")
    assert "Cette attestation a fini le 02/10/2026" in over
    assert "trois mois" not in over


def test_a_school_year_that_is_over_is_said_to_both_sides(member: Member) -> None:
    draws = say("Année scolaire 2024-2025", y=700), say("Nom et prénom : MARTIN Paul", y=680)
    document = read_(member, sheet(*draws, title="CERTIFICAT DE SCOLARITÉ"), kind="certificat_scolarite")
    theirs = text(desk().get(f"/gestion/documents/{document.pk}/"))
    assert "Cette année scolaire est finie." in theirs
    assert "Autre nom" in theirs
    mine = text(browser_of(member).get(page_of(document)))
    assert "Ce certificat est de l’année scolaire 2024-2025, qui est finie" in mine
    assert "MARTIN" not in mine + theirs


def test_a_bill_says_its_total_to_agents_and_nothing_to_its_member(member: Member) -> None:
    lines = (("Monture", "120,00"), ("Verres", "1 080,50"), ("Total TTC", "1 200,50 €"))
    draws = [say(words, y=700 - 20 * at) for at, (words, _) in enumerate(lines)]
    draws += [say(amount, x=400, y=700 - 20 * at) for at, (_, amount) in enumerate(lines)]
    draws += [say("Facture acquittée", y=300), say("Facture du 1er mars 2020", y=280)]
    document = read_(member, sheet(*draws, title="FACTURE"), kind="facture_optique")
    page = text(desk().get(f"/gestion/documents/{document.pk}/"))
    assert "1\u202f200,50\u00a0€" in page
    assert 'data-copies="1200,50"' in page
    assert "somme de ses lignes" in page
    assert "Oui\u00a0: c’est écrit sur le document" in page
    assert "01/03/2020" in page
    assert "trois mois" not in page  # an old bill is a bill
    assert page.count('<svg class="read-crop"') == 2  # the total and the day
    assert "Ce que nous avons lu" not in text(browser_of(member).get(page_of(document)))


def test_a_judgement_is_counted_once_and_changes_with_the_agents_mind(member: Member) -> None:
    document, client = read_(member), desk()
    assert judge(client, document, "right").status_code == 302
    judge(client, document, "right")
    assert list(FieldTally.objects.values_list("code", "letters", "right", "wrong")) == [
        ("iban", "drawn", 1, 0)
    ]
    judge(client, document, "wrong")
    assert list(FieldTally.objects.values_list("code", "letters", "right", "wrong")) == [
        ("iban", "drawn", 0, 1)
    ]
    judged = Entry.objects.filter(event=Event.VALUE_JUDGED).order_by("pk")
    assert [entry.details for entry in judged] == [
        {"code": "iban", "judgement": "right"},
        {"code": "iban", "judgement": "wrong"},
    ]
    page = text(client.get(f"/gestion/documents/{document.pk}/"))
    assert 'value="wrong" class="button button-quiet" aria-pressed="true"' in page


def test_what_agents_said_is_in_the_figures_of_its_weeks_whatever_is_filtered(member: Member) -> None:
    document = read_(member)
    judge(desk(), document, "wrong")
    head = agent_browser(make_agent(Role.SUPERVISOR, address="c@mese.example"))
    judge(head, read_(member), "right")
    judge(head, read_(member), "right")
    for query in ("", "?weeks=4&kind=devis"):
        page = text(head.get(f"/gestion/chiffres/{query}"))
        assert "Valeurs lues sur les documents" in page
        figures = head.get(f"/gestion/chiffres/{query}").context["figures"]
        assert [[cell.raw for cell in row] for row in figures.read.rows] == [
            ["IBAN (texte du PDF)", "2", "1", "67"]
        ]
    file = head.get("/gestion/chiffres/lectures/csv/?weeks=4").content.decode("utf-8-sig").splitlines()
    assert file == ["Valeur;Juste;Faux;Part juste (%)", "IBAN (texte du PDF);2;1;67"]
    assert IBAN not in page
    with time_machine.travel(timezone.now() + timedelta(weeks=5)):
        later = agent_browser(make_agent(Role.SUPERVISOR, address="d@mese.example"))
        assert "Valeurs lues" not in text(later.get("/gestion/chiffres/?weeks=4"))


def test_a_judgement_made_last_week_leaves_that_week(member: Member) -> None:
    document, client = read_(member), desk()
    judge(client, document, "right")
    with time_machine.travel(timezone.now() + timedelta(days=7)):
        judge(agent_browser(make_agent(address="b@mese.example")), document, "wrong")
    counts = list(FieldTally.objects.order_by("week").values_list("right", "wrong"))
    assert counts == [(0, 0), (0, 1)]


def test_another_documents_value_and_nonsense_are_refused(member: Member) -> None:
    document, other, client = read_(member), read_(member), desk()
    judge(client, document, "right", field=iban_of(other))
    judge(client, document, "perhaps")
    assert not FieldTally.objects.exists()
    assert set(PaperField.objects.values_list("judgement", flat=True)) == {""}


def test_an_auditor_neither_sees_nor_judges(member: Member) -> None:
    document = read_(member)
    assert judge(desk(Role.AUDITOR), document).status_code == 403
    assert not FieldTally.objects.exists()


def test_an_agent_who_was_suspended_meanwhile_judges_nothing(member: Member) -> None:
    document, agent = read_(member), make_agent()
    agent.closed_at = timezone.now()
    agent.save(update_fields=["closed_at"])
    with pytest.raises(judging.NoLongerJudges):
        judging.judge_value(
            agent=agent, document_id=document.pk, field_id=iban_of(document).pk, judgement="right"
        )


def test_the_member_reads_their_account_masked_and_says_yes_and_the_agent_sees_it(member: Member) -> None:
    document, client = read_(member), browser_of(member)
    page = text(client.get(page_of(document))).replace("\u00a0", " ")
    assert "FR14 … 606" in page
    assert "Est-ce bien celui-là ?" in page
    assert SHOWN not in page
    assert IBAN not in page
    assert "conseiller le verra" in text(
        client.post(f"{page_of(document)}lu/{iban_of(document).pk}/", {"answer": "yes"}, follow=True)
    )
    assert "Vous avez dit que c’est le bon." in text(client.get(page_of(document)))
    assert "L’adhérent dit que c’est le sien." in text(desk().get(f"/gestion/documents/{document.pk}/"))
    assert list(Entry.objects.filter(event=Event.VALUE_ANSWERED).values_list("details", flat=True)) == [
        {"code": "iban", "answer": "yes"}
    ]


def test_a_no_is_in_sight_of_the_decision(member: Member) -> None:
    document = read_(member)
    answer(browser_of(member), document, "no")
    enter_checked()
    page = text(desk().get(f"/gestion/traiter/{document.pk}/"))
    assert page.count("L’adhérent dit que ce n’est pas le sien.") == 2


def test_nothing_that_was_read_is_shown_to_another_member(member: Member, other_member: Member) -> None:
    document, stranger = read_(member), browser_of(other_member)
    for response in (stranger.get(page_of(document)), answer(stranger, document)):
        assert response.status_code == 404
        assert "606" not in response.content.decode()
    assert Client().get(page_of(document)).status_code == 302
    assert answer(Client(), document).status_code == 302
    assert iban_of(document).member_answer == ""


def test_once_it_is_decided_the_member_reads_it_and_is_asked_nothing(member: Member) -> None:
    document, client = read_(member), browser_of(member)
    Document.objects.filter(pk=document.pk).update(state=State.ACCEPTED)
    page = text(client.get(page_of(document)))
    assert "FR14 … 606" in page
    assert "Est-ce bien" not in page
    answer(client, document)
    assert iban_of(document).member_answer == ""


def test_what_was_set_aside_or_erased_shows_nothing(member: Member) -> None:
    document = read_(member)
    Document.objects.filter(pk=document.pk).update(set_aside=SetAside.INFECTED)
    assert "… 606" not in text(browser_of(member).get(page_of(document)))
    assert SHOWN not in text(desk().get(f"/gestion/documents/{document.pk}/"))


def test_an_attestation_says_when_it_ends_and_that_it_has(member: Member) -> None:
    def attestation(day: str) -> bytes:
        return sheet(say(f"Valable du 01/01/2026 au {day}"), title="ATTESTATION DE DROITS")

    comes = read_(member, attestation("03/10/2099"), kind="attestation_secu")
    over = read_(member, attestation("03/10/2026"), kind="attestation_secu")
    client, agent = browser_of(member), desk()
    with time_machine.travel("2026-12-01T10:00:00Z", tick=False):
        client, agent = browser_of(member), agent_browser(make_agent(address="c@mese.example"))
        assert "Cette attestation finit le 03/10/2099." in text(client.get(page_of(comes))).replace(
            "\u00a0", " "
        )
        assert "Cette attestation a fini le 03/10/2026" in text(client.get(page_of(over))).replace(
            "\u00a0", " "
        )
        assert "Cette attestation n’est plus valable." in text(agent.get(f"/gestion/documents/{over.pk}/"))


def test_where_nothing_is_read_the_member_is_told_only_of_a_kind_that_is_known(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, other = read_(member, pdf()), read_(member, pdf(), kind="devis")
    client, nothing = browser_of(member), "Nous n’avons rien pu lire : un conseiller le fera."
    assert nothing in text(client.get(page_of(known))).replace("\u00a0", " ")
    assert "Ce que nous avons lu" not in text(client.get(page_of(other)))
    PaperReading.objects.filter(document=known).update(outcome=ReadingOutcome.NOT_TRIED)
    assert "Ce que nous avons lu" not in text(client.get(page_of(known)))
    PaperReading.objects.filter(document=known).update(outcome=ReadingOutcome.WAITS)
    assert "Lecture en cours" in text(client.get(page_of(known)))
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert "Lecture en cours" not in text(browser_of(member).get(page_of(known)))


def test_the_number_of_a_person_is_masked_and_named(member: Member) -> None:
    number = str(member.nir)
    spaced = (
        f"{number[:1]} {number[1:3]} {number[3:5]} {number[5:7]} {number[7:10]} {number[10:13]} {number[13:]}"
    )
    document = read_(
        member,
        sheet(say(f"N° de Sécurité sociale : {spaced}"), title="ATTESTATION DE DROITS"),
        kind="attestation_secu",
    )
    page = text(desk().get(f"/gestion/documents/{document.pk}/"))
    assert f"– {member.name}" in page
    assert number[10:13] + " " + number[13:] not in page
    assert number not in page
