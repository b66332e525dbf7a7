"""Two links, two letters, two mails, open in two tabs of one browser: each form acts on its own."""

import re
from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import AccessLink, Account, Purpose
from adherents.accounts.services.access_link import make_link
from adherents.accounts.services.sign_in import REPORT_FOR
from adherents.enrolment.services import confirming
from adherents.members.models import Member
from tests.accounts.steps import LINK_PAGE, Mails, text_of
from tests.cast import CAMILLE, EVE, NEW_PASSWORD, NO_MAIL, PASSWORD, Person
from tests.enrolment.letters import letter_to
from tests.factories import add_to_register, open_account

# Forms and cookies of one browser.
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
REPORT_PAGE, CODE, ADDRESS = (
    "/adherent/authentication/pas-moi/",
    "/adherent/premiere-connexion/code/",
    "/adherent/adresse/",
)


def mark_on(page: object) -> str:
    match = re.search(r'name="lien" value="([0-9a-f]{16})"', text_of(page))  # type: ignore[arg-type]
    assert match, text_of(page)  # type: ignore[arg-type]
    return match[1]


def born(person: Person) -> dict[str, str]:
    return dict(zip(("birth_date_day", "birth_date_month", "birth_date_year"), person.birth_day, strict=True))


def opened(browser: Client, person: Person) -> str:
    """A link of this person's, opened in a tab; how its form names it."""
    account = Account.objects.get(identifier=person.number)
    token = make_link(account=account, purpose=Purpose.RESET, validity=REPORT_FOR)
    return mark_on(browser.get(f"{LINK_PAGE}{token}", follow=True))


def chosen(browser: Client, person: Person, mark: str | None) -> object:
    filled = born(person) | {"password": NEW_PASSWORD, "confirmation": NEW_PASSWORD}
    return browser.post(LINK_PAGE, filled if mark is None else filled | {"lien": mark})


def has(person: Person, password: str) -> bool:
    return Account.objects.get(identifier=person.number).check_password(password)


@pytest.mark.rule("G7")
def test_each_tab_sets_the_password_of_its_own_link(client: Client) -> None:
    open_account(CAMILLE)
    open_account(EVE)
    first, second = opened(client, CAMILLE), opened(client, EVE)
    assert first != second
    chosen(client, CAMILLE, first)
    assert has(CAMILLE, NEW_PASSWORD)
    assert has(EVE, PASSWORD)
    chosen(client, EVE, second)
    assert has(EVE, NEW_PASSWORD)


@pytest.mark.rule("G7")
def test_one_account_keeps_its_other_link_untouched_by_a_wrong_birth_date(client: Client) -> None:
    open_account(CAMILLE)
    first = opened(client, CAMILLE)
    opened(client, CAMILLE)
    chosen(client, EVE, first)
    assert list(AccessLink.objects.order_by("pk").values_list("birth_date_failures", flat=True)) == [1, 0]


@pytest.mark.parametrize("mark", ["", "0" * 16, None])
def test_a_form_that_names_none_of_two_links_acts_on_neither(client: Client, mark: str | None) -> None:
    open_account(CAMILLE)
    open_account(EVE)
    opened(client, CAMILLE)
    opened(client, EVE)
    for person in (CAMILLE, EVE):
        assert chosen(client, person, mark).status_code == 410  # type: ignore[attr-defined]
        assert has(person, PASSWORD)
    assert AccessLink.objects.live().count() == 2


def test_a_form_of_a_link_that_this_browser_no_longer_carries_acts_on_no_other(client: Client) -> None:
    open_account(CAMILLE)
    open_account(EVE)
    first = opened(client, CAMILLE)
    client.cookies.clear()
    opened(client, EVE)
    assert chosen(client, EVE, first).status_code == 410  # type: ignore[attr-defined]
    assert has(EVE, PASSWORD)


def test_what_names_a_link_opens_nothing(client: Client) -> None:
    open_account(CAMILLE)
    mark = opened(client, CAMILLE)
    for token in (mark, mark * 2):
        assert Client().get(f"{LINK_PAGE}{token}", follow=True).status_code == 410


@pytest.mark.rule("G10")
def test_each_tab_sets_the_password_of_its_own_letter(client: Client) -> None:
    odette = add_to_register(NO_MAIL)
    other = add_to_register(EVE)
    Member.objects.filter(pk=other.pk).update(email="")
    marks = {}
    for person, member in ((NO_MAIL, odette), (EVE, other)):
        member.refresh_from_db()
        typed = born(person) | {"code": letter_to(member)}
        marks[person.number] = mark_on(client.post(CODE, typed, follow=True))
    filled = {"password": NEW_PASSWORD, "confirmation": NEW_PASSWORD, "lien": marks[NO_MAIL.number]}
    client.post(f"{CODE}mot-de-passe/", filled)
    assert has(NO_MAIL, NEW_PASSWORD)
    assert not has(EVE, NEW_PASSWORD)


def test_each_tab_reports_the_account_of_its_own_mail(client: Client) -> None:
    marks = []
    for account in (open_account(CAMILLE), open_account(EVE)):
        token = make_link(account=account, purpose=Purpose.STRANGER, validity=REPORT_FOR)
        marks.append(mark_on(client.get(f"{REPORT_PAGE}{token}", follow=True)))
    client.post(REPORT_PAGE, {"lien": marks[0]})
    used = AccessLink.objects.filter(used_at__isnull=False).values_list("account__identifier", flat=True)
    assert list(used) == [CAMILLE.number]


@pytest.mark.rule("G10")
def test_each_tab_confirms_the_address_of_its_own_mail(
    client: Client, mails: Mails, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    marks = []
    for person, address in ((CAMILLE, "un@example.org"), (EVE, "deux@example.org")):
        member = Member.objects.get(account=open_account(person))
        with transaction.atomic():
            confirming.propose(member=member, address=address)
        match = re.search(r"/adherent/adresse/([0-9a-f]+)", mails()[-1].text)
        assert match
        marks.append(mark_on(client.get(f"{ADDRESS}{match[1]}", follow=True)))
    client.post(ADDRESS, {"lien": marks[0]})
    assert Member.objects.get(number=CAMILLE.number).email == "un@example.org"
    assert Member.objects.get(number=EVE.number).email == EVE.email


@pytest.mark.rule("G7")
def test_a_dead_link_answers_the_same_to_the_byte_whatever_is_typed(client: Client) -> None:
    open_account(CAMILLE)
    wrong = {"birth_date_day": "01", "birth_date_month": "04", "birth_date_year": "1954"}
    right, answers = born(CAMILLE), set()
    for date in (wrong, right, {}):
        for password in (NEW_PASSWORD, PASSWORD, "trop-court", "", CAMILLE.number * 2):
            AccessLink.objects.all().delete()
            browser = Client(headers={"X-Request-ID": "the-same"})
            mark = opened(browser, CAMILLE)
            AccessLink.objects.update(killed_at=timezone.now(), birth_date_failures=5)
            filled = date | {"password": password, "confirmation": password, "lien": mark}
            answer = browser.post(LINK_PAGE, filled)
            headers = sorted(answer.headers.items())
            cookies = sorted(str(cookie) for name, cookie in answer.cookies.items() if name != "csrf")
            content = re.sub(r'(csrfmiddlewaretoken" value=)"\w+"', r"\1", answer.content.decode())
            answers.add((answer.status_code, content, str(headers), str(cookies)))
    assert len(answers) == 1
