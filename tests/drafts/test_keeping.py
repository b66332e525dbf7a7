"""What is typed is kept while it is typed, sealed, for its account alone; and is gone once it is of no use."""

import base64
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection
from django.test import Client

from adherents.accounts.models import Account
from adherents.accounts.services.closing import close
from adherents.casework.models import Item
from adherents.casework.services import deciding, queue
from adherents.crypto.keys import CannotOpen
from adherents.drafts.kinds import DraftKind
from adherents.drafts.models import Draft
from adherents.drafts.places import open_place
from adherents.drafts.services import LONGEST_FIELD, MOST_DRAFTS
from adherents.members.models import Member
from adherents.messaging.models import Message
from adherents.vault.origins import Erased
from adherents.vault.services.erasing import erase
from adherents.work.purging import apply, due
from tests.accounts.steps import is_signed_in, sign_in
from tests.casework.queueing import NEEDED, adviser, waiting
from tests.cast import CAMILLE, EVE
from tests.drafts.typing import SAVE, TYPED, Tab, end_sessions
from tests.factories import open_account
from tests.messaging.exchanges import answered, asked

pytestmark = pytest.mark.django_db
NEW = "/adherent/messages/nouveau/"
TOKEN = f"{SAVE}jeton/"
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=True) as travelled:
        yield travelled


@pytest.fixture
def browser(member: Member) -> Client:
    browser = Client()
    sign_in(browser, CAMILLE.number)
    return browser


def test_what_is_typed_stands_there_again_when_the_page_is_opened_again(browser: Client) -> None:
    tab = Tab(browser, NEW)
    assert tab.save(subject="Dents", body=TYPED).json() == {"kept": True, "here": True, "where": "message "}
    assert tab.shows(TYPED)
    assert tab.shows("Ce n’est pas encore envoyé")


def test_a_page_is_given_the_token_of_now_while_its_own_account_is_signed_in_and_no_other(
    browser: Client,
) -> None:
    open_account(EVE)

    def given(tab: Tab) -> str:
        return str(browser.post(TOKEN, {"brouillon": tab.tokens["brouillon"]}).json()["token"])

    def begin(number: str) -> None:
        browser.cookies.clear()
        sign_in(browser, number)

    tab = Tab(browser, NEW)
    begin(CAMILLE.number)
    assert tab.post({"subject": "Dents", "body": TYPED}).url == NEW, "the page’s own token is of before"
    tab.tokens["csrfmiddlewaretoken"] = given(tab)
    assert tab.post({"subject": "Dents", "body": TYPED}).url != NEW
    begin(EVE.number)
    assert given(tab) == ""
    browser.cookies.clear()
    assert given(tab) == ""
    assert browser.post(TOKEN, {"brouillon": "x"}).status_code == 400


def test_nothing_that_is_typed_can_be_read_in_the_database(browser: Client) -> None:
    Tab(browser, NEW).save(body=TYPED)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM drafts_draft")
        stored = b"".join(
            bytes(str(cell), "utf-8") if not isinstance(cell, bytes | memoryview) else bytes(cell)
            for cell in cursor.fetchone()
        )
    assert b"dent" not in stored


def test_words_moved_to_anothers_row_open_for_nobody(browser: Client) -> None:
    Tab(browser, NEW).save(body=TYPED)
    mine = Draft.objects.get()
    theirs = Draft.objects.create(account=open_account(EVE), kind=mine.kind, about=mine.about)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE drafts_draft SET sealed = (SELECT sealed FROM drafts_draft WHERE id = %s)", [mine.pk]
        )
    with pytest.raises(CannotOpen):
        _ = Draft.objects.get(pk=theirs.pk).words
    other = Client()
    sign_in(other, EVE.number)
    assert not Tab(other, NEW).shows(TYPED)


def test_typing_counts_as_activity(browser: Client, clock: time_machine.Traveller) -> None:
    tab = Tab(browser, NEW)
    for _ in range(4):
        clock.shift(timedelta(minutes=15))
        assert tab.save(body=TYPED).json()["here"]
    assert browser.get(NEW).status_code == 200


