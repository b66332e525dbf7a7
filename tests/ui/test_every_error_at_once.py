"""A form that is refused: all its errors in one answer, in the order of the page, linked, and beside their fields."""

import re
from collections.abc import Callable
from html import unescape
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import lxml.html
import pytest
from django.forms import BaseForm
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localdate

import adherents
from adherents.accounts.models import Role
from adherents.accounts.services import agents, new_factor
from adherents.api.scopes import Scope
from adherents.api.services.clients import create_client
from adherents.members.models import Beneficiary, Member
from adherents.notes.services.opinions import ask_opinion
from adherents.webhooks.models import Endpoint
from tests.accounts.steps import follow, link_for
from tests.agents import make_agent, signed_in
from tests.casework.queueing import adviser, waiting
from tests.cast import CAMILLE, NEW_PASSWORD, NO_MAIL
from tests.enrolment.letters import letter_to
from tests.factories import add_to_register, open_account
from tests.messaging.exchanges import asked, attached
from tests.vault.conftest import SENDING, browser_of, objects_folder, upload  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
EMPTY = {"sent": "1"}
TOO_LONG = "é" * 5100
WHY = "Motif de l’essai"
Mails = Callable[[], list[Any]]


class World:
    """Who is there, each in a browser of their own."""

    def __init__(self, mails: Mails) -> None:
        self.mails = mails

    @property
    def anybody(self) -> Client:
        return Client()

    def camille(self) -> Member:
        member = Member.objects.filter(account__identifier=CAMILLE.number).first()
        return member or Member.objects.get(account=open_account(CAMILLE))

    def member(self) -> Client:
        return browser_of(self.camille())

    def desk(self, role: Role = Role.ADMINISTRATOR) -> Client:
        return signed_in(make_agent(role))

    def behind_a_link(self) -> tuple[Client, str]:
        self.camille()
        follow(client := self.anybody, link_for(CAMILLE, self.mails))
        return client, reverse("accounts:new_password")

    def behind_an_invitation(self) -> tuple[Client, str]:
        agents.invite(email="neuf@mese.example", role=Role.ADVISER, name="Neuf")
        follow(client := self.anybody, self.mails()[-1])
        return client, reverse("accounts:new_password")

    def behind_a_code(self) -> tuple[Client, str]:
        day, month, year = NO_MAIL.birth_day
        born = {"birth_date_day": day, "birth_date_month": month, "birth_date_year": year}
        code = letter_to(add_to_register(NO_MAIL))
        client = self.anybody
        assert client.post(reverse("enrolment:code"), {"code": code, **born}).status_code == 302
        return client, reverse("enrolment:code_password")

    def sending(self) -> tuple[Client, str]:
        Beneficiary.objects.create(member=self.camille(), rank=2, birth_name="ESSAI", first_names="Lou")
        return self.member(), f"{reverse('vault:send')}?sending={SENDING}"

    def conversation(self) -> str:
        return str(asked(self.camille()).pk)

    def item(self, act: str) -> tuple[Client, str]:
        [item] = waiting(self.camille())
        return self.desk(Role.SUPERVISOR), reverse(f"casework:{act}", args=[item.document_id])

    def attachment(self) -> tuple[Client, str]:
        Beneficiary.objects.create(member=self.camille(), rank=2, birth_name="ESSAI", first_names="Lou")
        document = attached(self.camille())
        return self.desk(), reverse("casework:treat_attachment", args=[document.pk])

    def opinion(self) -> tuple[Client, str]:
        [item] = waiting(self.camille())
        return self.desk(), reverse("notes:ask", args=[item.document_id])

    def opinion_to_give(self) -> tuple[Client, str]:
        [item], colleague = waiting(self.camille()), make_agent(Role.SUPERVISOR)
        asked = ask_opinion(
            agent=adviser(1), document=item.about, colleague=colleague, question="?", due_on=localdate()
        )
        return signed_in(colleague), reverse("notes:give", args=[asked.pk])

    def agent_act(self, act: str) -> tuple[Client, str]:
        return self.desk(), reverse(f"desk:{act}", args=[adviser(1).pk])

    def system_act(self) -> tuple[Client, str]:
        client, _ = create_client(name="ged", scopes=[Scope.EVENTS_READ])
        return self.desk(), reverse("api:suspend_client", args=[client.pk])

    def replay(self) -> tuple[Client, str]:
        desk = self.desk()
        desk.post(
            reverse("webhooks:make"), {"name": "Ged", "url": "https://insurer.example/e", "reason": WHY}
        )
        return desk, reverse("webhooks:replay", args=[Endpoint.objects.get().pk])

    def second_answer(self) -> tuple[Client, str]:
        agent, client = make_agent(), self.desk()
        signed_in(agent)
        new_factor.ask(agent=agent, by=make_agent(Role.SUPERVISOR), reason=WHY)
        return client, reverse("desk:answer_new_factor", args=[agent.pk])


