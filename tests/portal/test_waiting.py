"""What the home page asks the database for in one question is what each document says of itself, whatever there is."""

import random
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from adherents.casework.models import Outcome
from adherents.members.models import Beneficiary, Member
from adherents.portal.waiting import (
    LATEST_DOCUMENTS,
    MENDABLE,
    SHOWN_AT_MOST,
    Waiting,
    all_to_send_again,
    waiting_for,
)
from adherents.vault.models import Deposit, Document, SetAside, State
from adherents.vault.origins import Erased, Origin
from adherents.vault.replies import add_replies
from tests.casework.replying import settled
from tests.cast import EVE
from tests.factories import open_account

KINDS = ["rib", "mutuelle"]
SETTLED = [Outcome.REFUSED, Outcome.REFUSED, Outcome.INCOMPLETE, Outcome.ACCEPTED]


def one(member: Member, chance: random.Random, rank: int, others: list[Document]) -> Document:
    """A document as life makes them, and odder: every state, origin, answer and reply."""
    at = timezone.now() - timedelta(days=chance.randrange(9), minutes=rank)
    beneficiaries = [None, *Beneficiary.objects.filter(member=member)]
    erased = chance.random() < 0.1
    document = Document.objects.create(
        deposit=Deposit.objects.create(number=f"D-2026-{member.pk:03d}{rank:03d}", member=member, at=at),
        member=member,
        at=at,
        rank=chance.randrange(1, 3),
        kind=chance.choice(KINDS),
        beneficiary=chance.choice(beneficiaries),
        origin=chance.choice([*[Origin.MEMBER] * 6, Origin.INSURER, Origin.MESSAGE]),
        state=chance.choice(
            [State.RECEIVED, State.CHECKED, State.WITHDRAWN, State.REFUSED, State.INCOMPLETE]
        ),
        set_aside=chance.choice([*[""] * 5, *SetAside.values]),
        answers=chance.choice(others) if others and chance.random() < 0.4 else None,
        name="rib.pdf",
        sha256="0" * 64,
        erased_at=timezone.now() if erased else None,
        erased_because=Erased.RETENTION if erased else "",
        wrapped_key=b"" if erased else b"key",
        storage_name=f"{member.pk}/{rank}",
        size=1,
    )
    if chance.random() < 0.5:
        outcome = chance.choice(SETTLED)
        late = timezone.localdate() + timedelta(days=chance.randrange(-3, 4))
        settled(
            document,
            outcome,
            reason=chance.choice(["illisible", "deja_recu"]),
            until=late if outcome == Outcome.INCOMPLETE else None,
            told=chance.random() < 0.8,
        )
    return document


def by_themselves(member: Member) -> tuple[list[tuple[object, object]], list[object]]:
    """What each document says of itself, put together in Python: those to send again with what failed, and those beside."""
    mine = list(Document.objects.of(member).with_answers())
    add_replies(mine)
    asked = {}
    for document in mine:
        decided = document.state in {State.REFUSED, State.INCOMPLETE}
        mendable = document.set_aside in MENDABLE and not any(
            later.kind == document.kind
            and later.at > document.at
            and later.origin == Origin.MEMBER
            and later.state != State.WITHDRAWN
            and later.beneficiary_id == document.beneficiary_id
            for later in mine
        )
        if document.is_asked_again and (decided or mendable):
            asked[document.pk] = document
    asked_again = [
        document for document in asked.values() if not (document.set_aside and document.answers_id in asked)
    ]
    failed = {
        again.pk: next(
            (
                document.pk
                for document in mine
                if document.answers_id == again.pk and document.set_aside in MENDABLE
            ),
            None,
        )
        for again in asked_again
    }
    asked_again.sort(key=lambda again: (*pressing(again), again.at, again.rank, again.pk))
    beside = [
        (document.pk, document.answered_at)
        for document in mine
        if document.pk not in asked and document.origin != Origin.MESSAGE and document.answered_at is None
    ]
    return [(again.pk, failed[again.pk]) for again in asked_again], beside


def pressing(document: Document) -> tuple[int, date]:
    until = document.reply.until if document.reply else None
    if until:
        return (0 if document.reply.is_late else 2), until
    return {State.REFUSED: 1, State.INCOMPLETE: 3}.get(State(document.state), 4), date.min


