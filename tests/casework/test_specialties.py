"""Which kinds and languages an agent treats: what « Suivant » gives, what « À traiter » counts, and what is left for nobody."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.accounts.services import agents
from adherents.accounts.services.agents import NotAnyMore
from adherents.casework import selectors
from adherents.casework.models import ALL, Filters
from adherents.casework.services import queue
from adherents.casework.sharing.selectors import untreated
from adherents.desk.models import Specialty
from adherents.desk.services.specialties import set_specialty
from adherents.insurer.treatment import UNKNOWN_KIND
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from tests.agents import make_agent, signed_in
from tests.casework.queueing import adviser, waiting
from tests.cast import ENGLISH
from tests.factories import open_account

pytestmark = pytest.mark.django_db
Words = Callable[[Any], str]


@pytest.fixture
def administrator(db: None) -> Account:
    return make_agent(Role.ADMINISTRATOR)


@pytest.fixture
def thomas(db: None) -> Member:
    """A member who reads English."""
    return Member.objects.get(account=open_account(ENGLISH))


def specialised(agent: Account, *kinds: str, languages: tuple[str, ...] = ()) -> Account:
    set_specialty(
        agent=agent, by=adviser(agent.pk + 900, Role.ADMINISTRATOR), kinds=kinds, languages=languages
    )
    return agent


def at_work(agent: Account) -> Account:
    agent.last_sign_in_at = timezone.now()
    agent.save()
    return agent


def test_next_gives_the_kinds_that_the_agent_treats_and_no_other(agent: Account, member: Member) -> None:
    waiting(member, kind="devis")
    [rib] = waiting(member, kind="rib")
    specialised(agent, "rib")
    assert queue.take_next(agent=agent) == rib
    assert queue.take_next(agent=agent, skipped=[rib.pk]) == rib
    assert queue.reserve_next(agent=agent, after=rib) is None


def test_next_gives_the_languages_that_the_agent_treats_and_no_other(
    agent: Account, member: Member, thomas: Member
) -> None:
    waiting(member)
    [english] = waiting(thomas)
    specialised(agent, languages=("en",))
    assert queue.take_next(agent=agent) == english
    assert queue.take_next(agent=agent, skipped=[english.pk]) == english


def test_the_language_is_the_accounts_where_the_member_has_one(agent: Account, thomas: Member) -> None:
    waiting(thomas)
    specialised(agent, languages=("en",))
    assert thomas.account is not None
    Account.objects.filter(pk=thomas.account.pk).update(language="fr")
    assert queue.take_next(agent=agent) is None


def test_an_agent_for_whom_nothing_was_chosen_treats_everything(agent: Account, member: Member) -> None:
    items = waiting(member, kind="devis") + waiting(member, kind=UNKNOWN_KIND)
    specialised(agent)
    assert not Specialty.objects.exists()
    first = queue.take_next(agent=agent)
    assert first is not None
    assert {first, queue.take_next(agent=agent, skipped=[first.pk])} == set(items)


def test_what_is_kept_for_an_agent_comes_to_them_whatever_its_kind(agent: Account, member: Member) -> None:
    [quote] = waiting(member, kind="devis")
    specialised(agent, "rib")
    queue.assign(agent=adviser(5, Role.SUPERVISOR), item=quote, to=agent)
    assert selectors.counts(agent).waiting == 1
    assert queue.take_next(agent=agent) == quote


def test_an_agent_may_open_and_take_any_document_all_the_same(agent: Account, member: Member) -> None:
    [quote] = waiting(member, kind="devis")
    specialised(agent, "rib")
    assert queue.take(agent=agent, item=quote).held_by(agent)


def test_the_counts_of_the_queue_are_of_what_the_agent_treats(agent: Account, member: Member) -> None:
    waiting(member, 2, kind="devis")
    waiting(member, 3, kind="rib")
    assert selectors.counts(agent).waiting == 5
    specialised(agent, "rib")
    assert selectors.counts(agent).waiting == 3
    assert selectors.by_kind(agent) == {"rib": 3}
    assert [item.kind for item in selectors.coming(agent, ALL)] == ["rib"] * 3


def test_the_list_is_of_what_the_agent_treats_and_can_show_everything(
    desk: Client, agent: Account, member: Member, words: Words
) -> None:
    waiting(member, kind="devis")
    waiting(member, kind="rib")
    assert "Étendue" not in words(desk.get("/gestion/"))
    specialised(agent, "rib")
    shown = desk.get("/gestion/")
    assert "Vous traitez" in words(shown)
    assert [item.kind for item in shown.context["page"]] == ["rib"]
    assert {item.kind for item in desk.get("/gestion/?extent=all").context["page"]} == {"rib", "devis"}


def test_ticking_all_kinds_is_choosing_none(agent: Account, member: Member) -> None:
    every = list(selectors.profile().documents.kind_labels)
    specialised(agent, *every, languages=("fr", "en"))
    assert not Specialty.objects.exists()


def test_an_administrator_chooses_on_the_agents_page_and_the_journal_says_what(
    administrator: Account, agent: Account, words: Words
) -> None:
    head = signed_in(administrator)
    address = f"/gestion/agents/{agent.pk}/"
    assert "Traite tout" in words(head.get(address))
    chosen = {"kinds": ["rib", "devis"], "languages": ["fr"]}
    shown = words(head.post(f"{address}specialites/", chosen, follow=True))
    assert "Enregistré" in shown
    assert "Traite RIB" in shown
    kept = Specialty.objects.get(account=agent)
    assert (set(kept.kinds), kept.languages) == ({"rib", "devis"}, ["fr"])
    form = head.get(f"{address}specialites/").context["form"]
    assert (set(form["kinds"].value()), form["languages"].value()) == ({"rib", "devis"}, ["fr"])
    [entry] = Entry.objects.filter(event=Event.AGENT_SPECIALTY_CHANGED)
    assert (entry.subject, entry.actor) == (agent.subject, administrator.actor)
    assert set(entry.details["kinds"].split()) == {"rib", "devis"}


def test_an_administrator_who_was_suspended_meanwhile_chooses_nothing(
    administrator: Account, agent: Account
) -> None:
    agents.suspend(agent=administrator, by=_another_administrator(), reason="Départ")
    with pytest.raises(NotAnyMore):
        set_specialty(agent=agent, by=administrator, kinds=["rib"], languages=[])
    assert not Specialty.objects.exists()


def _another_administrator() -> Account:
    return at_work(make_agent(Role.ADMINISTRATOR, address="autre@mese.example"))


def test_a_document_that_no_agent_treats_is_said_to_the_responsable(
    agent: Account, member: Member, thomas: Member, words: Words
) -> None:
    waiting(member, 2, kind="devis")
    waiting(thomas, kind="rib")
    waiting(member, kind="rib")
    specialised(at_work(agent), "rib", languages=("fr",))
    lines = [(line.kind, line.language, line.count) for line in untreated()]
    assert lines == [("devis", "fr", 2), ("rib", "en", 1)]
    supervisor = signed_in(make_agent(Role.SUPERVISOR))
    shown = words(supervisor.get("/gestion/"))
    assert "Aucun agent présent ne traite ces documents" in shown
    assert "RIB (anglais) (1)" in shown
    assert "Aucun agent présent" not in words(signed_in(agent).get("/gestion/"))
    at_work(adviser(41))  # for whom nothing was chosen
    assert untreated() == []


def test_what_is_kept_for_somebody_waits_for_nobody_else(agent: Account, member: Member) -> None:
    [quote] = waiting(member, kind="devis")
    specialised(at_work(agent), "rib")
    assert len(untreated()) == 1
    queue.assign(agent=adviser(5, Role.SUPERVISOR), item=quote, to=agent)
    assert untreated() == []


def test_the_filter_holds_whatever_is_in_hand(agent: Account, member: Member) -> None:
    [quote] = waiting(member, kind="devis")
    [rib] = waiting(member, kind="rib")
    queue.take(agent=agent, item=quote)
    wanted = Filters(kind="rib")
    assert queue.reserve_next(agent=agent, after=quote, filters=wanted) == rib
    assert queue.take_next(agent=agent, filters=wanted) == rib
    queue.give_back(agent=agent, item=rib)
    assert queue.take_next(agent=agent, filters=Filters(kind="ordonnance")) is None
    assert queue.take_next(agent=agent) == quote
