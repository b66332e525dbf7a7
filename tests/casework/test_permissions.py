"""Every role against every address of the desk, from the URL configuration: a new page without a rule fails here."""

import itertools
import uuid

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from adherents.accounts.models import Account, Role
from adherents.casework.models import CannedAnswer
from adherents.casework.permissions import TABLE, Act
from adherents.casework.urls import urlpatterns
from adherents.enrolment.services import letters
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from tests.agents import enter, make_agent, signed_in
from tests.casework.talking import asked
from tests.cast import CAMILLE, JEAN_FRANCOIS, NO_MAIL, PASSWORD
from tests.factories import add_to_register, open_account
from tests.vault.conftest import deposited, pdf

pytestmark = pytest.mark.django_db

OPEN_TO_ALL = {"sign_in"}
METHODS = ["get", "head", "post", "put", "patch", "delete", "options"]
AGENTS = [Role.ADVISER, Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR]
WHO = ["nobody", "member", "agent without a second factor", *AGENTS]
PAGES: dict[str, URLPattern] = {str(page.name): page for page in urlpatterns}

# What each page answers to, as a person would say it: written here again, so that a slip in the code shows.
READ = {"get", "head"}
ASK = {"get", "head", "post"}
DO = {"post"}
ANSWERS = {
    "desk": READ,
    "search": ASK,
    "unreachable": READ,
    "failing": READ,
    "letters_unreachable": ASK,
    "letters_failing": ASK,
    "member": READ,
    "change_email": ASK,
    "end_lock": ASK,
    "send_link": ASK,
    "close_account": ASK,
    "reopen_account": ASK,
    "write_letter": ASK,
    "letter_batches": READ,
    "letters": READ,
    "letters_pdf": DO,
    "letters_list": DO,
    "letters_destroy": DO,
    "show_nir": ASK,
    "document": READ,
    "page": READ,
    "image": READ,
    "journal": READ,
    "next": DO,
    "treat": READ,
    "treat_image": READ,
    "take": DO,
    "accept": DO,
    "refuse": ASK,
    "correct": ASK,
    "give_back": DO,
    "hand_over": ASK,
    "assign": ASK,
    "ahead": DO,
    "undo": DO,
    "start_thread": ASK,
    "threads": READ,
    "thread": ASK,
    "thread_note": DO,
    "thread_transfer": DO,
    "thread_take": DO,
    "thread_close": DO,
    "thread_reopen": DO,
    "canned_list": READ,
    "canned_new": ASK,
    "canned_answer": ASK,
    "canned_remove": DO,
}
CANNED = {page for page in ANSWERS if page.startswith("canned_")}
# Done at once, and back to the page that shows it.
LEADS_TO = {
    "thread_transfer": "/gestion/messages/",
    "thread_take": "/gestion/messages/",
    "thread_close": "/gestion/messages/",
    "thread_reopen": "/gestion/messages/",
    "canned_remove": "/gestion/modeles/",
}
TREATING = {"next", "take", "accept", "refuse", "correct", "give_back", "hand_over", "assign"}
MAY = {
    Role.ADVISER: ANSWERS.keys() - {"journal", "letters_unreachable", "letters_failing", "assign"} - CANNED,
    Role.SUPERVISOR: ANSWERS.keys(),
    Role.ADMINISTRATOR: ANSWERS.keys() - {"assign"} - CANNED,
    Role.AUDITOR: {"desk", "journal"},
}


def test_every_page_of_the_desk_has_a_rule() -> None:
    guarded = {name for name, page in PAGES.items() if getattr(page.callback, "act", None) in set(Act)}
    assert guarded == PAGES.keys() - OPEN_TO_ALL == ANSWERS.keys()


def test_every_act_is_in_the_table() -> None:
    assert TABLE.keys() == set(Act)
    assert not any(Role.MEMBER in roles for roles in TABLE.values())


