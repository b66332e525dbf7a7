"""The agent's screens: the queue, an item on the screen, what is decided there and what comes next."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from adherents.accounts.models import Account, Role
from adherents.casework.models import Decision, Item, Outcome, Status
from adherents.casework.services import deciding, entering, queue
from adherents.insurer.treatment import UNKNOWN_KIND
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.mail.models import OutboxMail
from adherents.members.models import Member
from adherents.vault.models import Document, State
from adherents.work.services import run_until_nothing_is_left
from tests.agents import make_agent, signed_in
from tests.casework.queueing import adviser, checked, waiting
from tests.vault.conftest import deposited, pdf

Words = Callable[[Any], str]
# Pages; test_queue, test_deciding and test_queue_races have what they do.
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
REASON = {
    "reason": "rib_illisible",
    "words_fr": "On ne lit pas l’IBAN.",
    "words_en": "The IBAN cannot be read.",
}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as travelled:
        yield travelled


def on_screen(item: Item) -> str:
    return f"/gestion/traiter/{item.document_id}/"


def held(agent: Account, item: Item) -> Item:
    queue.take(agent=agent, item=item)
    return item


def status_of(item: Item) -> str:
    return str(Item.objects.get(pk=item.pk).status)


# An item on the screen


def test_the_screen_shows_the_document_the_member_and_what_can_be_decided(
    desk: Client, agent: Account, member: Member, words: Words
) -> None:
    document = deposited(member, pdf(2))
    run_until_nothing_is_left()
    held(agent, Item.objects.get(document=document))
    answer = desk.get(f"/gestion/traiter/{document.pk}/?page=2&turned=2-90")
    page, html = words(answer), answer.content.decode()
    assert 'aria-label="Page 2 sur 2"' in html
    assert f'href="/gestion/traiter/{document.pk}/pages/2/image/"' in html  # an SVG frame turns it
    assert 'class="page-image zoom-100"' in html  # legible, where nothing was chosen
    assert member.email in page
    for key in "ACRDMN":
        assert f'data-key="{key}"' in html
    assert "Document pris en charge" in page


def test_a_key_leads_to_one_place_of_a_page(desk: Client, agent: Account, member: Member) -> None:
    """The first element that carries a key takes it: a second one would never hear of it."""
    document = deposited(member, pdf(2))
    run_until_nothing_is_left()
    Document.objects.update(kind=UNKNOWN_KIND)
    Item.objects.update(kind=UNKNOWN_KIND)
    item = held(agent, Item.objects.get(document=document))
    for address in (
        "/gestion/",
        on_screen(item),
        *(f"{on_screen(item)}{act}" for act in ("refuser/?pick=illisible", "correction/", "transmettre/")),
        f"/gestion/documents/{document.pk}/",
        f"/gestion/adherents/{member.pk}/",
    ):
        answer: Any = desk.get(address)
        assert answer.status_code == 200, address
        keys = [key.lower() for key in re.findall(r'data-key="([^"]+)"', answer.content.decode())]
        assert sorted(keys) == sorted(set(keys)), address
        assert len(keys) > 3, address


def test_looking_at_an_item_takes_it_from_nobody(desk: Client, member: Member, words: Words) -> None:
    [item] = waiting(member)
    assert "Prendre ce document" in words(desk.get(on_screen(item)))
    assert Item.objects.get().agent is None
    assert Document.objects.get(pk=item.document_id).state == State.CHECKED
    desk.post(f"{on_screen(item)}prendre/")
    assert "Accepter" in words(desk.get(on_screen(item)))


def test_an_item_in_another_hand_is_read_and_not_decided(desk: Client, member: Member, words: Words) -> None:
    [item] = waiting(member)
    held(adviser(2), item)
    page = words(desk.get(on_screen(item)))
    assert "Agent 2 traite ce document." in page
    assert "Accepter" not in page
    refused = words(desk.post(f"{on_screen(item)}accepter/", follow=True))
    assert "Agent 2 traite ce document." in refused
    assert not Decision.objects.exists()


def test_being_on_the_screen_keeps_the_lease(
    desk: Client, agent: Account, member: Member, clock: time_machine.Traveller
) -> None:
    item = held(agent, waiting(member)[0])
    clock.shift(timedelta(minutes=10))
    desk.get(on_screen(item))
    clock.shift(timedelta(minutes=10))
    assert queue.end_leases() == 0


# Deciding


def test_accepted_the_next_one_opens_by_itself_with_a_way_to_undo(
    desk: Client, agent: Account, member: Member, words: Words
) -> None:
    first, second = waiting(member, 2)
    held(agent, first)
    answer = desk.post(f"{on_screen(first)}accepter/", follow=True)
    assert answer.redirect_chain == [(on_screen(second), 302)]
    assert "Accepté : RIB – Camille DUPONT." in words(answer)
    assert 'data-undo="10000"' in answer.content.decode()
    assert status_of(first) == Status.DECIDED


def test_undone_in_time_it_is_on_the_screen_again_and_nobody_was_told(
    desk: Client, agent: Account, member: Member, words: Words, clock: time_machine.Traveller
) -> None:
    first, second = waiting(member, 2)
    held(agent, first)
    desk.post(f"{on_screen(first)}accepter/")
    clock.shift(timedelta(seconds=9))
    answer = desk.post(
        f"/gestion/decisions/{Decision.objects.get().pk}/annuler/", {"back": second.document_id}, follow=True
    )
    assert answer.redirect_chain == [(on_screen(first), 302)]
    assert "Décision annulée" in words(answer)
    run_until_nothing_is_left()
    assert not OutboxMail.objects.filter(name="casework/accepted").exists()


def test_undone_too_late_says_so_and_stays_where_it_was(
    desk: Client, agent: Account, member: Member, words: Words, clock: time_machine.Traveller
) -> None:
    first, second = waiting(member, 2)
    held(agent, first)
    desk.post(f"{on_screen(first)}accepter/")
    clock.shift(timedelta(seconds=11))
    assert "data-undo" not in desk.get(on_screen(second)).content.decode()
    answer = desk.post(
        f"/gestion/decisions/{Decision.objects.get().pk}/annuler/", {"back": second.document_id}, follow=True
    )
    assert answer.redirect_chain == [(on_screen(second), 302)]
    assert "trop tard" in words(answer)


def test_nobody_undoes_what_another_decided(desk: Client, member: Member) -> None:
    item = held(other := adviser(2), waiting(member)[0])
    decision = deciding.accept(agent=other, item=item)
    assert desk.post(f"/gestion/decisions/{decision.pk}/annuler/").status_code == 404


def test_a_refusal_begins_with_the_templates_of_the_kind_and_sends_the_words_as_edited(
    desk: Client, agent: Account, member: Member, words: Words, clock: time_machine.Traveller
) -> None:
    item = held(agent, waiting(member)[0])
    address = f"{on_screen(item)}refuser/"
    listed = words(desk.get(address))
    assert "RIB illisible" in listed
    assert "Ordonnance périmée" not in listed
    offered = words(desk.get(f"{address}?pick=rib_illisible"))
    assert "Nous n’arrivons pas à lire l’IBAN" in offered
    assert "We cannot read the IBAN" in offered
    desk.post(address, REASON)
    decision = Decision.objects.get()
    assert (decision.outcome, decision.words_fr, decision.words_en) == (
        Outcome.REFUSED,
        *list(REASON.values())[1:],
    )
    clock.shift(timedelta(seconds=11))
    run_until_nothing_is_left()
    assert Document.objects.get(pk=item.document_id).state == State.REFUSED
    assert OutboxMail.objects.filter(name="casework/refused").count() == 1


def test_a_refusal_without_words_keeps_what_was_written_and_says_what_to_mend(
    desk: Client, agent: Account, member: Member, words: Words
) -> None:
    item = held(agent, waiting(member)[0])
    answer = desk.post(f"{on_screen(item)}refuser/", REASON | {"words_fr": " "})
    assert "Il y a un point à corriger" in words(answer)
    assert "The IBAN cannot be read." in words(answer)
    assert not Decision.objects.exists()


def test_words_are_kept_when_somebody_else_was_quicker(
    desk: Client, agent: Account, member: Member, words: Words, clock: time_machine.Traveller
) -> None:
    item = held(agent, waiting(member)[0])
    for _ in range(2):  # longer than the lease, and never idle: the session goes on
        clock.shift(timedelta(minutes=8))
        desk.get("/gestion/adherents/")
    held(adviser(2), item)
    page = words(desk.post(f"{on_screen(item)}refuser/", REASON))
    assert "Agent 2 traite ce document." in page
    assert "On ne lit pas l’IBAN." in page


def test_a_correction_has_a_day_fifteen_days_ahead_unless_the_agent_says_otherwise(
    desk: Client, agent: Account, member: Member, words: Words
) -> None:
    item = held(agent, waiting(member)[0])
    address = f"{on_screen(item)}correction/"
    assert 'value="2026-12-08"' in desk.get(f"{address}?pick=rib_illisible").content.decode()
    assert "Choisissez un jour à venir." in words(desk.post(address, REASON | {"until": "2026-11-23"}))
    desk.post(address, REASON | {"until": "2026-12-01"})
    assert str(Decision.objects.get().until) == "2026-12-01"


def test_an_answer_to_a_correction_shows_what_was_asked_for(
    desk: Client, agent: Account, member: Member, words: Words, clock: time_machine.Traveller
) -> None:
    asked = held(agent, waiting(member)[0])
    desk.post(f"{on_screen(asked)}correction/", REASON | {"until": "2026-12-01"})
    clock.shift(timedelta(seconds=11))
    run_until_nothing_is_left()
    answer = checked(member, answers=Document.objects.get(pk=asked.document_id))
    entering.put_right()
    page = words(desk.get(f"/gestion/traiter/{answer.pk}/"))
    assert "Répond à une correction" in page
    assert "Demandée le 23/11/2026 par Claire Morel, pour le 01/12/2026." in page
    assert "correction demandée (RIB illisible)" in page


# Letting go


def test_given_back_the_queue_shows_and_next_gives_another_one(
    desk: Client, agent: Account, member: Member
) -> None:
    first, second = waiting(member, 2)
    held(agent, first)
    answer: Any = desk.post(f"{on_screen(first)}rendre/")
    assert answer.url == "/gestion/"
    answer = desk.post("/gestion/suivant/")
    assert answer.url == on_screen(second)


def test_handed_over_it_is_the_colleagues(desk: Client, agent: Account, member: Member, words: Words) -> None:
    colleague, [item] = adviser(2), waiting(member)
    held(agent, item)
    address = f"{on_screen(item)}transmettre/"
    choices = words(desk.get(address))
    assert "Agent 2" in choices
    assert "Choisissez un agent." in words(desk.post(address, {"to": ""}))
    assert "Choisissez un agent." in words(desk.post(address, {"to": str(agent.pk)}))
    assert "Document transmis à Agent 2." in words(desk.post(address, {"to": str(colleague.pk)}, follow=True))
    assert Item.objects.get().reserved_for == colleague


def test_a_supervisor_assigns_and_takes_the_assignment_back(member: Member, words: Words) -> None:
    colleague, [item] = adviser(2), waiting(member)
    browser = signed_in(make_agent(Role.SUPERVISOR))
    assert f"{on_screen(item)}attribuer/" in browser.get("/gestion/").content.decode()
    address = f"{on_screen(item)}attribuer/"
    assert "Document réservé à Agent 2." in words(
        browser.post(address, {"to": str(colleague.pk)}, follow=True)
    )
    assert "Réservé · Agent 2" in words(browser.get("/gestion/"))
    browser.post(address, {"to": ""})
    assert Item.objects.get().reserved_for is None


def test_who_has_it_in_hand_finishes_it_whatever_a_supervisor_wants(member: Member, words: Words) -> None:
    colleague, [item] = adviser(2), waiting(member)
    held(colleague, item)
    browser = signed_in(make_agent(Role.SUPERVISOR))
    answer = browser.post(f"{on_screen(item)}attribuer/", {"to": str(colleague.pk)})
    assert "Agent 2 traite ce document." in words(answer)


# The next one, before it is asked for


@pytest.fixture
def drawn(agent: Account, member: Member) -> list[Item]:
    """Two items with their pages, the first one in the agent's hand."""
    documents = [deposited(member, pdf(3)) for _ in range(2)]
    run_until_nothing_is_left()
    items = list(Item.objects.oldest_due_first())
    assert {item.document_id for item in items} == {document.pk for document in documents}
    held(agent, items[0])
    return items


