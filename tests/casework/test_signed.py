"""A document is accepted without an agent: only where the profile says so for its kind, and only for its signature."""

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pikepdf
import pytest
import time_machine
from django.core.checks import run_checks
from django.test import Client
from django.utils import timezone
from pydantic import ValidationError

from adherents.accounts.models import Account, Role
from adherents.casework.models import BY_SIGNATURE, Decision, Item, Status
from adherents.casework.services import deciding, queue, reopening
from adherents.casework.services.deciding import TooLate
from adherents.casework.signed.services import accept_signed
from adherents.insurer.profile import profile
from adherents.insurer.treatment import Kind
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Member
from adherents.reading.models import PaperField, PrintedCode
from adherents.reading.services import working
from adherents.vault.models import Document, State
from adherents.work.services import run_until_nothing_is_left
from tests.agents import make_agent
from tests.cast import EVE
from tests.factories import open_account
from tests.reading.invented_codes import SIGNED_ON, genuine, trust_of_tests
from tests.reading.invented_codes import code as drawn
from tests.reading.sheets import IBAN, OTHER_SPACED, SPACED, say, sheet
from tests.vault.conftest import browser_of, deposited

pytestmark = pytest.mark.django_db
NAME = "MME DUPONT CAMILLE"
LATE = 4000  # days: what the tests sign was signed on one day, which stays
Settings = Any


def paper(*, name: str = NAME, printed: str = SPACED, on_page: str = NAME, **options: Any) -> bytes:
    """A RIB with its 2D-Doc, of the type 03."""
    said = genuine(f"30{name}\x1d31{IBAN}\x1d", **({"paper": "03"} | options))
    words = say("Banque inventée, agence de Quimper, 3 rue des Roses", y=770)
    return sheet(words, say(f"Titulaire : {on_page}", y=740), say(f"IBAN : {printed}"), drawn(said))


def two_pages(content: bytes) -> bytes:
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        pdf.add_blank_page(page_size=(595, 842))
        pdf.save(made)
    return made.getvalue()


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as travelled:
        yield travelled


@pytest.fixture(autouse=True)
def our_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "trust", trust_of_tests)


def lets(settings: Settings, *types: str, days: int = LATE, kind: str = "rib") -> None:
    ours = profile()
    kinds = tuple(
        one.model_copy(update={"accept_signed": types, "signed_days": days}) if one.code == kind else one
        for one in ours.documents.kinds
    )
    settings.ADHERENTS_PROFILE = ours.model_copy(
        update={"documents": ours.documents.model_copy(update={"kinds": kinds})}
    )


@pytest.fixture
def let(settings: Settings) -> None:
    """RIBs are accepted for the signature of their 2D-Doc."""
    lets(settings, "03")


def sent(member: Member, content: bytes | None = None, **options: Any) -> Document:
    """Sent, checked, read, and in the queue; weighed by the worker as it comes."""
    document = deposited(member, paper() if content is None else content, "rib.pdf", **options)
    run_until_nothing_is_left()
    document.refresh_from_db()
    return document


def decision_of(document: Document) -> Decision | None:
    return Decision.objects.filter(item__document=document, undone_at=None).select_related("agent").first()


def waits(document: Document) -> bool:
    return Item.objects.get(document=document).status == Status.WAITING and decision_of(document) is None


@pytest.mark.usefixtures("let")
def test_it_is_accepted_under_no_agents_name_and_its_member_is_told_so(
    member: Member, desk: Client, clock: time_machine.Traveller, words: Callable[[Any], str]
) -> None:
    document = sent(member)
    decision = decision_of(document)
    assert decision is not None
    assert (decision.outcome, decision.agent.identifier, decision.agent.role) == (
        "accepted",
        BY_SIGNATURE,
        Role.CLIENT,
    )
    assert not decision.agent.has_usable_password()
    clock.shift(timedelta(seconds=11))
    run_until_nothing_is_left()
    document.refresh_from_db()
    assert document.state == State.ACCEPTED
    at_home = browser_of(member).get(f"/adherent/documents/{document.pk}/")
    said = "accepté pour la signature électronique qu’il porte, sans qu’un conseiller l’ait lu"
    assert said in words(at_home)
    assert "Signature électronique" in words(desk.get(f"/gestion/documents/{document.pk}/"))
    assert Entry.objects.filter(event=Event.DOCUMENT_ACCEPTED, actor=decision.agent.actor).exists()
    again = browser_of(member)
    again.post("/langue/", {"language": "en"})
    assert "for the electronic signature that it bears" in words(
        again.get(f"/adherent/documents/{document.pk}/")
    )


