"""Members come in by FranceConnect, a real provider: who is found in the register, and how an account is linked."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from adherents.accounts.client import Client as Browser
from adherents.accounts.models import Account
from adherents.accounts.services import closing, lock
from adherents.config.connecting import directory as connecting
from adherents.enrolment.franceconnect import services
from adherents.enrolment.franceconnect.services import FranceConnectPerson
from adherents.enrolment.models import FranceConnectIdentity
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.members.pivot import Pivot, pivot_of
from tests.accounts.steps import follow, is_signed_in, sign_in, text_of
from tests.agents import add_totp, code_of
from tests.at_once import at_once
from tests.cast import (
    ANGE,
    CAMILLE,
    ENGLISH,
    EVE,
    JEAN_FRANCOIS,
    KARIM,
    NO_MAIL,
    PASSWORD,
    TWIN_LEA,
    TWIN_ZOE,
    Person,
)
from tests.config.asking import wrong
from tests.conftest import Mail
from tests.enrolment.franceconnect import (
    DOOR,
    HOME,
    RETURN,
    STEP,
    come_in,
    go,
    linked,
    refused_why,
    told,
)
from tests.factories import add_to_register, open_account
from tests.openid_provider import TestProvider, Wrongs, back

pytestmark = pytest.mark.django_db
any_database = pytest.mark.any_database
Mails = Callable[[], list[Mail]]
PROVE = "/compte/securite/mot-de-passe/"


def test_a_member_who_never_came_is_found_and_comes_in_and_signs_out_through_it(
    client: Client, there: TestProvider, mails: Mails
) -> None:
    add_to_register(CAMILLE)
    assert "S’identifier avec" in text_of(client.get(HOME))  # type: ignore[arg-type]
    address = go(client, there, next="/adherent/documents/")
    answer = client.get(back(address))
    assert answer.headers["Location"] == "/adherent/documents/"
    member = Member.objects.get()
    assert member.account is not None
    assert member.account.email == CAMILLE.email, "never the address that FranceConnect gives"
    assert [mail.subject for mail in mails()] == ["Votre compte est relié à FranceConnect"]
    assert Entry.objects.get(event=Event.SIGNED_IN).details == {"method": "franceconnect"}
    assert "ouvre votre compte depuis" in text_of(client.get("/adherent/donnees-personnelles/"))  # type: ignore[arg-type]

    left = client.post(reverse("accounts:sign_out"))
    asked = parse_qs(urlsplit(left.headers["Location"]).query)
    assert left.headers["Location"].startswith(f"{there.issuer}/oauth2/end_session?")
    assert asked["post_logout_redirect_uri"] == ["http://testserver/adherent/a-bientot/"]
    assert asked["id_token_hint"][0].startswith("eyJ")
    assert not is_signed_in(client)
    assert f"form-action 'self' {there.issuer};" in client.get(HOME).headers["Content-Security-Policy"]
    assert come_in(client, there).headers["Location"] == HOME
    assert Member.objects.get().account == member.account


def test_an_account_that_was_there_is_linked_by_its_password_and_then_opens(
    client: Client, there: TestProvider, mails: Mails
) -> None:
    account = open_account(CAMILLE)
    mails()
    page = text_of(come_in(client, there))
    assert "Un compte existe déjà à votre nom" in page
    assert not is_signed_in(client)
    confirm = reverse("enrolment:franceconnect_confirm")
    assert f"next={confirm.replace('/', '%2F')}" in page
    assert mails() == []
    signed = client.post(HOME, {"identifier": CAMILLE.number, "password": PASSWORD, "next": confirm})
    assert signed.headers["Location"] == confirm
    assert "FranceConnect vous a reconnu" in text_of(client.get(confirm))  # type: ignore[arg-type]
    with time_machine.travel(time.time() + 600):
        assert client.post(confirm).headers["Location"].startswith(PROVE)
    client.post(confirm)
    assert FranceConnectIdentity.objects.get(account=account).linked_at is not None
    assert "Votre compte est relié à FranceConnect" in [mail.subject for mail in mails()]
    assert come_in(Client(), there).headers["Location"] == HOME
    unlink = reverse("enrolment:franceconnect_unlink")
    client.post(PROVE, {"password": PASSWORD})
    assert client.get(unlink).status_code == 200
    client.post(unlink)
    assert "FranceConnect n’ouvre plus votre compte" in [mail.subject for mail in mails()]
    stranger = Client()
    assert "Un compte existe déjà" in text_of(come_in(stranger, there))
    assert refused_why() == ["link_awaited", "link_awaited"]


def test_who_has_no_password_any_more_gets_a_link_to_the_address_on_file(
    client: Client, there: TestProvider, mails: Mails
) -> None:
    open_account(CAMILLE)
    mails()
    page = text_of(come_in(client, there))
    token = page.split('name="token" value="')[1].split('"')[0]
    assert client.post(reverse("enrolment:franceconnect_mail"), {"token": "forged"}).status_code == 302
    assert mails() == []
    sent = client.post(reverse("enrolment:franceconnect_mail"), {"token": token})
    assert sent.headers["Location"] == reverse("accounts:sent")
    [mail] = mails()
    assert mail.to == CAMILLE.email
    assert follow(client, mail).status_code == 200


def test_an_account_that_was_reported_is_not_opened_at_once_though_nobody_ever_signed_in(
    client: Client, there: TestProvider
) -> None:
    """« Ce n’était pas moi »: whose it is has to be said by another way than the one that a stranger may have begun."""
    account = open_account(CAMILLE)
    account.set_unusable_password()
    account.save(update_fields=["password"])
    Account.objects.update(identity_wanted_since=timezone.now())
    assert "Un compte existe déjà à votre nom" in text_of(come_in(client, there))
    assert not is_signed_in(client)
    assert not FranceConnectIdentity.objects.filter(linked_at__isnull=False).exists()


def test_a_member_who_is_signed_in_links_their_own_identity_and_no_other(
    client: Client, there: TestProvider
) -> None:
    account = open_account(CAMILLE)
    add_to_register(EVE)
    there.say_of("eve", **told(EVE))
    sign_in(client, CAMILLE.number)
    door = reverse("enrolment:franceconnect_link")
    assert client.get(door).headers["Location"].startswith(PROVE)
    client.post(PROVE, {"password": PASSWORD})
    with time_machine.travel(time.time() + 600):
        assert client.get(door).headers["Location"].startswith(PROVE)  # that proof is too old
    assert "n’est pas celle du compte" in text_of(client.get(back(go(client, there, "eve", door=door))))  # type: ignore[arg-type]
    assert not FranceConnectIdentity.objects.exists()
    answer = client.get(back(go(client, there, door=door)))
    assert answer.headers["Location"] == "/adherent/donnees-personnelles/"
    assert FranceConnectIdentity.objects.get().account == account
    assert refused_why() == ["another_person"]


@any_database
def test_who_has_franceconnect_alone_proves_themselves_there_again(
    client: Client, there: TestProvider
) -> None:
    add_to_register(CAMILLE)
    come_in(client, there)
    address = reverse("enrolment:change_address")
    assert client.get(address).status_code == 200
    with time_machine.travel(time.time() + 400):
        there.wrong = Wrongs(
            claims=lambda said: said | {"iat": int(time.time()), "exp": int(time.time()) + 60}
        )
        door = client.get(address).headers["Location"]
        asked = client.get(door).headers["Location"]
        assert "prompt=login" in asked
        assert client.get(back(there.let_in(asked, "camille"))).headers["Location"] == address
        assert client.get(address).status_code == 200


def test_a_second_factor_of_the_account_is_always_asked(client: Client, there: TestProvider) -> None:
    there.say_of("camille", **told(CAMILLE, amr=["mfa"], acr="eidas3"))
    account = linked(CAMILLE, there)
    secret = add_totp(account)
    assert come_in(client, there).headers["Location"] == STEP
    assert not is_signed_in(client)
    client.post(STEP, {"code": code_of(secret)})
    assert is_signed_in(client)
    left = client.post(reverse("accounts:sign_out"))
    assert left.headers["Location"].startswith(f"{there.issuer}/oauth2/end_session?")


def test_lock_closing_and_expiry_hold(client: Client, there: TestProvider) -> None:
    account = linked(CAMILLE, there)
    with time_machine.travel(time.time() + 181 * 86400):
        there.wrong = Wrongs(
            claims=lambda said: said | {"iat": int(time.time()), "exp": int(time.time()) + 60},
        )
        assert "périmé" in text_of(come_in(client, there))
    there.wrong = Wrongs()
    lock.lock_until_reset(account=account)
    assert "bloqué" in text_of(come_in(client, there))
    lock.clear(account.identifier)
    assert come_in(client, there).headers["Location"] == HOME
    closing.close(account=account, actor="system", reason="x")
    assert "est fermé" in text_of(come_in(Client(), there))
    assert not FranceConnectIdentity.objects.filter(linked_at__isnull=False).exists()
    assert not is_signed_in(client)


def found(person: Person, **changes: Any) -> bool:
    """Whether what FranceConnect says of this person, so changed, names their line of the register."""
    return Member.objects.present().of_pivot(pivot_of(told(person, **changes))) is not None


@any_database
@pytest.mark.usefixtures("register")
@pytest.mark.rule("G8")
def test_the_kinds_of_people_of_franceconnects_tests_are_found() -> None:
    """Accents and none, no usage name, several first names, births abroad and in the old départements, twins."""
    for person in (CAMILLE, EVE, ANGE, KARIM, NO_MAIL, ENGLISH, TWIN_LEA, TWIN_ZOE, JEAN_FRANCOIS):
        assert found(person), person.birth_name
    assert found(CAMILLE, given_name="Camille")
    assert not found(CAMILLE, given_name="Rose")
    assert not found(CAMILLE, given_name="Camille Louise")
    assert found(JEAN_FRANCOIS, family_name="L HERITIER MULLER", given_name="JEAN-FRANCOIS PAUL MARIE")
    assert found(EVE, family_name="PAYET")
    assert not found(EVE, family_name="HOARAU")  # her usual name: FranceConnect says the birth name
    assert not found(CAMILLE, gender="male")
    assert not found(CAMILLE, birthdate="1954-03-06")
    assert not found(CAMILLE, birthplace="38186")
    assert not found(CAMILLE, birthplace="", birthcountry="99352")
    assert found(JEAN_FRANCOIS, birthplace="94012")  # 75012 in the NIR, of the time before 1968
    assert not found(JEAN_FRANCOIS, birthplace="94013")
    assert found(KARIM, birthdate="1962-01-01")
    assert not found(KARIM, birthdate="1962-01-02")
    assert found(ANGE, birthplace="2A004")  # 20004 in the NIR, of the time before 1976
    assert not found(ENGLISH, birthcountry="99352")
    member = Member.objects.get(number=CAMILLE.number)
    member.set_nir("")
    member.save()
    assert not found(CAMILLE), "without a NIR on file nobody is found"


@any_database
def test_the_check_of_the_installation_asks_franceconnect(there: TestProvider, settings: Any) -> None:
    assert wrong(connecting.look_at_franceconnect()) == []
    settings.ADHERENTS_FRANCECONNECT_SECRET = ""
    assert wrong(connecting.look_at_franceconnect()) == ["The portal has no secret to prove itself with."]


@any_database
def test_where_the_profile_names_no_franceconnect_there_is_none(client: Client) -> None:
    for path in (DOOR, RETURN):
        assert client.get(path).status_code == 404
    assert client.post(reverse("enrolment:franceconnect_mail")).status_code == 404
    page = text_of(client.get(HOME))  # type: ignore[arg-type]
    assert "FranceConnect" not in page


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_first_sign_ins_at_once_make_one_link() -> None:
    add_to_register(CAMILLE)
    pivot = pivot_of(told(CAMILLE))
    assert isinstance(pivot, Pivot)
    person = FranceConnectPerson("https://fc.example", "camille", pivot)
    got = at_once([lambda: services.arrive(person=person, client=Browser())] * 12)
    assert {type(one) for one in got} == {Account}
    assert FranceConnectIdentity.objects.count() == Account.objects.count() == 1
    assert Entry.objects.filter(event=Event.FRANCECONNECT_LINKED).count() == 1
