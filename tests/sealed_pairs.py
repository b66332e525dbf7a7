"""Two rows of each model that keeps something sealed, each with a value of its own in every sealed column."""

from collections.abc import Callable
from datetime import timedelta

from django.db import models
from django.utils import timezone

from adherents.accounts.models import AccessLink, Account, DirectoryIdentity, ResetRequest
from adherents.api.models import ApiKey, StoredAnswer
from adherents.api.scopes import Scope
from adherents.api.services.clients import create_client, rotate_key
from adherents.casework.models import Decision, HandOver
from adherents.drafts.models import Draft
from adherents.enrolment.models import AddressToConfirm, IdentityClaim, LetterBatch
from adherents.mail.models import OutboxMail
from adherents.members.models import Beneficiary, FormerAddress, Member
from adherents.messaging.models import Circular, Message, Thread
from adherents.notes.models import Note, Opinion
from adherents.reading.models import PaperField, PaperReading
from adherents.vault.models import Page
from adherents.webhooks.models import Endpoint
from adherents.webhooks.signing import make_secret
from tests.agents import make_agent
from tests.casework.queueing import adviser, checked, waiting
from tests.cast import CAMILLE, EVE
from tests.factories import add_to_register, open_account

Pair = tuple[models.Model, models.Model]
NOW = timezone.now()


def two_members() -> Pair:
    return add_to_register(CAMILLE), add_to_register(EVE)


def two_beneficiaries() -> Pair:
    """Of one member, and one of them has lost the rank."""
    member, made = add_to_register(CAMILLE), []
    for rank, nir in ((1, EVE.nir), (None, CAMILLE.nir)):
        row = Beneficiary(member=member, rank=9, birth_name="DUPONT", first_names="Lou")
        row.save()
        row.rank = rank
        row.set_nir(nir)
        row.save()
        made.append(row)
    return made[0], made[1]


def two_former_addresses() -> Pair:
    camille, eve = two_members()
    made = [
        FormerAddress.objects.create(member_id=member.pk, address=f"{member.pk}@a.fr")
        for member in (camille, eve)
    ]
    return made[0], made[1]


def two_accounts() -> Pair:
    return open_account(CAMILLE), open_account(EVE)


def two_requests() -> Pair:
    return ResetRequest.objects.create(identifier="7"), ResetRequest.objects.create(identifier="8")


def two_claims() -> Pair:
    return IdentityClaim.objects.create(words="{}"), IdentityClaim.objects.create(words="[]")


def two_letters() -> Pair:
    """Of one agent."""
    made = [
        LetterBatch.objects.create(
            actor="agent:1", reason="r", members=[n], sheets=f"PDF{n}", listing=f"CSV{n}"
        )
        for n in (1, 2)
    ]
    return made[0], made[1]


def two_addresses_to_confirm() -> Pair:
    """Of one member."""
    account, made = open_account(CAMILLE), []
    for rank in (1, 2):
        link = AccessLink.objects.create(
            account=account, purpose="address", token_hash=f"{rank}" * 64, expires_at=NOW + timedelta(hours=1)
        )
        member = Member.objects.get(account=account)
        row = AddressToConfirm(member=member, address=f"{rank}@b.fr", instead_of=f"{rank}@a.fr", link=link)
        row.save()
        made.append(row)
    return made[0], made[1]


def two_mails() -> Pair:
    made = [
        OutboxMail.objects.create(name="a/b", recipient=f"{n}@a.fr", language="fr", context=f'{{"n": {n}}}')
        for n in (1, 2)
    ]
    return made[0], made[1]


def two_threads() -> Pair:
    """Of one member."""
    member = add_to_register(CAMILLE)
    return Thread.objects.create(member=member, subject="un"), Thread.objects.create(
        member=member, subject="deux"
    )


def two_circulars() -> Pair:
    """Of one agent."""
    common = {"agent": make_agent(), "count": 1}
    return Circular.objects.create(**common, subject="un", body="deux"), Circular.objects.create(
        **common, subject="trois", body="quatre"
    )


def two_messages() -> Pair:
    """Of one author in one thread: what was said later stands in the place of what was said before."""
    thread, author = two_threads()[0], make_agent()
    common = {"thread": thread, "author": author, "from_member": False}
    first = Message.objects.create(**common, body="un", at=NOW)
    return first, Message.objects.create(**common, body="deux", at=NOW + timedelta(microseconds=1))


def two_notes() -> Pair:
    """Of one author on one member."""
    common = {"member": add_to_register(CAMILLE), "author": make_agent(), "occasion": "call_in"}
    first = Note.objects.create(**common, happened_at=NOW, at=NOW, words="un", with_whom="elle")
    later = NOW + timedelta(seconds=5)
    return first, Note.objects.create(**common, happened_at=NOW, at=later, words="deux", with_whom="lui")