def test_the_next_one_is_set_apart_and_its_first_pages_may_be_kept_for_minutes(
    desk: Client, drawn: list[Item]
) -> None:
    first, second = drawn
    assert "data-prefetch hidden" in desk.get(on_screen(first)).content.decode()
    images = desk.post(f"{on_screen(first)}suivant/").json()["images"]
    pages = ["1/image", "2/image", "1/vignette", "2/vignette", "3/vignette"]
    assert images == [f"{on_screen(second)}pages/{page}/" for page in pages]
    for image in images:
        answer = desk.get(image)
        assert (answer["Content-Type"], answer["Cache-Control"]) == ("image/jpeg", "private, max-age=180")
        assert "Cookie" in answer["Vary"]
    opened = Entry.objects.filter(event=Event.DOCUMENT_OPENED, subject=second.subject)
    assert opened.exists()  # what left the safe is in the journal, looked at or not
    deciding.accept(agent=first.agent or Account.objects.get(role=Role.ADVISER), item=first)
    next_one: Any = desk.post("/gestion/suivant/")
    assert next_one.url == on_screen(second)
    assert images[0] in desk.get(next_one.url).content.decode()


def test_a_page_of_what_is_not_in_hand_is_kept_by_no_browser(desk: Client, drawn: list[Item]) -> None:
    answer = desk.get(f"{on_screen(drawn[1])}pages/1/image/")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert desk.get(f"{on_screen(drawn[1])}pages/9/image/").status_code == 404