PLACES: dict[str, Callable[[World], tuple[Client, str]]] = {
    "accounts.forms.SignInForm": lambda at: (at.anybody, reverse("accounts:sign_in")),
    "accounts.forms.ForgottenForm": lambda at: (at.anybody, reverse("accounts:forgotten")),
    "accounts.forms.LinkForm": lambda at: at.behind_a_link(),
    "accounts.forms.AcceptInvitationForm": lambda at: at.behind_an_invitation(),
    "accounts.forms.ChangePasswordForm": lambda at: (at.member(), reverse("accounts:change_password")),
    "accounts.second_factor.forms.AgentSignInForm": lambda at: (
        at.anybody,
        reverse("accounts:agent_sign_in"),
    ),
    "enrolment.forms.FirstConnectionForm": lambda at: (at.anybody, reverse("enrolment:first_connection")),
    "enrolment.forms.LetterCodeForm": lambda at: (at.anybody, reverse("enrolment:code")),
    "enrolment.forms.LetterPasswordForm": lambda at: at.behind_a_code(),
    "vault.forms.SendForm": lambda at: at.sending(),
    "vault.receipts.forms.CheckForm": lambda at: (at.anybody, reverse("proof:check")),
    "messaging.forms.NewThreadForm": lambda at: (at.member(), reverse("messages:new")),
    "messaging.forms.MessageForm": lambda at: (
        at.member(),
        reverse("messages:thread", args=[at.conversation()]),
    ),
    "messaging.forms.AnswerForm": lambda at: (
        at.desk(),
        reverse("messaging:thread", args=[at.conversation()]),
    ),
    "messaging.forms.NoteForm": lambda at: (
        at.desk(),
        reverse("messaging:thread_note", args=[at.conversation()]),
    ),
    "messaging.forms.StartForm": lambda at: (
        at.desk(),
        reverse("messaging:start_thread", args=[at.camille().pk]),
    ),
    "messaging.forms.CircularForm": lambda at: (
        at.desk(Role.SUPERVISOR),
        reverse("messaging:circulars"),
    ),
    "messaging.forms.CannedAnswerForm": lambda at: (
        at.desk(Role.SUPERVISOR),
        reverse("messaging:canned_new"),
    ),
    "desk.forms.ReasonForm": lambda at: (
        at.desk(),
        reverse("desk:close_account", args=[at.camille().pk]),
    ),
    "desk.forms.ChangeEmailForm": lambda at: (
        at.desk(),
        reverse("desk:change_email", args=[at.camille().pk]),
    ),
    "desk.forms.EnterDepositForm": lambda at: (
        at.desk(),
        reverse("desk:enter_deposit", args=[at.camille().pk]),
    ),
    "notes.forms.WriteNoteForm": lambda at: (
        at.desk(),
        reverse("notes:on_member", args=[at.camille().pk]),
    ),
    "notes.forms.AskOpinionForm": lambda at: at.opinion(),
    "notes.forms.GiveOpinionForm": lambda at: at.opinion_to_give(),
    "casework.forms.AttachmentForm": lambda at: at.attachment(),
    "casework.forms.WordsForm": lambda at: at.item("refuse"),
    "casework.forms.CorrectionForm": lambda at: at.item("correct"),
    "casework.forms.GiveForm": lambda at: at.item("assign"),
    "casework.forms.SavedFilterForm": lambda at: (at.desk(), reverse("casework:saved_filters") + "?kind=rib"),
    "casework.forms.HandOverForm": lambda at: at.item("hand_over"),
    "desk.agent_forms.InvitationForm": lambda at: (at.desk(), reverse("desk:invite_agent")),
    "desk.agent_forms.RoleForm": lambda at: at.agent_act("agent_role"),
    "desk.agent_forms.TeamForm": lambda at: at.agent_act("agent_team"),
    "desk.agent_forms.AbsenceForm": lambda at: (at.desk(), reverse("desk:absences")),
    "desk.agent_forms.SpecialtyForm": lambda at: at.agent_act("agent_specialty"),
    "desk.agent_forms.FactorAnswerForm": lambda at: at.second_answer(),
    "api.forms.ClientForm": lambda at: (at.desk(), reverse("api:new_client")),
    "api.forms.ClientReasonForm": lambda at: at.system_act(),
    "webhooks.forms.EndpointForm": lambda at: (at.desk(), reverse("webhooks:make")),
    "webhooks.forms.ReplayForm": lambda at: at.replay(),
}
# no agent, no group, everything
NOTHING_REQUIRED = {"desk.agent_forms.TeamForm", "casework.forms.GiveForm", "desk.agent_forms.SpecialtyForm"}
NOT_WALKED = {
    "desk.forms.ActForm": "a part of those that an act asks",
    "ui.gallery.SampleForm": "shown by the gallery",
    "accounts.forms.NewPasswordMixin": "a part of those that set a password",
    "vault.forms.PlaceForm": "a part of those that file a document",
    "messaging.forms.CloseForm": "nothing to type",
    "messaging.forms.ConfirmForm": "one number, behind a list that was checked",
    "messaging.forms.TransferForm": "one list",
    # What they search for narrows a list: a wrong value is told beside its field, and refuses nothing.
    "desk.journal_forms.JournalFilterForm": "a filter",
    "casework.forms.QueueForm": "a filter",
    "messaging.search_forms.FindThreadsForm": "a filter",
    "casework.figures.forms.FiguresForm": "a filter",
    "vault.forms.FindForm": "a filter",
    "desk.forms.DocumentsForm": "a filter",
    "casework.forms.KindForm": "one list",
    "casework.forms.ShareForm": "ticked rows, and one list",
    "casework.joining_forms.JoinForm": "its places are checked in tests/casework/test_joining.py",
    "casework.splitting_forms.SplitForm": "its rows are checked in tests/casework/test_splitting.py",
    "enrolment.forms.NewAddressForm": "one field, behind a fresh proof",
    "enrolment.forms.AddressReportForm": "one field, behind a link",
    "backup.forms.LiftForm": "one field, after a restore",
    # A reason as everywhere, and what the person had on the screen.
    **dict.fromkeys(["webhooks.forms.PassOverForm", "webhooks.forms.SecretsForm"], "one field"),
}
ONE_FIELD_AT_MOST = re.compile(r"accounts\.second_factor\.forms\.(?!AgentSignInForm)")