def test_what_is_typed_after_the_end_of_the_session_is_kept_and_shown_to_nobody_else(browser: Client) -> None:
    open_account(EVE)
    tab = Tab(browser, NEW)
    end_sessions()
    assert tab.save(body=TYPED).json() == {"kept": True, "here": False, "where": "message "}
    sign_in(browser, EVE.number)
    assert tab.save(body=f"{TYPED} !").json()["here"] is False
    assert not tab.shows("zinc")
    browser.post("/adherent/deconnexion/")
    sign_in(browser, CAMILLE.number)
    assert tab.shows(f"{TYPED} !")


def test_keeping_words_signs_nobody_in(browser: Client) -> None:
    tab = Tab(browser, NEW)
    stranger = Client()
    answer = stranger.post(SAVE, {"brouillon": tab.tokens["brouillon"], "body": "Bonjour"})
    assert answer.json() == {"kept": True, "here": False, "where": "message "}
    assert not is_signed_in(stranger)
    assert "session" not in answer.cookies


@pytest.mark.parametrize("token", ["", "x", "AAAA", "é", "A" * 3000, "Zm9v" * 50])
def test_a_place_that_was_not_sealed_here_keeps_nothing(token: str) -> None:
    assert Client().post(SAVE, {"brouillon": token, "body": TYPED}).status_code == 400
    assert not Draft.objects.exists()


def test_only_the_fields_of_the_form_are_kept_and_not_without_bound(browser: Client) -> None:
    Tab(browser, NEW).save(body="a" * 9_000, password="tulipe", csrfmiddlewaretoken="x")
    assert Draft.objects.get().words == {"body": "a" * LONGEST_FIELD}


def test_an_account_keeps_so_many_drafts_and_the_oldest_leaves(browser: Client, member: Member) -> None:
    threads = [asked(member, f"Question {rank}") for rank in range(MOST_DRAFTS + 3)]
    for thread in threads:
        Tab(browser, f"/adherent/messages/{thread.pk}/").save(body=TYPED)
    assert Draft.objects.count() == MOST_DRAFTS
    assert not Draft.objects.filter(about=f"thread:{threads[0].pk}").exists()


@pytest.fixture
def once_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """How often one account may keep a draft, here."""
    from limits import parse
    from limits.strategies import FixedWindowRateLimiter

    hit = FixedWindowRateLimiter.hit
    monkeypatch.setattr(
        FixedWindowRateLimiter,
        "hit",
        lambda self, rate, *names, **more: hit(
            self, parse("1/hour") if names[0] == "draft" else rate, *names, **more
        ),
    )


@pytest.mark.usefixtures("once_an_hour")
def test_saving_too_often_is_refused_and_keeps_what_is_kept(browser: Client) -> None:
    tab = Tab(browser, NEW)
    tab.save(body=TYPED)
    assert tab.save(body="x").status_code == 429
    assert Draft.objects.exists()


@pytest.mark.usefixtures("once_an_hour")
def test_the_token_of_now_is_given_so_often(browser: Client) -> None:
    place = {"brouillon": Tab(browser, NEW).tokens["brouillon"]}
    assert browser.post(TOKEN, place).json()["token"]
    answer = browser.post(TOKEN, place)
    assert (answer.status_code, answer.json()) == (429, {"token": ""})
    assert Client().post(TOKEN, place).status_code == 429, "a stranger who has the place, too"


# What waited in the browser


def sealed(tab: Tab, words: dict[str, str], key: bytes = b"") -> str:
    """As the page's script seals them while the server cannot be reached."""
    nonce = os.urandom(12)
    secret = key or base64.b64decode(open_place(tab.tokens["brouillon"]).key)
    return base64.b64encode(nonce + AESGCM(secret).encrypt(nonce, json.dumps(words).encode(), None)).decode()


def test_what_waited_sealed_in_the_browser_is_handed_in_and_given_to_its_account_alone(
    browser: Client,
) -> None:
    tab = Tab(browser, NEW)
    line = {"scelle": sealed(tab, {"body": TYPED}), "age": "60"}
    assert tab.save(**line).json() == {
        "kept": True,
        "here": True,
        "where": "message ",
        "words": {"body": TYPED},
    }
    end_sessions()
    assert "words" not in tab.save(**line).json()
    assert Draft.objects.get().words == {"body": TYPED}


