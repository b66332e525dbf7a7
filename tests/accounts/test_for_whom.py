"""Two people share a mailbox: every mail says for whom it is, and « ce n’était pas moi » whose account it closes."""

import json
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client

from adherents.accounts import mails as account_mails
from adherents.accounts.addressee import addressee, given_name
from adherents.accounts.limits import forget_all
from adherents.accounts.models import Purpose
from adherents.accounts.services.access_link import make_link
from adherents.mail.models import OutboxMail
from adherents.mail.services import render
from tests.accounts.steps import Mails, ask_for_link, text_of
from tests.agents import make_agent
from tests.cast import CAMILLE, EVE
from tests.factories import open_account
from tests.mail.test_templates import BY_HAND, post_them_all

# Forms and their words.
pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def test_every_mail_of_an_account_says_for_whom_in_both_parts_and_languages() -> None:
    account = open_account(EVE)
    with transaction.atomic():
        post_them_all(account)
    rows = {row.name: json.loads(row.context) for row in OutboxMail.objects.all()}
    assert len(rows) > 25
    for name, context in rows.items():
        for language in ("fr", "en"):
            _, text, html = render(name, language=language, context=context)
            for part in (text, html):
                assert "Marie Ève" in part, name
                assert "••••••05" in part, name


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_so_does_every_mail_about_documents_and_messages(name: str) -> None:
    context = BY_HAND[name] | addressee("Marie Ève HOARAU", EVE.number)
    _, text, html = render(name, language="fr", context=context)
    for part in (text, html):
        assert "Marie Ève" in part
        assert "••••••05" in part


def test_two_people_with_one_mailbox_tell_their_mails_apart(mails: Mails) -> None:
    for person in (CAMILLE, EVE):
        account = open_account(person)
        account.email = "ensemble@example.org"
        account.save()
        ask_for_link(Client(), person.number)
    first_line, other = sorted(mail.text.splitlines()[0] for mail in mails())
    assert (first_line, other) == (
        "Pour Camille, n° adhérent ••••••01",
        "Pour Marie Ève, n° adhérent ••••••05",
    )


def test_an_agent_is_called_by_name_and_has_no_number(mails: Mails) -> None:
    agent = make_agent()
    with transaction.atomic():
        account_mails.password_changed(agent)
    assert "n° adhérent" not in mails()[-1].text


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("Marie Ève HOARAU", "Marie Ève"),
        ("MARIE ÈVE HOARAU", "Marie"),
        ("Jean-François L’HÉRITIER-MÜLLER", "Jean-François"),
        ("Ange DE LA TOUR", "Ange"),
        ("DUPONT", "Dupont"),
        ("", ""),
    ],
)
def test_the_given_name_is_what_stands_before_the_name_in_capitals(name: str, given: str) -> None:
    assert given_name(name) == given


def test_it_was_not_me_names_the_account_that_it_closes() -> None:
    account, client = open_account(EVE), Client()
    token = make_link(account=account, purpose=Purpose.STRANGER, validity=timedelta(days=1))
    page = text_of(client.get(f"/adherent/authentication/pas-moi/{token}", follow=True))  # type: ignore[arg-type]
    assert "Compte de Marie Ève, n° adhérent ••••••05." in page
    assert EVE.number not in page


def test_the_neutral_page_lists_every_reason_why_no_mail_may_come() -> None:
    page = text_of(Client().get("/adherent/mot-de-passe-oublie/envoye/"))  # type: ignore[arg-type]
    for reason in (
        "manque peut-être",
        "n’est pas ce que porte votre dossier",
        "déjà demandé 5 liens en une heure",
        "n’a pas encore commencé, ou il est terminé",
        "compte est fermé",
        "se ressemblent trop",
        "bloqué",
    ):
        assert reason in page


def test_a_sixth_link_within_an_hour_is_such_a_reason(mails: Mails) -> None:
    open_account(CAMILLE)
    for _ in range(6):
        ask_for_link(Client(), CAMILLE.number)
        forget_all()
    assert len(mails()) == 5
