"""A document as a line of a list: what it says, and that it needs no more than the list reads."""

import itertools

import pytest
from bench.pages import keep_documents
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from adherents.members.models import Member
from adherents.vault.models import Document, SetAside, State
from adherents.vault.origins import Erased, Origin
from adherents.vault.replies import Reply
from adherents.vault.selectors.cards import cards_of
from tests.cast import CAMILLE
from tests.factories import open_account

pytestmark = pytest.mark.django_db


def member() -> Member:
    return Member.objects.get(account=open_account(CAMILLE))


def test_a_card_asks_the_database_for_nothing_that_the_list_has_not_read() -> None:
    mine = member()
    keep_documents(mine, 5 * 36)
    kinds = itertools.product(State, Origin, ["", SetAside.UNREADABLE], [None, timezone.now()])
    for document, (state, origin, set_aside, erased_at) in zip(
        Document.objects.of(mine), kinds, strict=False
    ):
        Document.objects.filter(pk=document.pk).update(
            state=state,
            origin=origin,
            set_aside=set_aside,
            erased_at=erased_at,
            erased_because=Erased.RETENTION if erased_at else "",
            name="" if erased_at else document.name,
            blank_pages=[1],
            page_count=2,
        )
    shown = list(Document.objects.of(mine).with_what_a_card_shows().with_answers())
    assert (
        len(
            {
                (document.state, document.origin, document.set_aside, bool(document.erased_at))
                for document in shown
            }
        )
        >= 84
    )
    with CaptureQueriesContext(connection) as captured:
        cards_of(shown)
        for document in shown:
            assert document.beneficiary is None
            assert document.send_instead
    assert [query["sql"] for query in captured.captured_queries] == []


@pytest.mark.parametrize(
    ("written_in", "read_in", "marked"), [("fr", "en", "fr"), ("en", "en", ""), ("fr", "fr", "")]
)
def test_words_of_the_service_say_their_language_where_it_is_not_the_pages(
    written_in: str, read_in: str, marked: str
) -> None:
    document = keep_documents(member(), 5)
    document.state, document.answered_at = State.REFUSED, None
    document.reply = Reply(at=timezone.now(), words="L’IBAN est coupé. " * 24, language=written_in)
    with translation.override(read_in):
        [card] = cards_of([document])
    assert card.reason_language == marked
    assert card.reason.endswith(" …")