def test_nothing_more_to_fetch_is_no_error(desk: Client, agent: Account, member: Member) -> None:
    item = held(agent, waiting(member)[0])
    assert desk.post(f"{on_screen(item)}suivant/").json() == {"images": []}


def test_the_queue_and_the_screen_make_as_many_queries_however_many_wait(
    desk: Client, agent: Account, member: Member, django_assert_max_num_queries: Any
) -> None:
    item = held(agent, waiting(member, 60)[0])
    for address, most in (("/gestion/", 24), (on_screen(item), 37)):
        desk.get(address)
        with django_assert_max_num_queries(most):
            desk.get(address)


def test_every_error_of_a_correction_is_told_in_one_round_in_the_order_of_the_page(
    desk: Client, agent: Account, member: Member, words: Words
) -> None:
    [item] = waiting(member)
    held(agent, item)
    answer = desk.post(f"{on_screen(item)}correction/", REASON | {"words_fr": "", "until": "2026-11-23"})
    page = answer.content.decode()
    summary = page.split("error-summary", 1)[1].split("</ul>", 1)[0]
    assert re.findall(r'href="#id_(\w+)"', summary) == ["until", "words_fr"]
    assert page.count("Choisissez un jour à venir.") == 2  # in the summary, and beside the field
    assert not Decision.objects.exists()
