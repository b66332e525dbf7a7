"""The answers that the service keeps ready, and the fields in them that are filled in."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from adherents.accounts.models import Account, Role
from adherents.members.models import Member
from adherents.messaging import placeholders
from adherents.messaging.models import CannedAnswer, Message
from adherents.messaging.services import threads
from tests.agents import make_agent, signed_in
from tests.messaging.exchanges import DESK, answered, asked, last

pytestmark = pytest.mark.django_db
Words = Callable[[Any], str]


def test_an_answer_kept_ready_is_filled_in_in_the_members_language(
    member: Member, agent: Account, desk: Client
) -> None:
    thread = asked(member)
    kept = CannedAnswer.objects.create(
        title="Accusé", fr="Bonjour {prenom}, {numero_accuse}", en="Hello {prenom}, {numero_accuse}"
    )
    page = desk.post(f"{DESK}{thread.pk}/", {"body": "D’abord.", "after": "0", "insert": str(kept.pk)})
    assert "D’abord.\n\nBonjour Camille, {numero_accuse}" in page.context["answer"]["body"].value()
    assert not Message.objects.filter(from_member=False).exists(), "it is not sent"
    for nobodys in ("9" * 30, "9" * 5000):  # more than a database counts, more digits than Python reads
        page = desk.post(f"{DESK}{thread.pk}/", {"body": "D’abord.", "after": "0", "insert": nobodys})
        assert page.context["answer"]["body"].value() == "D’abord."
    with pytest.raises(threads.Unfilled):
        answered(thread, agent, "Bonjour Camille, {numero_accuse}")
    Account.objects.filter(pk=member.account_id).update(language="en")
    about = placeholders.About(Member.objects.select_related("account").get(), agent)
    assert placeholders.fill(kept.to(about.language), about).startswith("Hello Camille")
    assert placeholders.fill("{__class__} {prenom.__class__}", about) == "{__class__} {prenom.__class__}"


@pytest.mark.parametrize(
    ("text", "said"),
    [("Bonjour {prénom}", "« {prénom} » n’est pas un champ connu"), ("Bonjour {", "Une accolade n’entoure")],
)
def test_a_field_that_is_not_known_is_refused_in_words(text: str, said: str, words: Words) -> None:
    supervisor = signed_in(make_agent(Role.SUPERVISOR))
    page = supervisor.post("/gestion/modeles/nouveau/", {"title": "Un", "fr": text, "en": "Hello"})
    assert said in words(page).replace("\u00a0", " ")
    assert not CannedAnswer.objects.filter(title="Un").exists()


def test_a_supervisor_keeps_the_answers_and_the_first_ones_are_there(words: Words) -> None:
    if (
        not CannedAnswer.objects.exists()
    ):  # a test before this one emptied every table, the migration's rows too
        import_module("adherents.messaging.migrations.0001_initial").keep_starters(apps, None)
    supervisor = signed_in(make_agent(Role.SUPERVISOR))
    assert "Document bien reçu" in words(supervisor.get("/gestion/modeles/"))
    for kept in CannedAnswer.objects.all():
        assert not placeholders.unknown_in(kept.fr) + placeholders.unknown_in(kept.en), kept
    new = {"title": "Carte", "fr": "Bonjour {prenom}", "en": "Hello {prenom}"}
    supervisor.post("/gestion/modeles/nouveau/", new)
    taken = supervisor.post("/gestion/modeles/nouveau/", new)
    assert "porte déjà ce titre" in words(taken)
    kept = CannedAnswer.objects.get(title="Carte")
    supervisor.post(f"/gestion/modeles/{kept.pk}/", new | {"en": "Dear {prenom}"})
    assert CannedAnswer.objects.get(title="Carte").en == "Dear {prenom}"
    supervisor.post(f"/gestion/modeles/{kept.pk}/suppression/")
    assert not CannedAnswer.objects.filter(title="Carte").exists()


def test_what_is_still_between_braces_is_told_beside_the_answer(desk: Client, member: Member) -> None:
    thread = asked(member)
    answer = desk.post(f"{DESK}{thread.pk}/", {"body": "Bonjour {prenom}", "after": last(thread)})
    assert answer.context["form"].errors.keys() == {"body"}
    assert 'href="#id_body"' in answer.content.decode()
