"""The page of the queue: how many wait, what is shown first, what opens next."""

import re
from typing import Any

import pytest
from django.test import Client

from adherents.accounts.models import Account
from adherents.casework.models import Item, Status
from adherents.members.models import Member
from tests.casework.queueing import waiting
from tests.casework.test_treating import Words, clock, held, on_screen

__all__ = ["clock"]  # on which a Monday stands still

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def test_the_queue_says_how_many_wait_and_how_they_stand_to_their_day(
    desk: Client, member: Member, words: Words
) -> None:
    waiting(member, 8)
    page = words(desk.get("/gestion/"))
    assert "À traiter 8" in page
    assert re.search(r"(\d+) en retard (\d+) pour aujourd’hui (\d+) pour plus tard", page)
    assert "le plus ancien : il y a 8 j" in page


def test_the_queue_shows_the_most_pressing_first_forty_a_page(desk: Client, member: Member) -> None:
    items = waiting(member, 43)
    first, second = (desk.get(f"/gestion/?page={number}").content.decode() for number in (1, 2))
    links = [on_screen(item) for item in items]
    assert re.findall(r"<th scope=\"row\"><a href=\"([^\"?]+)", first) == links[:40]
    assert re.findall(r"<th scope=\"row\"><a href=\"([^\"?]+)", second) == links[40:]


def test_the_queue_is_filtered_by_kind_age_state_and_agent(
    desk: Client, agent: Account, member: Member
) -> None:
    late, free = waiting(member, 8)[0], waiting(member)[0]
    [quote] = waiting(member, kind="devis")
    held(agent, free)
    Item.objects.exclude(pk__in=[late.pk, free.pk, quote.pk]).update(status=Status.DONE)

    def shown(query: str) -> set[str]:
        html = desk.get(f"/gestion/?{query}").content.decode()
        return set(re.findall(r"<th scope=\"row\"><a href=\"/gestion/traiter/([^/]+)", html))

    assert shown("kind=devis") == {str(quote.document_id)}
    assert shown("age=late") == {str(late.document_id)}
    assert shown("place=in_hand") == {str(free.document_id)}
    assert shown("place=free") == {str(late.document_id), str(quote.document_id)}
    assert shown(f"agent={agent.pk}") == {str(free.document_id)}
    assert shown("kind=inconnu") == set()
    assert shown("kind=rien&age=hier&page=mille") == {
        str(late.document_id),
        str(free.document_id),
        str(quote.document_id),
    }


def test_an_empty_queue_says_so(desk: Client, words: Words) -> None:
    assert "Rien n’attend. Les documents envoyés" in words(desk.get("/gestion/"))
    assert "Rien n’attend avec ces filtres." in words(desk.get("/gestion/?age=late"))


def test_next_opens_the_oldest_due_and_keeps_to_the_filters(
    desk: Client, agent: Account, member: Member
) -> None:
    waiting(member, 2)
    [quote] = waiting(member, kind="devis")
    answer: Any = desk.post("/gestion/suivant/?kind=devis")
    assert answer.url == f"{on_screen(quote)}?kind=devis"
    assert Item.objects.get(pk=quote.pk).held_by(agent)
    assert 'action="/gestion/suivant/?kind=devis"' in desk.get(answer.url).content.decode()


def test_next_from_the_screen_keeps_the_item_in_hand_and_goes_on(
    desk: Client, agent: Account, member: Member, words: Words
) -> None:
    first, second = waiting(member, 2)
    held(agent, first)
    answer: Any = desk.post("/gestion/suivant/", {"after": str(first.document_id)})
    assert answer.url == on_screen(second)
    assert "En main 2" in words(desk.get(answer.url))


def test_when_nothing_is_left_next_says_so(desk: Client, words: Words) -> None:
    assert "Rien d’autre n’attend." in words(
        desk.post("/gestion/suivant/", {"after": "nonsense"}, follow=True)
    )
