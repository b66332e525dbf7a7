"""What an agent does so that a member gets in again: each with its reason, each told to the member."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from adherents.accounts.models import AccessLink, Account, Purpose, SignInCounter
from adherents.accounts.services.closing import close
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.members.services.addresses import record_bounce
from tests.accounts.steps import choose_password, follow, is_signed_in, with_link
from tests.cast import CAMILLE, NEW_PASSWORD, NO_MAIL, PASSWORD
from tests.conftest import Mail
from tests.factories import add_to_register

Words = Callable[[Any], str]
Mails = Callable[[], list[Mail]]
# Pages, and acts that the tests of accounts show on both.
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

REASON = "L’adhérente a appelé, identité vérifiée"
NEW = "camille.nouvelle@example.org"


def act(desk: Client, member: Member, name: str, **fields: str) -> Any:
    return desk.post(f"/gestion/adherents/{member.pk}/{name}/", {"reason": REASON, **fields}, follow=True)


def reasons(event: Event) -> list[tuple[str, str]]:
    entries = Entry.objects.filter(event=event).order_by("pk")
    return [(entry.subject, entry.details.get("reason", "")) for entry in entries]


def lock(member: Member) -> None:
    SignInCounter.objects.create(
        identifier_index=SignInCounter.index(member.number), failures=5, locked_at=timezone.now()
    )


@pytest.mark.parametrize(
    "name", ["adresse", "blocage", "lien", "nir", "courrier", "fermeture", "reouverture"]
)
def test_no_action_goes_without_a_reason(member: Member, desk: Client, mails: Mails, name: str) -> None:
    lock(member)
    before = Entry.objects.count()
    answer = desk.post(f"/gestion/adherents/{member.pk}/{name}/", {"reason": "  ", "email": NEW})
    assert "Dites pourquoi" in answer.content.decode()
    assert Entry.objects.exclude(event=Event.MEMBER_CONSULTED).count() == before
    assert mails() == []


@pytest.mark.rule("G10")
def test_the_old_and_the_new_address_are_told_of_a_change(
    member: Member, desk: Client, mails: Mails, words: Words
) -> None:
    answer = act(desk, member, "adresse", email=NEW)
    assert "L’ancienne et la nouvelle adresse sont prévenues" in words(answer)
    member.refresh_from_db()
    assert member.account is not None
    assert (member.email, Account.objects.get(pk=member.account.pk).email) == (NEW, NEW)
    assert {mail.to for mail in mails()} == {"camille@example.org", NEW}
    assert (member.subject, REASON) in reasons(Event.EMAIL_CHANGED)


@pytest.mark.rule("G10")
def test_both_addresses_are_told_even_of_a_member_who_never_connected(
    newcomer: Member, desk: Client, mails: Mails
) -> None:
    act(desk, newcomer, "adresse", email=NEW)
    assert {mail.to for mail in mails()} == {"camille@example.org", NEW}


@pytest.mark.rule("G10")
def test_an_address_given_to_a_member_without_one_lets_the_link_leave(
    desk: Client, mails: Mails, words: Words
) -> None:
    odette = add_to_register(NO_MAIL)
    assert "ajoutez-la d’abord" in words(act(desk, odette, "lien"))
    act(desk, odette, "adresse", email="odette@example.org")
    assert "Lien de première connexion envoyé" in words(act(desk, odette, "lien"))
    arrived = mails()
    assert {mail.to for mail in arrived} == {"odette@example.org"}
    assert with_link(arrived).token
    assert "Chaque adhérent a une adresse" in words(desk.get("/gestion/adherents/sans-adresse/"))


def test_a_link_on_its_way_to_the_old_address_dies(member: Member, desk: Client) -> None:
    act(desk, member, "lien")
    act(desk, member, "adresse", email=NEW)
    assert not AccessLink.objects.live().exists()


@pytest.mark.parametrize(
    ("typed", "said"), [("nimporte", "Écrivez une adresse complète"), ("camille@example.org", "C’est déjà")]
)
def test_an_address_that_changes_nothing_is_refused(
    member: Member, desk: Client, words: Words, mails: Mails, typed: str, said: str
) -> None:
    assert said in words(act(desk, member, "adresse", email=typed))
    assert mails() == []


@pytest.mark.rule("G11")
def test_a_lock_ends_early_and_the_member_is_told(
    member: Member, desk: Client, mails: Mails, words: Words
) -> None:
    lock(member)
    assert "Blocage levé" in words(act(desk, member, "blocage"))
    assert [mail.subject for mail in mails()] == ["Votre compte n’est plus bloqué"]
    assert member.account is not None
    assert reasons(Event.LOCK_ENDED) == [(member.account.subject, REASON)]
    assert "Rien n’est bloqué" in words(act(desk, member, "blocage"))


@pytest.mark.rule("G11")
def test_no_link_leaves_while_the_account_is_locked(
    member: Member, desk: Client, mails: Mails, words: Words
) -> None:
    lock(member)
    assert "mettez d’abord fin au blocage" in words(act(desk, member, "lien"))
    assert mails() == []
    act(desk, member, "blocage")
    assert "Lien de nouveau mot de passe envoyé" in words(act(desk, member, "lien"))


def test_the_link_sent_again_suits_whether_the_member_ever_connected(
    member: Member, desk: Client, mails: Mails
) -> None:
    act(desk, member, "lien")
    assert AccessLink.objects.get().purpose == Purpose.RESET
    assert mails()[0].to == member.email
    assert member.account is not None
    assert reasons(Event.LINK_ASKED_FOR) == [(member.account.subject, REASON)]


def test_a_member_who_never_connected_gets_an_account_and_its_first_link(
    newcomer: Member, desk: Client, mails: Mails
) -> None:
    act(desk, newcomer, "lien")
    newcomer.refresh_from_db()
    assert newcomer.account is not None
    assert AccessLink.objects.get().purpose == Purpose.FIRST_CONNECTION
    assert mails()[0].link


def test_no_link_opens_a_closed_account(member: Member, desk: Client, words: Words, mails: Mails) -> None:
    assert member.account is not None
    close(account=member.account, actor="agent:1", reason="Fin du contrat")
    mails()
    assert "Ce compte est fermé" in words(act(desk, member, "lien"))
    assert mails() == []


def test_a_closed_account_is_left_at_once_its_links_die_and_the_member_is_told(
    member: Member, desk: Client, mails: Mails, words: Words
) -> None:
    inside = Client()
    inside.post("/adherent/", {"identifier": CAMILLE.number, "password": PASSWORD})
    act(desk, member, "lien")
    mails()
    assert "Compte fermé." in words(act(desk, member, "fermeture"))
    assert inside.get("/adherent/documents/").status_code == 302
    assert not AccessLink.objects.live().exists()
    assert [mail.subject for mail in mails()] == ["Votre compte est fermé"]
    assert member.account is not None
    assert reasons(Event.ACCOUNT_CLOSED) == [(member.account.subject, REASON)]
    assert "déjà fermé" in words(act(desk, member, "fermeture"))
    shown = words(desk.get(f"/gestion/adherents/{member.pk}/"))
    assert "compte fermé" in shown
    assert "Rouvrir le compte" in shown
    assert "Renvoyer le lien" not in shown


def test_a_reopened_account_opens_with_a_new_password_only(
    member: Member, desk: Client, mails: Mails, words: Words
) -> None:
    assert "n’est pas fermé" in words(act(desk, member, "reouverture"))
    Account.objects.update(last_sign_in_at=timezone.now())
    act(desk, member, "fermeture")
    mails()
    assert "Compte rouvert." in words(act(desk, member, "reouverture"))
    [mail] = mails()
    assert (mail.to, mail.subject) == (member.email, "Votre compte est rouvert")
    assert member.account is not None
    assert reasons(Event.ACCOUNT_REOPENED) == [(member.account.subject, REASON)]
    assert "mot de passe à créer" in words(desk.get(f"/gestion/adherents/{member.pk}/"))
    client = Client()
    client.post("/adherent/", {"identifier": CAMILLE.number, "password": PASSWORD})
    assert not is_signed_in(client)
    act(desk, member, "lien")
    follow(client, with_link(mails()))
    assert "Vous l’avez déjà utilisé" in choose_password(client, CAMILLE.birth_day, PASSWORD).content.decode()
    choose_password(client, CAMILLE.birth_day)
    client.post("/adherent/", {"identifier": CAMILLE.number, "password": NEW_PASSWORD})
    assert is_signed_in(client)


def test_a_closed_account_stays_closed_to_a_first_connection(
    newcomer: Member, desk: Client, words: Words
) -> None:
    act(desk, newcomer, "fermeture")
    newcomer.refresh_from_db()
    assert newcomer.account is not None
    assert newcomer.account.closed_at is not None
    assert "Ce compte est fermé" in words(act(desk, newcomer, "lien"))


@pytest.mark.rule("G10")
def test_an_address_that_fails_is_on_the_file_and_given_again_it_is_trusted(
    member: Member, desk: Client, words: Words, mails: Mails
) -> None:
    record_bounce(address=member.email)
    assert "refusée par son serveur" in words(desk.get(f"/gestion/adherents/{member.pk}/"))
    assert "Camille DUPONT" in words(desk.get("/gestion/adherents/adresse-en-echec/"))
    assert "1 adresse en échec" in words(desk.get("/gestion/"))
    assert "Adresse vérifiée" in words(act(desk, member, "adresse", email=member.email))
    assert mails() == []
    assert "Aucune adresse n’est refusée" in words(desk.get("/gestion/adherents/adresse-en-echec/"))
    assert (member.subject, REASON) in reasons(Event.ADDRESS_TRUSTED)