def test_nothing_is_accepted_by_itself_where_the_profile_says_nothing(member: Member) -> None:
    document = sent(member)
    assert PrintedCode.objects.get().worth == "signed"
    assert waits(document)
    assert accept_signed() == 0


@pytest.mark.usefixtures("let")
@pytest.mark.parametrize(
    "content",
    [
        lambda: sheet(say(f"Titulaire : {NAME}", y=740), say(f"IBAN : {SPACED}")),
        lambda: paper(paper="05"),
        lambda: paper(on=None),
        lambda: paper(certificate="INV9"),
        lambda: paper(name="M MARTIN PAUL", on_page="M MARTIN PAUL"),
        lambda: paper(on_page="M MARTIN PAUL"),
        lambda: paper(printed=OTHER_SPACED),
    ],
    ids=[
        "no code",
        "another type",
        "no day",
        "unknown signer",
        "another's",
        "another's page",
        "another account",
    ],
)
def test_what_leaves_anything_to_be_seen_waits_for_an_agent(
    member: Member, content: Callable[[], bytes]
) -> None:
    document = sent(member, content())
    assert waits(document)
    assert accept_signed() == 0  # it was weighed, once


@pytest.mark.usefixtures("let")
def test_a_word_to_the_adviser_and_a_second_page_are_for_a_person(member: Member) -> None:
    written = deposited(member, paper(), "rib.pdf")
    Document.objects.filter(pk=written.pk).update(note="Attention, ce compte est fermé.")
    run_until_nothing_is_left()
    assert PrintedCode.objects.get().worth == "signed"
    assert waits(written)
    longer = two_pages(paper(on_page=f"{NAME}, titulaire"))
    PrintedCode.objects.all().delete()  # so that it is no code that came before
    assert waits(sent(member, longer))
    assert PrintedCode.objects.get().worth == "signed"


@pytest.mark.usefixtures("let")
def test_a_signature_that_is_old_or_whose_kind_is_not_named_accepts_nothing(
    member: Member, settings: Settings
) -> None:
    lets(settings, "03", days=(timezone.localdate() - SIGNED_ON).days - 1)
    assert waits(sent(member))
    lets(settings, "03", kind="devis")
    assert waits(sent(member, paper(name="MME DUPONT ROSE CAMILLE")))


@pytest.mark.usefixtures("let")
def test_the_same_code_again_and_the_same_bytes_from_another_are_for_an_agent(member: Member) -> None:
    content = paper()
    first = sent(member, content)
    assert decision_of(first) is not None
    assert waits(sent(member, content))
    again = paper(on_page=f"{NAME}, première titulaire du compte")  # other bytes, and the same code
    assert waits(sent(member, again))
    other = open_account(EVE).member
    assert other is not None
    other.birth_name, other.usage_name, other.first_names = member.birth_name, "", member.first_names
    other.save()  # of the same name: nothing but the bytes says that it is another one's
    assert waits(sent(other, content))


@pytest.mark.usefixtures("let")
@pytest.mark.parametrize("letters", ["recognised", ""])
def test_letters_that_may_be_wrong_bear_nothing_out(member: Member, letters: str) -> None:
    document = deposited(member, paper(), "rib.pdf")
    run_until_nothing_is_left("vault.pages", "reading.entering", "reading.papers")
    PrintedCode.objects.get().reading.__class__.objects.update(letters=letters)
    run_until_nothing_is_left()
    assert waits(document)


