"""« J’ai reçu un code par courrier »: from the letter to the first sign-in, without an address (G8, G10)."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from adherents.accounts.client import Client as Anybody
from adherents.accounts.models import AccessLink, Account, FormerPassword
from adherents.accounts.services import access_link, closing, email, letter
from adherents.accounts.services.access_link import DeadLink
from adherents.accounts.tokens import hash_token
from adherents.enrolment.services import confirming
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.members.services.accounts import attach_account, change_email
from adherents.members.services.addresses import record_bounce
from tests.accounts.steps import is_signed_in, lock_out, sign_in
from tests.cast import CAMILLE, NEW_PASSWORD, NO_MAIL, PASSWORD, Person
from tests.conftest import Mail
from tests.database_contents import everything_stored
from tests.enrolment.letters import letter_to
from tests.factories import add_to_register, open_account

pytestmark = [pytest.mark.django_db, pytest.mark.rule("G10")]
PAGE = "/adherent/premiere-connexion/code/"
NEXT = f"{PAGE}mot-de-passe/"
REFUSED = "Ce code et cette date de naissance n’ouvrent pas d’accès"
Mails = Callable[[], list[Mail]]


@pytest.fixture
def odette(db: None) -> Member:
    """A line of the register without an address."""
    return add_to_register(NO_MAIL)


def type_code(client: Client, code: str, person: Person = NO_MAIL, **other: str) -> Any:
    day, month, year = person.birth_day
    typed = {"code": code, "birth_date_day": day, "birth_date_month": month, "birth_date_year": year}
    return client.post(PAGE, typed | other)


def choose(client: Client, password: str = NEW_PASSWORD, address: str = "") -> Any:
    """As the page lets do it: its form names the letter, where the browser typed more than one code."""
    filled = {"password": password, "confirmation": password, "email": address}
    mark = re.search(r'name="lien" value="(\w+)"', client.get(NEXT).content.decode())
    return client.post(NEXT, filled | ({"lien": mark[1]} if mark else {}))


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.rule("G8")
def test_from_the_letter_to_the_first_sign_in_without_any_address(odette: Member, mails: Mails) -> None:
    client = Client()
    assert type_code(client, letter_to(odette)).url == NEXT
    done = text(choose(client))
    assert "Votre mot de passe a bien été enregistré." in done
    assert NO_MAIL.number in done
    assert "Sans adresse e-mail" in done
    assert mails() == []
    sign_in(client, NO_MAIL.number, NEW_PASSWORD)
    assert is_signed_in(client)


@pytest.mark.parametrize(
    "written", [str.lower, lambda code: code.replace("-", " "), lambda code: code.replace("-", "")]
)
def test_a_code_is_read_however_it_is_typed(odette: Member, written: Callable[[str], str]) -> None:
    assert type_code(Client(), written(letter_to(odette))).status_code == 302


def test_letters_that_look_like_digits_are_understood() -> None:
    assert letter.read_code("7k2m–q8xd\u2011O4Rt") == "7K2MQ8XD04RT"
    assert letter.read_code("7K2M-Q8XD-I4RL") == "7K2MQ8XD14R1"
    assert letter.read_code("7K2M-Q8XD-U4RT") == letter.read_code("7K2M-Q8XD-04R") == ""


def test_a_code_has_sixty_bits_and_only_a_keyed_hash_of_it_is_kept(odette: Member) -> None:
    assert len(set(letter.ALPHABET)) ** letter.CODE_LENGTH == 2**60
    code = letter_to(odette)
    stored = everything_stored()
    for form in (code, code.replace("-", "")):
        assert form.encode() not in stored


def test_whatever_is_wrong_is_answered_in_the_same_way(odette: Member) -> None:
    """An unknown code, a wrong birth date, a code that served, that is too old, that was replaced, of a closed account."""
    answers, costs = {}, {}

    def ask(name: str, code: str, **other: str) -> None:
        client = Client(headers={"X-Request-ID": "the-same"})
        client.get(PAGE)
        with CaptureQueriesContext(connection) as captured:
            answer = type_code(client, code, **other)
        costs[name] = [query["sql"].split()[0] for query in captured.captured_queries]
        shown = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", text(answer))
        shown = shown.replace(code, "CODE").replace('value="07"', 'value="06"')
        answers[name] = (answer.status_code, sorted(answer.headers.items()), shown)

    first, second = letter_to(odette), letter_to(odette)
    ask("unknown", "ZZZZ-ZZZZ-ZZZZ")  # the first of all begins a chain of the journal
    ask("replaced", first)
    ask("unknown", "ZZZZ-ZZZZ-ZZZZ")
    ask("wrong date", second, birth_date_month="07")
    ends = AccessLink.objects.live().get().expires_at
    AccessLink.objects.live().update(expires_at=timezone.now() - timedelta(seconds=1))
    ask("too old", second)
    AccessLink.objects.filter(killed_at__isnull=True).update(expires_at=ends)
    client = Client()
    type_code(client, second)
    choose(client)
    ask("used", second)
    third = letter_to(odette)
    account = Account.objects.get(identifier=NO_MAIL.number)
    closing.close(account=account, actor="agent:1", reason="essai")
    ask("closed", third)
    assert REFUSED in answers["unknown"][2]
    for name, answer in answers.items():
        assert answer == answers["unknown"], name
    assert {
        name: cost for name, cost in costs.items() if cost != costs["unknown"] and name != "wrong date"
    } == {}
    assert abs(len(costs["wrong date"]) - len(costs["unknown"])) <= 1


@pytest.mark.rule("G7")
def test_five_wrong_birth_dates_kill_the_code_and_nobody_is_told(odette: Member) -> None:
    code, client = letter_to(odette), Client()
    for _ in range(5):
        assert REFUSED in text(type_code(client, code, birth_date_year="1946"))
    assert REFUSED in text(type_code(client, code))
    account = Account.objects.get(identifier=NO_MAIL.number)
    assert Entry.objects.about(account.subject).filter(event=Event.LINK_KILLED).exists()


def test_a_wrong_date_after_the_code_was_opened_elsewhere_still_counts_to_the_end(odette: Member) -> None:
    code, client, stranger = letter_to(odette), Client(), Client()
    type_code(client, code)
    for _ in range(5):
        type_code(stranger, code, birth_date_day="01")
    assert choose(client).status_code == 410


def test_the_code_serves_once(odette: Member) -> None:
    code, first, other = letter_to(odette), Client(), Client()
    for client in (first, other):
        assert type_code(client, code).status_code == 302
    assert choose(first).status_code == 200
    assert choose(other, "violon-Orange-31").status_code == 410
    assert Account.objects.get(identifier=NO_MAIL.number).check_password(NEW_PASSWORD)


def test_a_code_lives_to_the_end_of_its_last_day(odette: Member) -> None:
    with time_machine.travel("2026-03-02 09:00:00+00:00", tick=False) as clock:
        code = letter_to(odette)
        clock.move_to("2026-04-01 21:59:00+00:00")  # 23:59 in Paris, summer time has come
        assert type_code(Client(), code).status_code == 302
        clock.move_to("2026-04-01 22:01:00+00:00")
        assert REFUSED in text(type_code(Client(), code))


def test_a_new_letter_kills_the_one_before(odette: Member) -> None:
    first, second = letter_to(odette), letter_to(odette)
    assert REFUSED in text(type_code(Client(), first))
    assert type_code(Client(), second).status_code == 302


def test_a_password_set_by_a_link_kills_the_letter(odette: Member) -> None:
    code = letter_to(odette)
    account = Account.objects.get(identifier=NO_MAIL.number)
    token = AccessLink.new_token()
    AccessLink.objects.create(
        account=account,
        purpose="reset",
        token_hash=hash_token(token),
        expires_at=timezone.now() + timedelta(hours=1),
    )
    access_link.use_link(token=token, birth_date=NO_MAIL.birth_date, password=NEW_PASSWORD, client=Anybody())
    assert REFUSED in text(type_code(Client(), code))


def test_an_address_that_the_service_adds_leaves_the_letter_on_its_way(odette: Member) -> None:
    code = letter_to(odette)
    account = Account.objects.get(identifier=NO_MAIL.number)
    email.change_email(account=account, email="odette@example.org", actor="agent:1", reason="essai")
    assert type_code(Client(), code).status_code == 302


@pytest.mark.rule("G11")
def test_a_lock_stops_the_letter_at_its_beginning_and_at_its_end(odette: Member) -> None:
    code, client = letter_to(odette), Client()
    assert type_code(client, code).status_code == 302
    lock_out(NO_MAIL.number)
    assert "Ce compte est bloqué" in text(choose(client))
    assert "Ce compte est bloqué" in text(type_code(Client(), code))
    assert not Account.objects.get(identifier=NO_MAIL.number).has_usable_password()
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert type_code(client, code).status_code == 302
        assert choose(client).status_code == 200


@pytest.mark.rule("G2")
@pytest.mark.rule("G3")
def test_a_password_must_be_as_strong_and_as_new_as_any_other(db: None) -> None:
    account = open_account(CAMILLE)
    record_bounce(address=CAMILLE.email)
    member, client = Member.objects.get(account=account), Client()
    type_code(client, letter_to(member), CAMILLE)
    assert "Il manque une lettre minuscule" in text(choose(client, "COURT-12"))
    assert "Vous l’avez déjà utilisé" in text(choose(client, PASSWORD))
    assert choose(client).status_code == 200
    assert FormerPassword.objects.filter(account=account).count() == 1


def test_the_page_behind_the_code_is_for_who_typed_it_and_for_two_hours(odette: Member) -> None:
    assert Client().get(NEXT).status_code == 410
    forged = Client()
    forged.cookies["courrier"] = "eyJsZXR0ZXIiOjF9:1v:abc"
    assert forged.get(NEXT).status_code == 410
    client = Client()
    type_code(client, letter_to(odette))
    with time_machine.travel(timezone.now() + timedelta(minutes=119)):
        assert client.get(NEXT).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=121)):
        assert client.get(NEXT).status_code == 410


def test_guesses_are_bounded_by_address(odette: Member) -> None:
    client = Client()
    codes = [f"7K2M-Q8XD-04{letter.ALPHABET[n]}T" for n in range(31)]
    assert [type_code(client, code).status_code for code in codes] == [200] * 30 + [429]


def test_an_address_counts_once_its_link_was_followed(odette: Member, mails: Mails) -> None:
    client = Client()
    type_code(client, letter_to(odette))
    assert "odette@example.org" in text(choose(client, address="odette@example.org"))
    [mail] = mails()
    assert (mail.to, mail.subject) == ("odette@example.org", "Confirmez votre adresse e-mail")
    assert Member.objects.get(pk=odette.pk).email == ""
    link = next(word for word in mail.text.split() if "/adherent/adresse/" in word).removeprefix(
        "http://testserver"
    )
    reader = Client()
    assert reader.get(link).url == "/adherent/adresse/"  # type: ignore[attr-defined]
    assert "odette@example.org" in text(reader.get("/adherent/adresse/"))
    assert Member.objects.get(pk=odette.pk).email == ""  # a mail scanner opened it
    assert "Votre adresse est confirmée" in text(reader.post("/adherent/adresse/"))
    member = Member.objects.select_related("account").get(pk=odette.pk)
    assert member.account is not None
    assert (member.email, member.account.email) == ("odette@example.org",) * 2
    assert [mail.subject for mail in mails()] == ["Cette adresse e-mail est maintenant celle de votre compte"]
    reader.get(link)
    assert reader.post("/adherent/adresse/").status_code == 410


def test_an_address_to_confirm_undoes_no_later_change_and_opens_no_closed_account(
    odette: Member, mails: Mails
) -> None:
    account = attach_account(member=odette)
    with transaction.atomic():
        confirming.propose(member=odette, address="odette@example.org")
    link_path = next(word for word in mails()[0].text.split() if "/adherent/adresse/" in word)
    token = link_path.rsplit("/", 1)[-1]
    change_email(member=odette, email="autre@example.org", actor="agent:1", reason="essai")
    with pytest.raises(DeadLink):
        confirming.confirm(token=token, client=Anybody())
    closing.close(account=account, actor="agent:1", reason="essai")
    with pytest.raises(DeadLink):
        confirming.open_address(token=token)
    assert Member.objects.get(pk=odette.pk).email == "autre@example.org"


def test_a_letter_outlives_a_rotation_as_long_as_the_former_key_stays(odette: Member, settings: Any) -> None:
    old, new = settings.ADHERENTS_MASTER_KEYS[0], b"n" * 32
    code = letter_to(odette)
    settings.ADHERENTS_MASTER_KEYS = [new, old]
    call_command("rotate_keys", stdout=io.StringIO())
    assert type_code(Client(), code).status_code == 302
    settings.ADHERENTS_MASTER_KEYS = [new]
    assert REFUSED in text(type_code(Client(), code))
