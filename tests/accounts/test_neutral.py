"""No answer says whether a number has an account, or which standing that account has.

Each standing is made for the same number, so that nothing has to be masked but the CSRF token and the question's name.
"""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.hashers import get_hasher
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from adherents.accounts import limits
from adherents.accounts.models import Account
from adherents.accounts.services import closing, sign_in
from adherents.accounts.services.register import ensure_account
from tests.accounts.steps import FORGOTTEN_PAGE, WRONG, ask_for_link, lock_out, question_on, text_of
from tests.accounts.steps import sign_in as signs_in
from tests.cast import CAMILLE, PASSWORD
from tests.factories import add_to_register, open_account

# Answers and the hashes that they cost are compared.
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
Seen = tuple[object, ...]


def nobody() -> None:
    """No line of the register, no account."""


def never_connected() -> None:
    add_to_register(CAMILLE)
    with transaction.atomic():
        ensure_account(
            identifier=CAMILLE.number, email=CAMILLE.email, birth_date=CAMILLE.birth_date, language="fr"
        )


def active() -> None:
    open_account(CAMILLE)


def without_address() -> None:
    open_account(CAMILLE)
    Account.objects.update(email="")


def expired() -> None:
    open_account(CAMILLE)
    Account.objects.update(password_changed_at=timezone.now() - timedelta(days=200))


def closed() -> None:
    closing.close(account=open_account(CAMILLE), actor="agent:1", reason="essai")


def locked() -> None:
    open_account(CAMILLE)
    lock_out(CAMILLE.number)


def nobody_locked() -> None:
    lock_out(CAMILLE.number)


def agent() -> None:
    """An agent whose identifier is typed at the members' door."""
    open_account(CAMILLE)
    Account.objects.update(role="conseiller")


Standing = Callable[[], None]
OPEN = [nobody, never_connected, active, without_address, expired, closed, agent]
LOCKED = [locked, nobody_locked]


@pytest.fixture(autouse=True)
def _one_moment_one_question(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For all, so that a page that says until when says the same to all, and a question is as long as another."""
    monkeypatch.setattr("adherents.accounts.services.forgotten._numbers", lambda _: (9, 9))
    with time_machine.travel("2026-03-02T10:20:00+01:00", tick=False):
        yield


def seen(response: HttpResponse) -> Seen:
    """Everything that leaves the server, the CSRF token and the question's name masked."""
    body = text_of(response)
    body = re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]+', r"\1…", body)
    body = re.sub(r'(name="question" value=")[^"]+', r"\1…", body)
    cookies = {
        name: dict(cookie.items()) | {"value": "…" if name == "csrf" else cookie.value}
        for name, cookie in response.cookies.items()
    }
    # A request's name is new each time, and made before anything of it is looked at.
    headers = {
        name: value for name, value in response.headers.items() if name not in {"Set-Cookie", "X-Request-ID"}
    }
    return response.status_code, response.reason_phrase, headers, cookies, body


def in_each(standings: list[Standing], act: Callable[[], object]) -> dict[str, object]:
    """What the same act shows in each standing, each made in a transaction that is rolled back."""
    shown = {}
    for standing in standings:
        with transaction.atomic():
            limits.forget_all()
            standing()
            limits.forget_all()
            shown[standing.__name__] = act()
            transaction.set_rollback(True)
    return shown


def assert_all_alike(shown: dict[str, object]) -> None:
    first_name, first = next(iter(shown.items()))
    for name, other in shown.items():
        assert other == first, f"{name} can be told from {first_name}"


def attempts(*passwords: str) -> list[Seen]:
    """The pages that these passwords lead to, one after the other, in one browser; the empty form first."""
    client = Client()
    pages = [seen(client.get("/adherent/"))]  # type: ignore[arg-type]
    return pages + [seen(signs_in(client, CAMILLE.number, password)) for password in passwords]


@pytest.mark.rule("G11")
def test_wrong_passwords_show_the_same_in_every_standing_up_to_the_lock() -> None:
    shown = in_each(OPEN, lambda: attempts(*[WRONG] * 6))
    assert_all_alike(shown)
    pages = next(iter(shown.values()))
    assert "Ce compte est bloqué" in pages[-1][-1]  # type: ignore[index]


@pytest.mark.rule("G11")
@pytest.mark.parametrize("password", [WRONG, PASSWORD])
def test_behind_a_lock_the_right_password_shows_what_a_wrong_one_shows_known_or_not(password: str) -> None:
    shown = in_each(LOCKED, lambda: attempts(password, WRONG))
    assert_all_alike(shown)


@pytest.mark.rule("G11")
@pytest.mark.parametrize("hours", [1, 23, 24, 25, 1000])
def test_a_lock_is_the_same_at_any_hour_of_it(hours: int) -> None:
    def later() -> list[Seen]:
        with time_machine.travel(timezone.now() + timedelta(hours=hours), tick=False):
            return attempts(WRONG, PASSWORD)

    assert_all_alike(in_each(LOCKED, later))


