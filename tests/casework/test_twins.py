"""The same bytes again: a line at the decision, a page to compare, « Déjà reçu » proposed; a sign of fraud for a responsable."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from adherents.accounts.models import Account, Role
from adherents.casework.models import Item
from adherents.casework.services import deciding, queue
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.acting import on_own_file
from adherents.members.models import Member
from adherents.vault.models import Document, GatheredPhoto, State
from adherents.vault.origins import Erased
from adherents.vault.selectors.twins import twins_of
from adherents.vault.services import erasing
from adherents.work.services import run_until_nothing_is_left
from tests.agents import make_agent, signed_in
from tests.casework.queueing import NEEDED, checked, waiting
from tests.cast import EVE
from tests.factories import open_account
from tests.vault.conftest import deposited, pdf

Words = Callable[[Any], str]
pytestmark = pytest.mark.django_db
SAID, FRAUD = "Même fichier", "Signe de fraude possible"


@pytest.fixture
def eve(db: None) -> Member:
    return Member.objects.get(account=open_account(EVE))


def in_hand(agent: Account, document: Document) -> Item:
    item = Item.objects.get(document=document)
    queue.take(agent=agent, item=item)
    return item


def screen(document: Document) -> str:
    return f"/gestion/traiter/{document.pk}/"


def comparing(document: Document, other: Document) -> str:
    return f"/gestion/documents/{document.pk}/comparer/{other.pk}/"


@pytest.fixture
def twice(member: Member) -> list[Document]:
    """The same paper, sent twice, and drawn."""
    both = [deposited(member, pdf(2)), deposited(member, pdf(2), "encore.pdf")]
    run_until_nothing_is_left()
    return both


def accepted_then_sent_again(agent: Account, both: list[Document]) -> Document:
    first, again = both
    deciding.accept(agent=agent, item=in_hand(agent, first))
    in_hand(agent, again)
    return again


def test_one_line_says_when_the_same_file_came_what_was_decided_and_by_whom(
    twice: list[Document], agent: Account, desk: Client, words: Words
) -> None:
    first, again = twice
    in_hand(agent, again)
    assert "Même fichier, envoyé le" in words(desk.get(screen(again)))
    assert "pas encore décidé" in words(desk.get(screen(again)))
    deciding.accept(agent=agent, item=in_hand(agent, first))
    shown = desk.get(screen(again))
    assert f"par {agent.shown_name}" in words(shown)
    assert ": accepté le" in words(shown).replace("\xa0", " ")
    html = shown.content.decode()
    assert f'href="{comparing(again, first)}?treating=1" data-key="W"' in html
    assert html.count('data-key="W"') == 1
    on_record = desk.get(f"/gestion/documents/{again.pk}/").content.decode()
    assert f'href="{comparing(again, first)}" data-key="W"' in on_record


def test_other_bytes_of_the_same_member_are_no_twin_even_in_place_of_another(
    member: Member, agent: Account, desk: Client, words: Words
) -> None:
    first = deposited(member, pdf(1))
    Document.objects.filter(pk=first.pk).update(state=State.REFUSED)
    again = deposited(member, pdf(2), answers=first)
    run_until_nothing_is_left()
    in_hand(agent, again)
    assert SAID not in words(desk.get(screen(again)))


def test_both_are_read_side_by_side_and_each_is_an_opening(
    twice: list[Document], agent: Account, desk: Client, words: Words
) -> None:
    first, again = twice
    Document.objects.filter(pk=first.pk).update(page_count=1)
    opened = Entry.objects.filter(event=Event.DOCUMENT_OPENED, actor=agent.actor)
    desk.head(comparing(again, first))
    assert not opened.exists()
    shown = desk.get(comparing(again, first))
    html = shown.content.decode()
    for one in twice:
        assert f'src="/gestion/documents/{one.pk}/pages/1/image/"' in html
        assert opened.filter(subject=one.subject).count() == 1
    assert "<form" not in html.split("<main")[1].split("</main>")[0]
    assert 'data-key="ArrowRight"' in html
    assert f'href="/gestion/documents/{again.pk}/" data-key="Escape"' in html
    assert desk.get(comparing(again, first) + "?page=3").status_code == 404
    assert desk.get(comparing(again, again)).status_code == 404


def test_the_way_back_is_the_screen_that_the_agent_came_from(twice: list[Document], desk: Client) -> None:
    first, again = twice
    html = desk.get(comparing(again, first) + "?kind=rib&treating=1&page=2").content.decode()
    assert f'href="{screen(again)}?kind=rib" data-key="Escape"' in html
    assert 'href="?kind=rib&amp;treating=1&amp;page=1" rel="prev"' in html


def test_already_received_is_filled_in_for_the_same_bytes_that_were_accepted(
    twice: list[Document], agent: Account, desk: Client, words: Words
) -> None:
    again = accepted_then_sent_again(agent, twice)
    shown = desk.get(f"{screen(again)}refuser/")
    html = shown.content.decode()
    assert 'name="reason" value="deja_recu"' in html
    assert "Nous avions déjà ce document" in html
    assert "« Déjà reçu » est proposé" in words(shown).replace("\xa0", " ")
    assert "autofocus" not in html.split("<textarea", 1)[1].split(">", 1)[0]  # digits still choose
    chosen = desk.get(f"{screen(again)}refuser/?pick=rib_illisible").content.decode()
    assert 'name="reason" value="rib_illisible"' in chosen
    assert "deja_recu" not in desk.get(f"{screen(again)}correction/").content.decode()


def test_it_is_not_filled_in_where_the_first_was_refused_or_waits(
    twice: list[Document], agent: Account, desk: Client
) -> None:
    """« Il est traité, et celui-ci ne change rien » would not be true."""
    first, again = twice
    in_hand(agent, again)
    empty = 'name="reason"'
    assert empty not in desk.get(f"{screen(again)}refuser/").content.decode()
    deciding.refuse(agent=agent, item=in_hand(agent, first), **NEEDED)
    assert empty not in desk.get(f"{screen(again)}refuser/").content.decode()


def test_words_that_were_begun_are_not_replaced_by_it(
    twice: list[Document], agent: Account, desk: Client
) -> None:
    again = accepted_then_sent_again(agent, twice)
    desk.post(
        f"{screen(again)}refuser/",
        {"reason": "rib_illisible", "words_fr": "Mes mots.", "pick": "autre_document"},
    )
    written = desk.post(f"{screen(again)}refuser/", {"reason": "", "words_fr": ""}).content.decode()
    assert "Nous avions déjà ce document" not in written


def test_what_its_member_took_back_is_no_twin_and_what_ended_its_time_is(
    member: Member, agent: Account, desk: Client, words: Words
) -> None:
    kept, withdrawn, again = (deposited(member, pdf(1), f"{name}.pdf") for name in "abc")
    run_until_nothing_is_left()
    erasing.take_back(acting=on_own_file(member), document_id=withdrawn.pk)
    deciding.accept(agent=agent, item=in_hand(agent, kept))
    run_until_nothing_is_left()
    erasing.erase(document_id=kept.pk, because=Erased.RETENTION)
    again.refresh_from_db()
    assert [twin.pk for twin in twins_of(again)] == [kept.pk]
    in_hand(agent, again)
    shown = desk.get(screen(again))
    assert "accepté le" in words(shown)
    assert comparing(again, kept) not in shown.content.decode()  # nothing is left to look at
    assert desk.get(comparing(again, kept)).status_code == 404


def test_one_that_is_erased_while_it_is_compared_shows_nothing_any_more(
    twice: list[Document], desk: Client
) -> None:
    first, again = twice
    image = f"/gestion/documents/{first.pk}/pages/1/image/"
    assert image in desk.get(comparing(again, first)).content.decode()
    erasing.erase(document_id=first.pk, because=Erased.RETENTION)
    assert desk.get(image).status_code == 404
    assert desk.get(comparing(again, first)).status_code == 404


def test_photos_are_twins_when_all_of_them_were_sent_before(member: Member) -> None:
    """What was sent counts, in whatever order; a photo more is another document."""

    def gathered(*digests: str) -> Document:
        document = checked(member)
        Document.objects.filter(pk=document.pk).update(photo_count=len(digests), sha256="ff" * 32)
        for number, digest in enumerate(digests, start=1):
            GatheredPhoto.objects.create(
                document=document,
                number=number,
                sha256=digest * 32,
                size=1,
                name="p.jpg",
                content_type="image/jpeg",
                wrapped_key=b"key",
                storage_name=f"{document.pk}-{number}",
            )
        document.refresh_from_db()
        return document

    first, same, more, alone = (
        gathered("aa", "bb"),
        gathered("bb", "aa"),
        gathered("aa", "bb", "cc"),
        checked(member),
    )
    Document.objects.filter(pk=alone.pk).update(sha256="aa" * 32)
    alone.refresh_from_db()
    assert {twin.pk for twin in twins_of(first)} == {same.pk, more.pk}
    assert {twin.pk for twin in twins_of(more)} == set()
    assert {twin.pk for twin in twins_of(alone)} == {first.pk, same.pk, more.pk}


def test_the_same_bytes_from_another_member_are_for_a_responsable_only(
    member: Member, eve: Member, agent: Account, desk: Client, words: Words
) -> None:
    theirs, again = deposited(eve, pdf(1)), deposited(member, pdf(1))
    run_until_nothing_is_left()
    in_hand(agent, again)
    for address in (screen(again), f"/gestion/documents/{again.pk}/", f"/gestion/adherents/{member.pk}/"):
        said = words(desk.get(address))
        assert FRAUD not in said
        assert "autre adhérent" not in said
    assert desk.get(comparing(again, theirs)).status_code == 404
    head = signed_in(make_agent(Role.SUPERVISOR))
    assert FRAUD in words(head.get(screen(again)))
    shown = head.get(f"/gestion/documents/{again.pk}/")
    assert eve.name in words(shown)
    assert comparing(again, theirs) in shown.content.decode()
    assert head.get(comparing(again, theirs)).status_code == 200
    administrator = signed_in(make_agent(Role.ADMINISTRATOR))
    assert FRAUD not in words(administrator.get(screen(again)))


def test_looking_at_another_members_twin_is_journalled_on_both_and_says_no_why(
    member: Member, eve: Member
) -> None:
    theirs, again = deposited(eve, pdf(1)), deposited(member, pdf(1))
    run_until_nothing_is_left()
    chief = make_agent(Role.SUPERVISOR)
    before = Entry.objects.count()
    signed_in(chief).get(comparing(again, theirs))
    looked = Entry.objects.filter(
        actor=chief.actor, event__in=[Event.DOCUMENT_OPENED, Event.MEMBER_CONSULTED]
    )
    assert set(looked.values_list("subject", flat=True)) == {
        again.subject,
        theirs.subject,
        member.subject,
        eve.subject,
    }
    assert before
    for entry in looked:
        assert str(eve.pk) not in str(entry.details) or not entry.details


def test_a_responsable_compares_two_members_only_where_the_bytes_are_the_same(
    member: Member, eve: Member
) -> None:
    theirs, mine = deposited(eve, pdf(1)), deposited(member, pdf(2))
    run_until_nothing_is_left()
    assert signed_in(make_agent(Role.SUPERVISOR)).get(comparing(mine, theirs)).status_code == 404


@pytest.mark.any_database
def test_what_the_insurer_deposited_is_no_sign_of_anything(member: Member, eve: Member) -> None:
    for one in (*waiting(member), *waiting(eve)):
        Document.objects.filter(pk=one.document_id).update(origin="insurer", sha256="ab" * 32)
    assert twins_of(Document.objects.first()) == []  # type: ignore[arg-type]
