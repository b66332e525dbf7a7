"""What a member does in a browser, one function a step: the tests of account life are written in these."""

import re
from collections.abc import Callable

from django.http import HttpResponse
from django.test import Client

from tests.cast import NEW_PASSWORD, PASSWORD, Person
from tests.conftest import Mail

Mails = Callable[[], list[Mail]]
WRONG = "pas-le-Bon-00"
LINK_PAGE = "/adherent/authentication/mot-de-passe/"
FORGOTTEN_PAGE = "/adherent/mot-de-passe-oublie/"
CHANGE_PAGE = "/adherent/donnees-personnelles/mot-de-passe/"


def text_of(response: HttpResponse) -> str:
    return response.content.decode()


def sign_in(client: Client, identifier: str, password: str = PASSWORD) -> HttpResponse:
    return client.post("/adherent/", {"identifier": identifier, "password": password})  # type: ignore[return-value]


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def lock_out(identifier: str, client: Client | None = None) -> None:
    """Type five wrong passwords in an unknown browser."""
    for _ in range(5):
        sign_in(client or Client(), identifier, WRONG)


def question_on(page: str) -> tuple[str, int]:
    """The question's hidden name, and the right answer to what a person reads."""
    name = re.search(r'name="question" value="([0-9a-f-]+)"', page)
    terms = re.search(r"(\d+) \+ (\d+) =", page)
    assert name, page
    assert terms, page
    return name[1], int(terms[1]) + int(terms[2])


def ask_for_link(client: Client, identifier: str) -> HttpResponse:
    """« Mot de passe oublié ? »: read the question, answer it rightly."""
    question, answer = question_on(text_of(client.get(FORGOTTEN_PAGE)))  # type: ignore[arg-type]
    filled = {"identifier": identifier, "question": question, "answer": answer}
    return client.post(FORGOTTEN_PAGE, filled)  # type: ignore[return-value]


def link_for(person: Person, mails: Mails) -> Mail:
    """Ask for a link, and take the one that arrives."""
    ask_for_link(Client(), person.number)
    return with_link(mails())


def with_link(arrived: list[Mail]) -> Mail:
    """The last of these mails that has a link in it: links leave before notices."""
    return next(mail for mail in reversed(arrived) if "/authentication/" in mail.text)


def follow(client: Client, mail: Mail) -> HttpResponse:
    """Click on the link in the mail, up to the page that it leads to."""
    return client.get(mail.link, follow=True)  # type: ignore[return-value]


def choose_password(
    client: Client,
    born: tuple[str, str, str],
    password: str = NEW_PASSWORD,
    confirmation: str | None = None,
) -> HttpResponse:
    """Fill the page behind the link. `born`: day, month, year as typed."""
    day, month, year = born
    filled = {
        "birth_date_day": day,
        "birth_date_month": month,
        "birth_date_year": year,
        "password": password,
        "confirmation": password if confirmation is None else confirmation,
    }
    return client.post(LINK_PAGE, filled)  # type: ignore[return-value]


def reset(person: Person, mails: Mails, password: str = NEW_PASSWORD) -> HttpResponse:
    """Go through « Mot de passe oublié ? » to its end, in an unknown browser."""
    client = Client()
    follow(client, link_for(person, mails))
    return choose_password(client, person.birth_day, password)


def change_password(
    client: Client, old: str = PASSWORD, new: str = NEW_PASSWORD, confirmation: str | None = None
) -> HttpResponse:
    """« Données personnelles » › « Mon mot de passe »."""
    filled = {
        "old_password": old,
        "password": new,
        "confirmation": new if confirmation is None else confirmation,
    }
    return client.post(CHANGE_PAGE, filled)  # type: ignore[return-value]