@pytest.mark.parametrize("password", [WRONG, PASSWORD])
def test_the_password_that_was_right_opens_a_closed_account_no_more_than_nobodys(password: str) -> None:
    assert_all_alike(in_each([nobody, never_connected, closed, agent], lambda: attempts(*[password] * 6)))


def test_only_the_right_password_tells_an_active_account_from_an_expired_one() -> None:
    shown = in_each([nobody, active, expired], lambda: attempts(PASSWORD)[-1][0])
    assert shown == {"nobody": 200, "active": 302, "expired": 200}


@pytest.mark.rule("G5")
@pytest.mark.rule("G10")
def test_a_reset_request_shows_the_same_in_every_standing() -> None:
    def ask() -> list[Seen]:
        client = Client()
        asked = ask_for_link(client, CAMILLE.number)
        return [seen(asked), seen(client.get(asked.headers["Location"]))]  # type: ignore[arg-type]

    assert_all_alike(in_each(OPEN + LOCKED, ask))


@pytest.mark.rule("G5")
def test_a_wrong_answer_shows_the_same_in_every_standing() -> None:
    def ask() -> Seen:
        client = Client()
        question, answer = question_on(text_of(client.get(FORGOTTEN_PAGE)))  # type: ignore[arg-type]
        filled = {"identifier": CAMILLE.number, "question": question, "answer": answer + 1}
        return seen(client.post(FORGOTTEN_PAGE, filled))  # type: ignore[arg-type]

    assert_all_alike(in_each(OPEN + LOCKED, ask))


@pytest.mark.rule("G8")
def test_a_first_connection_shows_the_same_in_every_standing_and_for_a_wrong_identity() -> None:
    day, month, year = CAMILLE.birth_day
    right = {
        "nir": CAMILLE.nir,
        "birth_date_day": day,
        "birth_date_month": month,
        "birth_date_year": year,
        "department": CAMILLE.department,
        "name": CAMILLE.birth_name,
        "first_name": CAMILLE.first_names,
    }

    def claims(**typed: str) -> list[Seen]:
        client = Client()
        claimed = client.post("/adherent/premiere-connexion/", right | typed)
        return [seen(claimed), seen(client.get(claimed.headers["Location"]))]  # type: ignore[arg-type]

    shown = in_each(OPEN + LOCKED, claims)
    wrong = in_each(OPEN + LOCKED, lambda: claims(name="Durand"))
    assert_all_alike(shown | {f"{name}, wrong": pages for name, pages in wrong.items()})


@pytest.mark.rule("G11")
@pytest.mark.parametrize("password", [WRONG, PASSWORD])
def test_each_try_to_sign_in_costs_one_password_hash(password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in.hash_for_nothing("made once a process")
    hasher, spent = type(get_hasher()), []
    for name in ("encode", "verify"):
        done = getattr(hasher, name)

        def counted(self: object, password: str, other: str, done: Callable[..., object] = done) -> object:
            spent.append(password)
            return done(self, password, other)

        monkeypatch.setattr(hasher, name, counted)

    def cost() -> list[int]:
        counts = []
        for _ in range(7):
            spent.clear()
            signs_in(Client(), CAMILLE.number, password)
            counts.append(len(spent))
        return counts

    shown = in_each(OPEN + LOCKED, cost)
    assert shown == {standing.__name__: [1] * 7 for standing in OPEN + LOCKED}


def writes(act: Callable[[], object]) -> list[str]:
    """What this writes in the database: the verb and the table of each statement."""
    with CaptureQueriesContext(connection) as captured:
        act()
    statements = [query["sql"] for query in captured]
    writes = [re.match(r'(INSERT (?:OR IGNORE )?INTO|UPDATE|DELETE FROM) "(\w+)"', sql) for sql in statements]
    return [match[0] for match in writes if match]


@pytest.mark.rule("G5")
@pytest.mark.rule("G8")
def test_a_request_reads_and_writes_the_same_rows_in_every_standing() -> None:
    def ask() -> tuple[list[str], int]:
        with CaptureQueriesContext(connection) as captured:
            written = writes(lambda: ask_for_link(Client(), CAMILLE.number))
        return written, len(captured)

    shown = in_each(OPEN + LOCKED, ask)
    assert_all_alike(shown)
    written, _ = next(iter(shown.values()))  # type: ignore[misc]
    assert written == [
        'INSERT INTO "accounts_usedtoken"',
        'INSERT INTO "accounts_resetrequest"',
    ]


@pytest.mark.rule("G11")
def test_a_wrong_password_writes_the_same_rows_known_or_not() -> None:
    """From the second on: the first about a number without an account opens a chain in the journal."""

    def wrong() -> list[str]:
        signs_in(Client(), CAMILLE.number, WRONG)
        return writes(lambda: signs_in(Client(), CAMILLE.number, WRONG))

    shown = in_each([nobody, never_connected, active, expired, closed, agent], wrong)
    assert_all_alike(shown)