def name_of(form: type[BaseForm]) -> str:
    return f"{form.__module__}.{form.__qualname__}".removeprefix("adherents.")


def every_form() -> dict[str, type[BaseForm]]:
    for module in walk_packages(adherents.__path__, "adherents."):
        if "form" in module.name or module.name.rpartition(".")[2] == "gallery":
            import_module(module.name)
    forms_found: dict[str, type[BaseForm]] = {}
    left: list[type[BaseForm]] = [BaseForm]
    while left:
        form = left.pop()
        left += form.__subclasses__()
        if form.__module__.startswith("adherents."):
            forms_found[name_of(form)] = form
    return forms_found


def test_no_form_says_in_djangos_words_that_a_text_is_too_long() -> None:
    fields = [(name, field) for name, form in every_form().items() for field in form.base_fields.values()]  # type: ignore[attr-defined]
    long = [(name, field) for name, field in fields if getattr(field, "max_length", None)]
    assert len(long) > 30
    assert [name for name, field in long if "max_length" not in field.error_messages] == []


def test_every_form_of_the_portal_is_walked() -> None:
    forms = every_form()
    left = {name for name in forms if not ONE_FIELD_AT_MOST.match(name)}
    assert left == PLACES.keys() | NOT_WALKED.keys()
    for name in forms.keys() - left:
        shown = [field for field in forms[name].base_fields.values() if not field.widget.is_hidden]  # type: ignore[attr-defined]
        assert len(shown) <= 1, f"{name}: walk it"