def test_what_another_key_sealed_is_refused(browser: Client) -> None:
    tab = Tab(browser, NEW)
    assert tab.save(scelle=sealed(tab, {"body": TYPED}, os.urandom(32))).status_code == 400
    assert tab.save(scelle="AA==").status_code == 400
    assert not Draft.objects.exists()


@pytest.mark.parametrize("cut", ["bonjour \ud83d", "\udc4d merci", "\x00", "\uffff"])
def test_half_a_picture_never_keeps_the_page_from_being_shown(browser: Client, cut: str) -> None:
    """A script, an extension or a paste may leave half of an emoji in a field: JSON carries it, no page can show it."""
    tab = Tab(browser, NEW)
    assert tab.save(scelle=sealed(tab, {"body": cut, "subject": TYPED}), age="60").status_code == 200
    assert tab.shows(TYPED)


def test_what_waited_never_takes_the_place_of_what_was_typed_since(
    browser: Client, clock: time_machine.Traveller
) -> None:
    old = Tab(browser, NEW)
    line = sealed(old, {"body": "ancien"})
    clock.shift(timedelta(minutes=5))
    Tab(browser, NEW).save(body=TYPED)
    late = old.save(scelle=line, age="300").json()
    assert (late["kept"], late["words"]) == (
        False,
        {"body": TYPED},
    )  # a page that was made meanwhile shows them
    end_sessions()
    assert "words" not in old.save(scelle=line, age="300").json()
    assert Draft.objects.get().words == {"body": TYPED}


def test_what_waited_brings_nothing_back_that_was_sent(browser: Client) -> None:
    tab = Tab(browser, NEW)
    line = sealed(tab, {"body": "ancien"})
    tab.post({"subject": "Dents", "body": TYPED})
    late = tab.save(scelle=line, age="60").json()
    assert late["kept"] is False
    assert "words" not in late


# The end of a draft


def test_it_dies_on_sending_and_what_is_saved_late_is_not_kept(browser: Client) -> None:
    tab = Tab(browser, NEW)
    tab.save(subject="Dents", body=TYPED)
    tab.post({"subject": "Dents", "body": TYPED})
    assert Message.objects.count() == 1
    assert tab.save(body=TYPED).json()["kept"] is False
    assert not tab.shows(TYPED)
    assert tab.save(body="Encore", anew="1").json()["kept"] is True
    assert tab.shows("Encore")


def test_what_is_saved_late_for_the_first_time_is_not_kept_either(browser: Client) -> None:
    tab = Tab(browser, NEW)
    tab.post({"subject": "Dents", "body": TYPED})
    assert tab.save(body=TYPED).json()["kept"] is False


def test_it_dies_after_30_days_and_is_swept(browser: Client, clock: time_machine.Traveller) -> None:
    tab = Tab(browser, NEW)
    tab.save(body=TYPED)
    clock.shift(timedelta(days=29))
    sign_in(browser, CAMILLE.number)
    assert tab.shows(TYPED)
    clock.shift(timedelta(days=1, minutes=1))
    sign_in(browser, CAMILLE.number)
    assert not tab.shows(TYPED)
    assert tab.save(body=TYPED).status_code == 400, "its page is as old"
    [drafts] = [purge for purge in due() if purge.name == "drafts"]
    assert apply(drafts) == 1
    assert not Draft.objects.exists()


def test_it_dies_with_the_account_that_closes(browser: Client, member: Member) -> None:
    assert member.account
    tab = Tab(browser, NEW)
    tab.save(body=TYPED)
    close(account=member.account, actor="system", reason="demandé")
    assert not Draft.objects.exists()
    assert tab.save(body=TYPED).json()["kept"] is False
    assert not Draft.objects.exists()


def treating(desk: Client, agent: Account, member: Member, kind: str = "refuser") -> tuple[Item, Tab]:
    [item] = waiting(member)
    queue.take(agent=agent, item=item)
    return item, Tab(desk, f"/gestion/traiter/{item.document_id}/{kind}/?pick=rib_illisible")