def told_of(waiting: Waiting) -> list[tuple[object, object]]:
    return [(again.document.pk, again.failed.pk if again.failed else None) for again in waiting.shown]


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.one_on_postgresql
def test_the_home_page_asks_for_what_each_document_says_of_itself(seed, member, account):
    chance = random.Random(seed)
    for rank in (1, 2):
        Beneficiary.objects.create(member=member, rank=rank, birth_name="EXEMPLE", first_names=f"ANNE{rank}")
    others: list[Document] = []
    for rank in range(30):
        others.append(one(member, chance, rank, others))
    theirs = open_account(EVE).member
    one(theirs, chance, 0, others)
    again, beside = by_themselves(member)
    assert again, "nothing to compare"
    assert told_of(all_to_send_again(member)) == again
    waiting = waiting_for(member, account)
    assert told_of(waiting) == again[:SHOWN_AT_MOST]
    assert (waiting.count, waiting.has_more) == (len(again), len(again) > SHOWN_AT_MOST)
    assert [(document.pk, document.answered_at) for document in waiting.beside] == beside[:LATEST_DOCUMENTS]
    assert all(waiting_document.document.reply or waiting_document.why for waiting_document in waiting.shown)


@pytest.mark.django_db
def test_what_the_home_page_reads_does_not_grow_with_what_was_never_answered(member, account):
    def read() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            waiting = waiting_for(member, account)
        return len(queries), len(waiting.shown) + len(waiting.beside)

    def refused(first: int, last: int) -> None:
        for rank in range(first, last):
            deposit = Deposit.objects.create(number=f"D-2026-{rank:06d}", member=member)
            Document.objects.create(
                deposit=deposit,
                member=member,
                kind="rib",
                state=State.REFUSED,
                name="rib.pdf",
                sha256="0" * 64,
                storage_name=str(rank),
                size=1,
            )

    refused(0, 5)
    few = read()
    refused(5, 60)
    assert read() == few == (4, SHOWN_AT_MOST)
    assert waiting_for(member, account).count == 60


@pytest.fixture
def unreadable(member: Member) -> Callable[..., Document]:
    """A document that could not be opened, sent this number of minutes ago."""

    def make(minutes: int, **facts: object) -> Document:
        at = timezone.now() - timedelta(minutes=minutes)
        return Document.objects.create(
            deposit=Deposit.objects.create(number=f"D-2026-{minutes:06d}", member=member, at=at),
            **{
                "member": member,
                "at": at,
                "kind": "rib",
                "set_aside": SetAside.UNREADABLE,
                "size": 1,
                "storage_name": f"late/{minutes}",
                "sha256": "0" * 64,
                **facts,
            },
        )

    return make


@pytest.mark.django_db
def test_what_could_not_be_opened_waits_until_the_same_comes_for_the_same_person_and_stays(
    member, account, unreadable
):
    ines = Beneficiary.objects.create(member=member, rank=1, birth_name="EXEMPLE", first_names="INÈS")
    first = unreadable(60, beneficiary=ines)
    other = unreadable(50, beneficiary=None, set_aside="")  # for the member, who is not Inès
    assert [again.document for again in waiting_for(member, account).shown] == [first]
    later = unreadable(40, beneficiary=ines, set_aside="")
    assert not waiting_for(member, account).count
    Document.objects.filter(pk=later.pk).update(state=State.WITHDRAWN)
    assert [again.document for again in waiting_for(member, account).shown] == [first]
    assert other.pk in {document.pk for document in waiting_for(member, account).beside}


@pytest.mark.django_db
def test_what_was_answered_by_a_document_that_opens_is_asked_again_by_none_that_did_not(
    member, account, unreadable
):
    first = unreadable(60)
    failed = unreadable(50, answers=first, kind="mutuelle")
    assert [(again.document, again.failed) for again in waiting_for(member, account).shown] == [
        (first, failed)
    ]
    answer = unreadable(40, answers=first, kind="attestation_secu", set_aside="")
    waiting = waiting_for(member, account)
    assert not waiting.count
    assert waiting.beside == [answer]  # one story: what it answers goes on in it
    shown = Document.objects.with_answers().get(pk=failed.pk)
    assert not shown.is_asked_again