def words_of(element: Any) -> str:
    return " ".join(unescape(element.text_content()).split())


def told_at_once(answer: Any) -> list[str]:
    """The names of the fields in error, in the order of the page, on which everything is where it belongs."""
    form = answer.context["form"]
    page = lxml.html.fromstring(answer.content.decode())
    elements = list(page.iter())
    [summary] = page.xpath("//*[contains(concat(' ', @class, ' '), ' error-summary ')]")
    fields = [field for field in form.visible_fields() if field.errors]
    wanted, places = [], []
    for field in fields:
        target = field.id_for_label or field.auto_id
        [there] = page.xpath("//*[@id=$id]", id=target)
        [beside] = page.xpath("//*[@id=$id]", id=f"{field.auto_id}_error")
        assert elements.index(beside) < elements.index(there), (
            f"{field.name}: the error is not above its field"
        )
        around = [there, *there.iterancestors("fieldset")]
        assert any(
            f"{field.auto_id}_error" in element.get("aria-describedby", "").split() for element in around
        ), f"{field.name}: not described by its error"
        for error in field.errors:
            assert words_of(lxml.html.fromstring(f"<p>{error}</p>")) in words_of(beside)
        wanted += [f"#{target}"] * len(field.errors)
        places.append(elements.index(there))
    assert [link.get("href") for link in summary.iter("a")] == wanted
    assert places == sorted(places), "the summary has another order than the page"
    total = sum(len(errors) for errors in form.errors.values())
    assert len(list(summary.iter("li"))) == total
    assert ("un point" in words_of(summary)) if total == 1 else (f"{total} points" in words_of(summary))
    return [field.name for field in fields]


@pytest.fixture
def world(db: None, mails: Mails) -> World:
    return World(mails)


@pytest.mark.parametrize("name", sorted(PLACES.keys() - NOTHING_REQUIRED))
def test_an_empty_form_tells_everything_that_is_missing_at_once(world: World, name: str) -> None:
    client, address = PLACES[name](world)
    answer = client.post(address, EMPTY)
    form = answer.context["form"]
    assert name_of(type(form)) == name
    errors = told_at_once(answer)
    missing = [field.name for field in form.visible_fields() if field.field.required]
    assert set(missing) <= set(errors)
    assert errors


@pytest.mark.parametrize("name", sorted(PLACES))
def test_a_form_with_everything_wrong_tells_it_at_once(world: World, name: str) -> None:
    client, address = PLACES[name](world)
    shown = every_form()[name].base_fields  # type: ignore[attr-defined]
    typed = {f"{field}{part}": TOO_LONG for field in shown for part in ("", "_day", "_month", "_year")}
    answer = client.post(address, typed | {"files": ""})
    errors = told_at_once(answer)
    limited = [
        field.name
        for field in answer.context["form"].visible_fields()
        if field.field.required and field.name != "confirmation"
    ]
    assert set(limited) <= set(errors)


