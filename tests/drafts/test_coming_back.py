"""A form posted when its session is over, or is another one: the words come back to their account, and nothing was sent."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from adherents.accounts.models import Account, Role
from adherents.accounts.services.closing import close
from adherents.accounts.services.end_sessions import end_all_of
from adherents.casework.models import Decision
from adherents.drafts.models import Draft
from adherents.members.models import Member
from adherents.messaging.models import CannedAnswer, Message, Thread
from adherents.vault.models import Deposit
from tests.accounts.steps import sign_in
from tests.agents import STEP, add_totp, code_of, make_agent, signed_in
from tests.casework.queueing import waiting
from tests.cast import CAMILLE, EVE, PASSWORD
from tests.drafts.typing import TYPED, Tab, end_sessions, said_in
from tests.factories import open_account
from tests.messaging.exchanges import asked

pytestmark = pytest.mark.django_db
HOME, DESK = "/adherent/", "/gestion/connexion/"
NEW = "/adherent/messages/nouveau/"


@dataclass(frozen=True)
class Written:
    """A form that takes words: its page, where it is posted, what else it needs, and the field that is typed in."""

    page: str
    field: str = "body"
    to: str = ""
    others: tuple[tuple[str, Any], ...] = ()
    kind: str = ""


def own_reply(member: Member) -> Written:
    return Written(f"/adherent/messages/{asked(member).pk}/")


def answer(member: Member) -> Written:
    return Written(f"/gestion/messages/{asked(member).pk}/", others=(("after", 99),), kind="answer")


def note(member: Member) -> Written:
    page = f"/gestion/messages/{asked(member).pk}/"
    return Written(page, to=f"{page}note/", kind="note")


def refusal(member: Member) -> Written:
    [item] = waiting(member)
    return Written(
        f"/gestion/traiter/{item.document_id}/refuser/?pick=rib_illisible",
        "words_fr",
        others=(("reason", "rib_illisible"),),
    )


def correction(member: Member) -> Written:
    [item] = waiting(member)
    return Written(
        f"/gestion/traiter/{item.document_id}/correction/?pick=rib_illisible",
        "words_fr",
        others=(("reason", "rib_illisible"), ("until", "2099-01-01")),
    )


MEMBERS: dict[str, Callable[[Member], Written]] = {
    "a message": lambda member: Written(NEW, others=(("subject", "Dents"),)),
    "a reply": own_reply,
    "the note of a sending": lambda member: Written(
        "/adherent/documents/envoyer/", "note", others=(("kind", "rib"),)
    ),
}
AGENTS: dict[str, Callable[[Member], Written]] = {
    "an answer": answer,
    "an internal note": note,
    "a first message": lambda member: Written(
        f"/gestion/adherents/{member.pk}/ecrire/", others=(("subject", "Dents"),)
    ),
    "a refusal": refusal,
    "a correction": correction,
    "an answer kept ready": lambda member: Written(
        "/gestion/modeles/nouveau/", "fr", others=(("title", "Dents"), ("en", "x"))
    ),
    "why a lock ends": lambda member: Written(f"/gestion/adherents/{member.pk}/blocage/", "reason"),
    "why an address changes": lambda member: Written(
        f"/gestion/adherents/{member.pk}/adresse/", "reason", others=(("email", "neuve@example.org"),)
    ),
    "why the lock of an agent ends": lambda member: Written(
        f"/gestion/agents/{make_agent(Role.AUDITOR).pk}/blocage/", "reason"
    ),
}
NEEDS = {"an answer kept ready": Role.SUPERVISOR, "why the lock of an agent ends": Role.ADMINISTRATOR}


def nothing_left(before: tuple[int, ...]) -> bool:
    return before == counts()


def counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Message, Thread, Deposit, Decision, CannedAnswer))  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", MEMBERS)
def test_what_a_member_posts_after_the_end_of_the_session_is_there_again_once_signed_in(name: str) -> None:
    open_account(EVE)
    member = Member.objects.get(account=open_account(CAMILLE))
    form = MEMBERS[name](member)
    browser = Client()
    sign_in(browser, CAMILLE.number)
    tab, before = Tab(browser, form.page, form.kind), counts()
    end_sessions()
    door = tab.post({form.field: TYPED, **dict(form.others)}, form.to).headers["Location"]
    assert nothing_left(before)
    assert "rien n’a été envoyé" in said_in(browser.get(door))
    # Somebody else, in the same browser: nothing of it.
    browser.post(HOME, {"identifier": EVE.number, "password": PASSWORD})
    assert TYPED not in browser.get(MEMBERS["a message"](member).page).content.decode()
    browser.post("/adherent/deconnexion/")
    arrived = browser.post(door, {"identifier": CAMILLE.number, "password": PASSWORD, "next": form.page})
    assert arrived.headers["Location"] == form.page
    page = browser.get(form.page)
    assert TYPED in page.content.decode()
    assert "n’a pas été envoyé" in said_in(page)
    assert nothing_left(before)


@pytest.mark.parametrize("name", AGENTS)
@pytest.mark.one_on_postgresql
def test_what_an_agent_posts_after_the_end_of_the_session_is_there_again_once_signed_in(name: str) -> None:
    member = Member.objects.select_related("account").get(account=open_account(CAMILLE))
    agent = make_agent(NEEDS.get(name, Role.ADVISER))
    secret, browser = add_totp(agent), Client()
    form = AGENTS[name](member)
    if "traiter" in form.page:
        browser_of(agent, browser, secret)
        browser.post(form.page.split("refuser")[0].split("correction")[0] + "prendre/")
    else:
        browser_of(agent, browser, secret)
    tab, before = Tab(browser, form.page, form.kind), counts()
    end_sessions()
    door = tab.post({form.field: TYPED, **dict(form.others)}, form.to).headers["Location"]
    assert door.startswith(DESK)
    assert nothing_left(before)
    assert "rien n’a été envoyé" in said_in(browser.get(door))
    fields = {"identifier": agent.identifier, "password": PASSWORD, "next": form.page}
    browser.post(door, fields)
    arrived = browser.post(STEP, {"code": code_of(secret, ahead=1)})
    assert arrived.headers["Location"] == form.page
    page = browser.get(form.page)
    assert TYPED in page.content.decode()
    assert "n’a pas été envoyé" in said_in(page)
    assert nothing_left(before)


def browser_of(agent: Account, browser: Client, secret: str) -> None:
    browser.post(DESK, {"identifier": agent.identifier, "password": PASSWORD})
    browser.post(STEP, {"code": code_of(secret)})


def test_the_sign_in_page_says_why_the_session_ended_and_what_became_of_the_words(agent: Account) -> None:
    account = open_account(CAMILLE)
    browser = Client()
    sign_in(browser, CAMILLE.number)
    tab = Tab(browser, NEW)
    end_all_of(account=account, by=agent, reason="Téléphone perdu")
    door = tab.post({"subject": "Dents", "body": TYPED}).headers["Location"]
    said = said_in(browser.get(door))
    assert "Le service a mis fin à cette connexion" in said
    assert "rien n’a été envoyé. Ce que vous aviez écrit est gardé" in said


def test_what_cannot_be_kept_is_not_told_as_kept(agent: Account) -> None:
    account = open_account(CAMILLE)
    browser = Client()
    sign_in(browser, CAMILLE.number)
    tab = Tab(browser, NEW)
    close(account=account, actor=agent.actor, reason="Demandé")
    door = tab.post({"subject": "Dents", "body": TYPED}).headers["Location"]
    said = said_in(browser.get(door))
    assert "est gardé" not in said
    assert "n’a pas été fait" in said


def test_files_posted_by_nobody_are_not_kept_and_the_page_says_so() -> None:
    open_account(CAMILLE)
    browser = Client()
    sign_in(browser, CAMILLE.number)
    tab = Tab(browser, NEW)
    end_sessions()
    tab.post({"subject": "Dents", "body": TYPED, "files": SimpleUploadedFile("a.pdf", b"x" * 300_000)})
    sign_in(browser, CAMILLE.number)
    assert "joignez-les à nouveau" in said_in(browser.get(NEW))


def test_what_one_account_wrote_is_never_sent_by_another_in_the_same_browser() -> None:
    open_account(CAMILLE)
    open_account(EVE)
    browser = Client(enforce_csrf_checks=True)
    door(browser, CAMILLE.number)
    tab = Tab(browser, NEW)
    leave(browser)
    door(browser, EVE.number)
    refused = tab.post({"subject": "Dents", "body": TYPED})
    assert (refused.status_code, Message.objects.count()) == (403, 0)
    assert "un autre compte" in said_in(refused)
    assert TYPED not in refused.content.decode()
    assert not tab.shows(TYPED)
    leave(browser)
    door(browser, CAMILLE.number)
    assert tab.shows(TYPED)


def test_a_page_of_before_signing_in_again_leads_to_its_words_and_sends_nothing() -> None:
    open_account(CAMILLE)
    browser = Client(enforce_csrf_checks=True)
    door(browser, CAMILLE.number)
    tab = Tab(browser, NEW)
    end_sessions()
    door(browser, CAMILLE.number)
    led = tab.post({"subject": "Dents", "body": TYPED})
    assert (led.status_code, led.headers["Location"]) == (302, NEW)
    assert Message.objects.count() == 0
    again = Tab(browser, NEW)
    assert TYPED in again.html
    again.post({"subject": "Dents", "body": TYPED})
    assert Message.objects.get().body == TYPED
    assert not again.shows(TYPED)


def token_of(browser: Client, page: str = HOME) -> str:
    return str(
        browser.get(page).content.decode().split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    )


def door(browser: Client, number: str) -> Any:
    typed = {"identifier": number, "password": PASSWORD, "csrfmiddlewaretoken": token_of(browser)}
    return browser.post(HOME, typed)


def leave(browser: Client) -> None:
    browser.post("/adherent/deconnexion/", {"csrfmiddlewaretoken": token_of(browser, NEW)})


@pytest.mark.parametrize(
    "page",
    [HOME, f"{HOME}?next={NEW}", "/adherent/mot-de-passe-oublie/", "/adherent/premiere-connexion/", DESK],
)
def test_a_form_opened_before_somebody_signed_in_in_another_tab_leads_on_in_plain_words(page: str) -> None:
    open_account(CAMILLE)
    browser = Client(enforce_csrf_checks=True)
    old = token_of(browser, page)
    door(browser, CAMILLE.number)
    answer = browser.post(
        page, {"identifier": CAMILLE.number, "password": PASSWORD, "csrfmiddlewaretoken": old}
    )
    errors = said_in(answer)
    assert "trop longtemps" not in errors
    assert "déjà ouverte dans ce navigateur, au nom de Camille" in errors
    assert f'href="{NEW if NEW in page else "/"}"' in answer.content.decode()


@pytest.mark.parametrize(("page", "typed"), [(HOME, CAMILLE.number), (DESK, "conseiller@mese.example")])
def test_a_sign_in_page_of_before_somebody_left_asks_for_the_password_again(page: str, typed: str) -> None:
    open_account(CAMILLE)
    browser = Client(enforce_csrf_checks=True)
    old = token_of(browser, page)
    door(browser, CAMILLE.number)
    leave(browser)
    answer = browser.post(page, {"identifier": typed, "password": PASSWORD, "csrfmiddlewaretoken": old})
    assert "Tapez à nouveau votre mot de passe" in said_in(answer)
    assert f'value="{typed}"' in answer.content.decode()
    assert PASSWORD not in answer.content.decode()


def test_what_was_asked_for_and_not_done_is_told_on_the_sign_in_page(member: Member, desk: Client) -> None:
    """Of a form without words: where it stood is come back to."""
    [item] = waiting(member)
    page = f"/gestion/traiter/{item.document_id}/"
    desk.post(f"{page}prendre/")
    end_sessions()
    answer = desk.post(f"{page}accepter/", headers={"referer": f"http://testserver{page}"})
    assert answer.headers["Location"].startswith(f"{DESK}?next=")
    assert "ce que vous veniez de valider n’a pas été fait" in said_in(desk.get(answer.headers["Location"]))
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    "wanted", ["https://voleur.example/gestion/", "/adherent/messages/", "/aide/", "/gestion/chiffres/x/csv/"]
)
def test_signing_in_leads_an_agent_nowhere_else_than_to_a_page_of_the_desk(wanted: str) -> None:
    agent = make_agent()
    secret, browser = add_totp(agent), Client()
    browser.post(DESK, {"identifier": agent.identifier, "password": PASSWORD, "next": wanted})
    assert browser.post(STEP, {"code": code_of(secret)}).headers["Location"] == "/gestion/"


def test_an_agent_who_asks_for_a_page_arrives_there(agent: Account) -> None:
    browser = Client()
    assert browser.get("/gestion/messages/").headers["Location"] == f"{DESK}?next=%2Fgestion%2Fmessages%2F"
    assert signed_in(agent).get("/gestion/messages/").status_code == 200
    assert not Draft.objects.exists()