@pytest.mark.usefixtures("let")
def test_a_value_that_somebody_calls_wrong_is_for_an_agent(member: Member) -> None:
    document = deposited(member, paper(), "rib.pdf")
    run_until_nothing_is_left("vault.pages", "reading.entering", "reading.papers")
    PaperField.objects.filter(code="iban").update(member_answer="no")
    run_until_nothing_is_left()
    assert waits(document)


@pytest.mark.usefixtures("let")
def test_what_an_agent_has_in_hand_is_theirs(member: Member, agent: Account) -> None:
    document = deposited(member, paper(), "rib.pdf")
    run_until_nothing_is_left("vault.pages", "casework.entering")
    queue.take(agent=agent, item=Item.objects.get(document=document))
    run_until_nothing_is_left()
    assert waits(document)
    queue.give_back(agent=agent, item=Item.objects.get(document=document))
    run_until_nothing_is_left()
    assert waits(document)  # a person began to look at it: a person decides


@pytest.mark.usefixtures("let")
@pytest.mark.parametrize("has_left", [False, True])
def test_what_answers_a_correction_is_for_a_person_even_when_who_asked_has_left(
    member: Member, agent: Account, clock: time_machine.Traveller, has_left: bool
) -> None:
    asked = deposited(member, sheet(say("Presque vide")), "vide.pdf")
    run_until_nothing_is_left()
    item = Item.objects.get(document=asked)
    queue.take(agent=agent, item=item)
    until = timezone.localdate() + timedelta(days=9)
    deciding.ask_correction(
        agent=agent, item=item, reason="rib_illisible", words_fr="Illisible.", until=until
    )
    clock.shift(timedelta(seconds=11))
    run_until_nothing_is_left()
    asked.refresh_from_db()
    if has_left:  # the answer is kept for nobody then
        Account.objects.filter(pk=agent.pk).update(closed_at=timezone.now())
    assert waits(sent(member, answers=asked))


@pytest.mark.usefixtures("let")
def test_any_agent_undoes_it_in_time_and_it_is_not_weighed_again(
    member: Member, agent: Account, clock: time_machine.Traveller
) -> None:
    document = sent(member)
    decision = decision_of(document)
    assert decision is not None
    item = deciding.undo(agent=agent, decision=decision)
    queue.give_back(agent=agent, item=item)
    run_until_nothing_is_left()
    assert waits(document)
    with pytest.raises(TooLate):
        deciding.undo(agent=agent, decision=decision)


@pytest.mark.usefixtures("let")
def test_a_responsable_reopens_it_later_and_a_person_decides(
    member: Member, clock: time_machine.Traveller
) -> None:
    document = sent(member)
    decision = decision_of(document)
    assert decision is not None
    clock.shift(timedelta(seconds=11))
    run_until_nothing_is_left()
    head = make_agent(Role.SUPERVISOR)
    reopening.reopen(agent=head, decision=decision, reason="Lu trop vite.")
    run_until_nothing_is_left()
    assert decision_of(document) is None
    item = Item.objects.get(document=document)
    queue.take(agent=head, item=item)
    deciding.accept(agent=head, item=item)
    clock.shift(timedelta(seconds=11))
    run_until_nothing_is_left()
    shown = browser_of(member).get(f"/adherent/documents/{document.pk}/").content.decode()
    assert "sans qu’un conseiller l’ait lu" not in shown


def test_a_profile_that_names_no_type_of_2d_doc_is_refused_in_words(settings: Settings) -> None:
    lets(settings, "03")
    settings.PROFILE = profile()
    assert [error for error in run_checks() if error.id == "adherents.E013"] == []
    lets(settings, "03", "ZZ")
    settings.PROFILE = profile()
    [error] = [error for error in run_checks() if error.id == "adherents.E013"]
    assert error.msg == "No 2D-Doc has this type: rib: ZZ."
    told = profile().documents.kind("rib").model_dump() | {"signed_days": 92}
    with pytest.raises(ValidationError, match="should match pattern"):
        Kind(**told | {"accept_signed": ("1",)})
