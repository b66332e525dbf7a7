"""Filters of the queue under a name: an agent's own, shared with all, and how many there may be."""

from typing import Any

import pytest
from django.test import Client

from adherents.accounts.models import Account, Role
from adherents.accounts.services.acts import ActRefused
from adherents.casework.models import SavedFilter
from adherents.casework.models.saved_filters import MOST_KEPT, MOST_SHARED
from adherents.casework.services.saving_filters import (
    FilterNameTaken,
    FilterRefused,
    NothingToSave,
    TooManyKept,
    TooManyShared,
    remove_filter,
    save_filter,
    share_filter,
)
from adherents.journal.events import Event
from adherents.journal.models import Entry
from tests.agents import make_agent, signed_in
from tests.casework.queueing import adviser
from tests.casework.test_treating import Words

PAGE = "/gestion/filtres/"
pytestmark = pytest.mark.django_db
any_database = pytest.mark.any_database


def shared_events() -> list[str]:
    rows = Entry.objects.filter(subject="queue").order_by("pk")
    return list(rows.values_list("event", flat=True))


def test_an_agent_keeps_the_filters_and_the_order_sees_a_chip_and_deletes_it(
    desk: Client, agent: Account, words: Words
) -> None:
    assert "Enregistrer ce filtre" not in words(desk.get("/gestion/"))
    asked = "kind=devis&age=late&sort=-kind"
    page = desk.get(f"/gestion/?{asked}&page=3&colour=red").content.decode()
    assert 'href="/gestion/filtres/?kind=devis&amp;age=late&amp;sort=-kind"' in page
    answer: Any = desk.post(f"{PAGE}?{asked}&colour=red", {"name": " Devis en retard "})
    assert answer.url == f"/gestion/?{asked}"
    [saved] = SavedFilter.objects.all()
    assert (saved.name, saved.query, saved.is_shared) == ("Devis en retard", asked, False)
    queue = desk.get("/gestion/").content.decode()
    assert '<a class="chip" href="?kind=devis&amp;age=late&amp;sort=-kind">Devis en retard' in queue
    assert 'aria-current="true">Devis en retard' in desk.get(f"/gestion/?{asked}").content.decode()
    other = signed_in(make_agent(address="autre@mese.example"))
    assert "Devis en retard" not in words(other.get("/gestion/"))
    assert other.post(f"{PAGE}{saved.pk}/supprimer/").status_code == 404
    assert "Filtre supprimé." in words(desk.post(f"{PAGE}{saved.pk}/supprimer/", follow=True))
    assert not SavedFilter.objects.exists()
    assert shared_events() == []


@any_database
def test_a_name_and_a_filter_are_needed(desk: Client, words: Words) -> None:
    assert "Donnez un nom" in words(desk.post(f"{PAGE}?kind=rib", {"name": " "}))
    assert not SavedFilter.objects.exists()
    assert "40" in words(desk.post(f"{PAGE}?kind=rib", {"name": "x" * 41}))
    desk.post(f"{PAGE}?kind=rib", {"name": "RIB"})
    assert "porte déjà ce nom" in words(desk.post(f"{PAGE}?kind=devis", {"name": "rib"}))
    assert SavedFilter.objects.count() == 1


def test_a_filter_that_names_what_is_no_more_says_that_it_filters_nothing(desk: Client, words: Words) -> None:
    shown = words(desk.get("/gestion/?kind=perdu&agent=99999"))
    assert shown.count("Ce choix n’existe plus : il ne filtre rien.") == 2


def test_a_responsable_shares_their_own_with_all_and_takes_anybodys_back(words: Words) -> None:
    head, other = make_agent(Role.SUPERVISOR), make_agent(Role.SUPERVISOR, address="autre@mese.example")
    conseiller = signed_in(make_agent())
    saved = save_filter(agent=head, name="Pour tous", query="kind=rib")
    client = signed_in(head)
    assert "Filtre partagé avec tous." in words(
        client.post(f"{PAGE}{saved.pk}/partager/", {"shared": "1"}, follow=True)
    )
    assert "Pour tous" in words(conseiller.get("/gestion/"))
    assert conseiller.post(f"{PAGE}{saved.pk}/partager/", {"shared": ""}).status_code == 403
    assert conseiller.post(f"{PAGE}{saved.pk}/supprimer/").status_code == 404
    theirs = save_filter(agent=other, name="Le mien", query="kind=rib")
    with pytest.raises(FilterRefused):
        share_filter(agent=head, saved=theirs, shared=True)  # of somebody else
    with pytest.raises(FilterRefused):
        share_filter(agent=head, saved=saved, shared=True)  # already
    share_filter(agent=other, saved=saved, shared=False)
    assert "Pour tous" not in words(conseiller.get("/gestion/"))
    share_filter(agent=head, saved=saved, shared=True)
    remove_filter(agent=head, saved=saved)
    assert shared_events() == [Event.FILTER_SHARED, Event.FILTER_UNSHARED] * 2
    assert not Entry.objects.filter(details__icontains="tous").exists()


@any_database
def test_no_more_than_so_many_are_kept_or_shared() -> None:
    heads = [adviser(rank, Role.SUPERVISOR) for rank in range(3)]
    own = [
        save_filter(agent=heads[rank % 3], name=f"n° {rank}", query="kind=rib")
        for rank in range(3 * MOST_KEPT)
    ]
    with pytest.raises(TooManyKept):
        save_filter(agent=heads[0], name="de trop", query="kind=rib")
    for saved in own[:MOST_SHARED]:
        share_filter(agent=saved.account, saved=saved, shared=True)
    with pytest.raises(TooManyShared):
        share_filter(agent=own[-1].account, saved=own[-1], shared=True)
    assert len(shared_events()) == MOST_SHARED
    assert str(MOST_KEPT) in str(TooManyKept.message)
    assert str(MOST_SHARED) in str(TooManyShared.message)


@any_database
def test_what_is_refused_is_refused_by_the_service_too() -> None:
    agent = make_agent()
    with pytest.raises(NothingToSave):
        save_filter(agent=agent, name="Vide", query="")
    saved = save_filter(agent=agent, name="Un", query="kind=rib")
    with pytest.raises(FilterNameTaken):
        save_filter(agent=agent, name="UN", query="kind=devis")
    with pytest.raises(ActRefused):
        share_filter(agent=agent, saved=saved, shared=True)
    with pytest.raises(FilterRefused):
        remove_filter(agent=make_agent(address="autre@mese.example"), saved=saved)
    Account.objects.filter(pk=agent.pk).update(role=Role.AUDITOR)
    with pytest.raises(ActRefused):
        remove_filter(agent=agent, saved=saved)


def test_filters_are_erased_with_their_agent() -> None:
    agent = make_agent()
    save_filter(agent=agent, name="Un", query="kind=rib")
    Account.objects.filter(pk=agent.pk).delete()
    assert not SavedFilter.objects.exists()