def browser_of(who: str) -> Client:
    client = Client()
    if who == "nobody":
        return client
    if who == "member":
        open_account(JEAN_FRANCOIS)
        client.post("/adherent/", {"identifier": JEAN_FRANCOIS.number, "password": PASSWORD})
        assert "_auth_user_id" in client.session
        return client
    if who in AGENTS:
        return signed_in(make_agent(Role(who)), client)
    enter(client, make_agent())
    assert "_auth_user_id" in client.session
    return client


def expected(who: str, page: str, method: str) -> set[int | str]:
    """A status, or where it leads."""
    if who == "nobody":
        return {"/gestion/connexion/"}
    if who == "member":
        return {403}
    if who not in AGENTS:
        return {"/compte/securite/"}
    if page not in MAY[Role(who)]:
        return {403}
    if method not in ANSWERS[page]:
        return {405}
    if page == "desk" and who == Role.AUDITOR:
        return {"/gestion/journal/"}
    if page == "letters_destroy":
        return {"/gestion/courriers/"}
    if page == "undo":
        return {404, "/gestion/", "/gestion/traiter/"}  # whether this agent decided something on the way
    if page in LEADS_TO:
        return {LEADS_TO[page]}
    return {200, "/gestion/", "/gestion/traiter/"} if page in TREATING else {200}


def letters_of(who: str) -> uuid.UUID:
    """Letters that this agent asked for; an agent sees no other's."""
    agent = Account.objects.filter(role=who).first() or Account.objects.earliest("pk")
    member = add_to_register(NO_MAIL)
    return letters.write_one(member=member, actor=f"agent:{agent.pk}", reason="essai").pk


@pytest.mark.parametrize("who", WHO)
def test_each_role_reaches_what_it_may_and_nothing_else(who: str) -> None:
    member = Member.objects.get(account=open_account(CAMILLE))
    document = deposited(member, pdf())
    from adherents.work.services import run_until_nothing_is_left

    run_until_nothing_is_left()
    client = browser_of(who)
    values = {
        "pk": member.pk,
        "document_id": document.pk,
        "number": 1,
        "batch_id": letters_of(who),
        "thread_id": asked(member).pk,
        "answer_id": CannedAnswer.objects.create(title="x", fr="x", en="x").pk,
    }
    wrong = []
    in_order = sorted(ANSWERS, key=lambda name: (name == "letters_destroy", name))
    for name, method in itertools.product(in_order, METHODS):
        wanted = PAGES[name].pattern.converters
        address = reverse(f"casework:{name}", kwargs={key: values[key] for key in wanted})
        answer = getattr(client, method)(address)
        got = answer.url if answer.status_code == 302 else answer.status_code
        for lists in ("/gestion/courriers/", "/gestion/traiter/", "/gestion/messages/", "/gestion/modeles/"):
            got = lists if str(got).startswith(lists) else got
        if got not in expected(who, name, method):
            wrong.append((name, method, got))
    assert not wrong


def test_a_refused_page_is_journalled() -> None:
    auditor = make_agent(Role.AUDITOR)
    signed_in(auditor).get("/gestion/adherents/?q=dupont")
    entry = Entry.objects.get(event=Event.ACCESS_REFUSED)
    assert (entry.subject, entry.details) == (auditor.subject, {"act": "find"})


def test_a_document_or_a_member_that_does_not_exist_is_not_found() -> None:
    client = signed_in(make_agent())
    assert client.get("/gestion/adherents/999999/").status_code == 404
    assert client.get(f"/gestion/documents/{uuid.uuid4()}/").status_code == 404


def test_an_agent_whose_account_is_closed_is_out_at_once() -> None:
    agent = make_agent()
    client = signed_in(agent)
    Account.objects.filter(pk=agent.pk).update(closed_at=agent.created_at)
    assert client.get("/gestion/").url == "/gestion/connexion/"  # type: ignore[attr-defined]