def two_opinions() -> Pair:
    """Of one colleague on one document: the first has its answer."""
    common = {"document": checked(add_to_register(CAMILLE)), "asker": make_agent(), "due_on": NOW.date()}
    common["colleague"] = adviser(1)
    first = Opinion.objects.create(**common, asked_at=NOW, question="un ?", answer="un", answered_at=NOW)
    later = NOW + timedelta(seconds=5)
    return first, Opinion.objects.create(**common, asked_at=later, question="deux ?", answer="deux")


def two_fields() -> Pair:
    """Of two documents, the same code at the same rank."""
    made = []
    member = add_to_register(CAMILLE)
    for value in ("un", "deux"):
        reading = PaperReading.objects.create(document=checked(member))
        made.append(PaperField.objects.create(reading=reading, rank=1, code="iban", value=value, page=1))
    return made[0], made[1]


def two_decisions() -> Pair:
    """Of one agent on one document: the first was undone."""
    (item,), agent = waiting(add_to_register(CAMILLE)), make_agent()
    common = {"item": item, "agent": agent, "outcome": "refused", "reason": "illisible"}
    first = Decision.objects.create(**common, at=NOW, undone_at=NOW, words_fr="un", words_en="one")
    later = NOW + timedelta(seconds=5)
    return first, Decision.objects.create(**common, at=later, words_fr="deux", words_en="two")


def two_hand_overs() -> Pair:
    first, second = waiting(add_to_register(CAMILLE), 2)
    giver = make_agent()
    one = HandOver.objects.create(item=first, giver=giver, at=NOW, words="un")
    return one, HandOver.objects.create(item=second, giver=giver, at=NOW, words="deux")


def two_drafts() -> Pair:
    """Of one account, about two subjects."""
    account = open_account(CAMILLE)
    made = [Draft(account=account, kind="reply", about=f"thread:{n}") for n in (1, 2)]
    for draft in made:
        draft.words = {"body": draft.about}
        draft.save()
    return made[0], made[1]


def two_keys() -> Pair:
    """Of one client."""
    client, _ = create_client(name="coeur", scopes=[Scope.EVENTS_READ])
    rotate_key(client=client, actor="agent:1")
    first, second = client.keys.all()
    return first, second


def two_answers() -> Pair:
    """To one client, under two of its keys."""
    client, _ = create_client(name="coeur", scopes=[Scope.EVENTS_READ])
    made = [
        StoredAnswer.objects.create(client=client, name=f"{n}" * 64, request=f"sent {n}", answer=f"said {n}")
        for n in (1, 2)
    ]
    return made[0], made[1]


def two_pages() -> Pair:
    """Of two documents."""
    made = [
        Page.objects.create(
            document=checked(member),
            number=1,
            width=10,
            height=10,
            imprint=f"700 {member.pk} 2 3 4",
            content_type="image/jpeg",
            size=1,
            sha256="00" * 32,
            wrapped_key=b"key",
            storage_name=f"page-{member.pk}",
        )
        for member in two_members()
        if isinstance(member, Member)
    ]
    return made[0], made[1]


def two_people_of_the_directory() -> Pair:
    """Who wait to be linked."""
    made = [
        DirectoryIdentity.objects.create(
            account=make_agent(address=f"{name}@mese.example"),
            issuer="https://login.example",
            sub=name,
            presented_name=name,
        )
        for name in ("nadia", "claire")
    ]
    return made[0], made[1]


def two_endpoints() -> Pair:
    made = [
        Endpoint.objects.create(
            name=f"{n}",
            url="https://a.example/",
            secret=make_secret(),
            former_secret=make_secret(),
            position=0,
        )
        for n in (1, 2)
    ]
    return made[0], made[1]


MADE: dict[type[models.Model], Callable[[], Pair]] = {
    Member: two_members,
    Beneficiary: two_beneficiaries,
    FormerAddress: two_former_addresses,
    Account: two_accounts,
    DirectoryIdentity: two_people_of_the_directory,
    ResetRequest: two_requests,
    IdentityClaim: two_claims,
    LetterBatch: two_letters,
    AddressToConfirm: two_addresses_to_confirm,
    OutboxMail: two_mails,
    Thread: two_threads,
    Circular: two_circulars,
    Message: two_messages,
    Decision: two_decisions,
    HandOver: two_hand_overs,
    Note: two_notes,
    Opinion: two_opinions,
    PaperField: two_fields,
    Page: two_pages,
    Draft: two_drafts,
    ApiKey: two_keys,
    StoredAnswer: two_answers,
    Endpoint: two_endpoints,
}