def test_a_refused_file_is_told_with_the_kind_the_person_and_the_note(world: World) -> None:
    client, address = world.sending()
    typed = {"kind": "rien", "beneficiary": "999999", "note": TOO_LONG, "files": upload(b"MZ", "outil.exe")}
    answer = client.post(address, typed)
    assert told_at_once(answer) == ["files", "kind", "beneficiary", "note"]
    assert "outil.exe" in str(answer.context["form"].errors["files"])


def test_no_file_at_all_is_told_with_the_kind_the_person_and_the_note(world: World) -> None:
    client, address = world.sending()
    answer = client.post(address, {"kind": "rien", "beneficiary": "999999", "note": TOO_LONG})
    assert told_at_once(answer) == ["files", "kind", "beneficiary", "note"]


@pytest.mark.parametrize("name", ["messaging.forms.NewThreadForm", "messaging.forms.MessageForm"])
def test_a_refused_attachment_is_told_with_the_empty_message(world: World, name: str) -> None:
    client, address = PLACES[name](world)
    answer = client.post(address, {"body": "", "files": upload(b"MZ", "outil.exe")})
    assert told_at_once(answer)[-2:] == ["body", "files"]


def test_a_title_that_is_taken_is_told_with_every_unknown_field(world: World) -> None:
    client, address = PLACES["messaging.forms.CannedAnswerForm"](world)
    kept = {"title": "Accueil", "fr": "Bonjour", "en": "Hello"}
    assert client.post(address, kept).status_code == 302
    answer = client.post(address, kept | {"fr": "{un} {deux}", "en": ""})
    assert told_at_once(answer) == ["title", "fr", "en"]
    assert len(answer.context["form"].errors["fr"]) == 2


def test_an_agent_who_is_there_already_is_told_with_the_rest(world: World) -> None:
    client, address = PLACES["desk.agent_forms.InvitationForm"](world)
    there = make_agent()
    answer = client.post(address, {"email": there.email, "reason": "a@b.fr 1850578006084"})
    assert told_at_once(answer) == ["email", "name", "role", "language", "reason"]
    assert len(answer.context["form"].errors["reason"]) == 2


def test_the_address_on_file_is_told_with_the_missing_reason(world: World) -> None:
    client, address = PLACES["desk.forms.ChangeEmailForm"](world)
    answer = client.post(address, {"email": CAMILLE.email})
    assert told_at_once(answer) == ["email", "reason"]


def test_what_is_left_to_fill_in_is_told_with_the_missing_subject(world: World) -> None:
    client, address = PLACES["messaging.forms.StartForm"](world)
    assert told_at_once(client.post(address, {"body": "Bonjour {nom}"})) == ["subject", "body"]


def test_a_wrong_fingerprint_is_told_with_the_missing_number(world: World) -> None:
    client, address = PLACES["vault.receipts.forms.CheckForm"](world)
    assert told_at_once(client.post(address, {"sha256": "abc"})) == ["receipt", "sha256"]


def test_every_part_of_a_date_that_cannot_be_is_told(world: World) -> None:
    client, address = PLACES["enrolment.forms.LetterCodeForm"](world)
    born = {"birth_date_day": "32", "birth_date_month": "13", "birth_date_year": "54"}
    answer = client.post(address, {"code": "x", **born})
    assert told_at_once(answer) == ["code", "birth_date"]
    assert len(answer.context["form"].errors["birth_date"]) == 3


def test_a_weak_password_its_confirmation_and_the_address_are_told_at_once(world: World) -> None:
    client, address = world.behind_a_code()
    typed = {"password": NO_MAIL.number, "confirmation": NEW_PASSWORD, "email": "odette@"}
    answer = client.post(address, typed)
    assert told_at_once(answer) == ["password", "confirmation", "email"]
    assert "ressemble trop" in str(answer.context["form"].errors["password"])