@pytest.mark.parametrize("kind", ["refuser", "correction"])
def test_a_refusal_being_written_is_open_again_after_a_reload(
    desk: Client, agent: Account, member: Member, kind: str
) -> None:
    item, tab = treating(desk, agent, member, kind)
    tab.save(reason="rib_illisible", words_fr=TYPED, words_en="", until="2026-12-24")
    assert tab.shows(TYPED)
    bare = f"/gestion/traiter/{item.document_id}/{kind}/"
    page = desk.get(bare).content.decode()
    assert TYPED in page
    assert 'name="reason" value="rib_illisible"' in page
    assert 'value="2026-12-24"' in page or kind == "refuser"
    assert (
        bare in desk.get(f"/gestion/traiter/{item.document_id}/").content.decode().split("decide-others")[0]
    )


def test_choosing_a_reason_never_replaces_typed_words(desk: Client, agent: Account, member: Member) -> None:
    item, tab = treating(desk, agent, member)
    others = [reason for reason in deciding.reasons_for(item, "refuse") if reason.code != "rib_illisible"]
    assert others
    picked = tab.post(
        {"pick": others[0].code, "reason": "rib_illisible", "words_fr": TYPED, "words_en": "Typed."}
    )
    page = picked.content.decode()
    assert TYPED in page
    assert "Typed." in page
    assert f'name="reason" value="{others[0].code}"' in page
    # The words of a reason are no person's own: another reason replaces them. So do words that an agent asks for.
    own = deciding.reasons_for(item, "refuse")[0].words.fr
    replaced = tab.post({"pick": others[0].code, "reason": "rib_illisible", "words_fr": own, "words_en": ""})
    assert replaced.context["form"]["words_fr"].value() == others[0].words.fr
    asked_for = tab.post({"proposed": others[0].code, "words_fr": TYPED, "words_en": ""})
    assert asked_for.context["form"]["words_fr"].value() == others[0].words.fr
    # By its address too, as the first choice is made.
    tab.save(reason="rib_illisible", words_fr=TYPED)
    assert (
        TYPED
        in desk.get(f"/gestion/traiter/{item.document_id}/refuser/?pick={others[0].code}").content.decode()
    )


@pytest.mark.parametrize("end", ["refused by its agent", "accepted by a colleague", "destroyed"])
def test_it_dies_on_any_agents_decision_and_on_erasure(
    end: str, desk: Client, agent: Account, member: Member, clock: time_machine.Traveller
) -> None:
    item, tab = treating(desk, agent, member)
    tab.save(reason="rib_illisible", words_fr=TYPED)
    if end == "destroyed":
        erase(document_id=item.document_id, because=Erased.RETENTION)
    elif end == "refused by its agent":
        deciding.refuse(agent=agent, item=item, **NEEDED)
    else:
        clock.shift(timedelta(minutes=16))
        colleague = adviser(2)
        queue.take(agent=colleague, item=item)
        deciding.accept(agent=colleague, item=item)
    assert Draft.objects.begun(account_id=agent.pk, about=item.subject, kinds=list(DraftKind)) == []
    assert {draft.sealed for draft in Draft.objects.all()} <= {""}
    assert tab.save(words_fr=TYPED).json()["kept"] is False


def test_a_decision_that_is_undone_gives_its_words_back(desk: Client, agent: Account, member: Member) -> None:
    item, tab = treating(desk, agent, member)
    decision = deciding.refuse(agent=agent, item=item, **NEEDED | {"words_fr": TYPED})
    deciding.undo(agent=agent, decision=decision)
    assert tab.shows(TYPED)


def test_an_answer_in_writing_outlives_what_a_colleague_does_with_the_conversation(
    desk: Client, agent: Account, member: Member
) -> None:
    thread = asked(member)
    tab = Tab(desk, f"/gestion/messages/{thread.pk}/", "answer")
    tab.save(body=TYPED)
    answered(thread, adviser(2))
    assert tab.shows(TYPED)
    answered(thread, agent)
    assert not tab.shows(TYPED)
