"""What the queue and an item of it show to an agent: read here, drawn by the templates. Nothing is written."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import TABLE, Act
from adherents.casework.mails import decided_key, summary_key
from adherents.casework.models import (
    Correction,
    Decision,
    Filters,
    Item,
    ItemQuerySet,
    Refiling,
    Relocation,
    Reopening,
    Status,
    SummaryLine,
)
from adherents.desk.models import Absence
from adherents.desk.selectors import member_record
from adherents.desk.selectors.member_record import JournalLine
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.mail.selectors import SentMail, sent_mail
from adherents.members.models import Beneficiary, Member
from adherents.vault.models import Document, State
from adherents.vault.selectors.listing import THEMSELVES

COMING_SHOWN = 12
DECISIONS_SHOWN = 6
ANSWERED = (State.ACCEPTED, State.REFUSED, State.INCOMPLETE)
ENTRIES_SHOWN = 12
KIND_KEYS, PERSON_KEYS = "123456789", "JKHQW"  # of the page that files anew


@dataclass(frozen=True)
class Counts:
    """How many items wait, by how near they are to their due day, and since when the oldest waits."""

    waiting: int
    late: int
    today: int
    later: int
    oldest: datetime | None


def counts(agent: Account) -> Counts:
    """Of what this agent treats, and of what is kept for them."""
    today = timezone.localdate()
    totals = (
        Item.objects.waiting()
        .treated_by(agent)
        .aggregate(
            waiting=Count("pk"),
            late=Count("pk", filter=Q(due_on__lt=today)),
            today=Count("pk", filter=Q(due_on=today)),
            later=Count("pk", filter=Q(due_on__gt=today)),
            oldest=Min("entered_at"),
        )
    )
    return Counts(**totals)


def by_kind(agent: Account | None = None) -> dict[str, int]:
    """How many wait of each kind; for an agent, of what they treat."""
    items = Item.objects.waiting()
    items = items if agent is None else items.treated_by(agent)
    kinds = items.order_by().values("kind").annotate(count=Count("pk"))
    return {row["kind"]: row["count"] for row in kinds}


@dataclass(frozen=True)
class Holding:
    """How many items an agent has in hand, and how many of the others are kept for them."""

    in_hand: int
    kept: int


def held_by(agent: Account) -> Holding:
    """What comes back to all when the agent is suspended."""
    held = Q(agent=agent, leased_until__isnull=False)
    theirs = Item.objects.waiting().filter(Q(agent=agent) | Q(reserved_for=agent))
    totals = theirs.aggregate(
        in_hand=Count("pk", filter=held), kept=Count("pk", filter=Q(reserved_for=agent) & ~held)
    )
    return Holding(**totals)


def tell_stand_ins(items: Iterable[Item]) -> None:
    """Let each item know who stands in for whom today: pages show it. One query."""
    stand_ins = Absence.objects.stand_ins()
    for item in items:
        item.stand_ins = stand_ins


def in_hand(agent: Account) -> list[Item]:
    return list(Item.objects.in_hand_of(agent).with_a_line())


def coming(agent: Account, filters: Filters) -> list[Item]:
    """The free items that this agent may get, the nearest first. No promise: other agents take items too."""
    items: ItemQuerySet = Item.objects.free().may_be_given_to(agent).matching(filters)
    return list(items.oldest_due_first().with_a_line()[:COMING_SHOWN])


def who_treat() -> list[Account]:
    """The agents that a document can be given to, by name."""
    people = Account.objects.filter(role__in=TABLE[Act.TREAT], closed_at=None)
    return sorted(people, key=lambda account: account.shown_name.casefold())


@dataclass(frozen=True)
class PastDecision:
    """A decision that the member was told, with its reasons' names."""

    decision: Decision
    reason: str


@dataclass(frozen=True)
class History:
    """What happened before this item: to the document itself, and to its member. `asked`: the correction that it answers."""

    asked: Correction | None
    decisions: list[PastDecision]
    lines: list[JournalLine]


def history(document: Document, *, reader: Account) -> History:
    entries = list(Entry.objects.about(document.subject)[:ENTRIES_SHOWN])
    return History(
        asked=_asked(document),
        decisions=_decisions(document.member),
        lines=member_record.journal_lines(entries, reader=reader),
    )


@dataclass(frozen=True)
class PastReopening:
    """A decision that stands no more: what its member had been told, and why not any more."""

    decision: Decision
    reason: str
    agent: Account
    at: datetime
    told_at: datetime
    why: str


@dataclass(frozen=True)
class Decided:
    """What was decided about a document, for its page. `answer_id`, `answered_at`: what its member sent in its place. `mail`: the
    one that told it; `mail_due`: when the one of its whole sending is posted, where it was not yet.
    """

    decision: Decision | None
    reason: str
    reopened: list[PastReopening]
    may_reopen: bool = False
    answer_id: uuid.UUID | None = None
    answered_at: datetime | None = None
    mail: SentMail | None = None
    mail_due: datetime | None = None


def decided(document: Document, *, reader: Account) -> Decided:
    """The decision that stands and those that were reopened, the latest first. One query, and four more where one stands."""
    past = _reopened(document)
    standing = Decision.objects.standing().filter(item__document=document, settled_at__isnull=False)
    decision = standing.select_related("item", "agent").first() if document.state in ANSWERED else None
    if decision is None:
        return Decided(None, "", past)
    line = SummaryLine.objects.filter(decision=decision).select_related("summary").first()
    answers = Document.objects.with_answers().filter(pk=document.pk)
    answer_id, answered_at = answers.values_list("answer_id", "answered_at").first() or (None, None)
    may_reopen = answer_id is None and not document.set_aside and decision.may_be_reopened_by(reader)
    return Decided(
        decision,
        reasons_label(decision),
        past,
        may_reopen,
        answer_id,
        answered_at,
        mail=sent_mail(summary_key(line.summary_id) if line else decided_key(decision.pk)),
        mail_due=line.summary.next_attempt_at if line else None,
    )


@dataclass(frozen=True)
class Choice:
    """A button that files a document anew. `key`: what presses it; "" where the keys are used up."""

    value: str
    label: str
    hint: str
    key: str


@dataclass(frozen=True)
class Choices:
    """The buttons of one kind of change, under a heading."""

    name: str
    heading: str
    choices: list[Choice]


def other_places(document: Document) -> list[Choices]:
    """Where a document may be filed instead: the profile's other kinds, and the other people of its member's contract."""
    kinds = [(kind.code, kind.label, "") for kind in profile().documents.kinds if kind.code != document.kind]
    people = [(THEMSELVES, document.member.name, _("L’adhérent"))] if document.beneficiary_id else []
    others = Beneficiary.objects.of(document.member).exclude(pk=document.beneficiary_id or 0)
    people += [(str(person.pk), person.name, person.get_relation_display()) for person in others]
    lists = [
        Choices("kind", _("Un autre type"), _keyed(kinds, KIND_KEYS)),
        Choices("person", _("Une autre personne"), _keyed(people, PERSON_KEYS)),
    ]
    return [listed for listed in lists if listed.choices]


def _keyed(rows: list[tuple[str, str, str]], keys: str) -> list[Choice]:
    return [Choice(*row, keys[at : at + 1]) for at, row in enumerate(rows)]


@dataclass(frozen=True)
class Parts:
    """What a file was split into. `may_be_put_together`: by this agent, as far as it can be seen before."""

    original: Document
    parts: list[Document]
    may_be_put_together: bool


def parts(document: Document, agent: Account) -> Parts | None:
    """For the original and for each part; None for any other document, without a query."""
    if document.part_of_id is None and document.split_at is None:
        return None
    original = document.original
    rows = (
        Document.objects.filter(part_of=original)
        .select_related("beneficiary", "member")
        .order_by("first_page")
    )
    shown = list(rows.defer("wrapped_key", "name"))
    items = Item.objects.filter(document__in=shown)
    return Parts(original, shown, nothing_decided(agent, list(items)))


def nothing_decided(agent: Account, items: list[Item]) -> bool:
    """No part is in anybody else's hands or kept for them, and none has a decision that stands, or that its member was told
    before it was reopened.
    """
    free = all(item.is_waiting and (not item.is_held or item.agent_id == agent.pk) for item in items)
    kept = [item.pk for item in items if item.reserved_for_id is not None and not item.is_held]
    free = free and (not kept or Item.objects.open_to(agent).filter(pk__in=kept).count() == len(kept))
    return free and bool(items) and not Decision.objects.that_were_told_or_stand(items).exists()


def latest_act(agent: Account) -> dict[str, Decision | Refiling | Relocation | None]:
    """What « Annuler » takes back: the latest of this agent's last decision (`to_undo`), filing (`to_file_back`) and filing
    with another member (`to_bring_back`).
    """
    acts = {
        "to_undo": Decision.objects.to_undo(agent),
        "to_file_back": Refiling.objects.to_undo(agent),
        "to_bring_back": Relocation.objects.to_undo(agent) if agent.role in TABLE[Act.RELOCATE] else None,
    }
    latest = max((act.at for act in acts.values() if act is not None), default=None)
    return {name: act if act is not None and act.at == latest else None for name, act in acts.items()}


@dataclass(frozen=True)
class WaitingItem:
    """An item that waits, or was decided a moment ago, for its document's page. `to_undo`: in time, one that this
    agent may undo.
    """

    item: Item
    is_mine: bool
    to_undo: Decision | None = None


def waiting(document: Document, agent: Account) -> WaitingItem | None:
    """None: it waits for nobody's decision. Four queries, and one more where it was just decided."""
    items = Item.objects.filter(document=document, status__in=[Status.WAITING, Status.DECIDED])
    item = items.prefetch_related("agent", "reserved_for").first()
    if item is None:
        return None
    tell_stand_ins([item])
    in_time = Decision.objects.in_time().undone_by(agent).select_related("item__document__member")
    to_undo = in_time.filter(item=item).first() if item.status == Status.DECIDED else None
    is_mine = item.is_waiting and item.held_by(agent) and item.taken_at is not None
    return WaitingItem(item, is_mine, to_undo)


def waiting_among(documents: Sequence[Document]) -> dict[uuid.UUID, Item]:
    """The items that wait, of these documents. Four queries, whatever their number."""
    waiting_ones = Item.objects.waiting().filter(document__in=[document.pk for document in documents])
    items = list(waiting_ones.prefetch_related("agent", "reserved_for"))
    tell_stand_ins(items)
    return {item.document_id: item for item in items if item.document_id}


def _reopened(document: Document) -> list[PastReopening]:
    rows = Reopening.objects.filter(decision__item__document=document).select_related(
        "decision__agent", "agent"
    )
    reopened = list(rows.order_by("-at", "-pk"))
    if not reopened:
        return []
    entries = Entry.objects.about(document.subject).filter(event=Event.DECISION_REOPENED)
    why = {entry.details.get("decision"): str(entry.details.get("reason", "")) for entry in entries}
    return [
        PastReopening(
            row.decision,
            reasons_label(row.decision),
            row.agent,
            row.at,
            row.told_at,
            why.get(row.decision_id, ""),
        )
        for row in reopened
    ]


def _asked(document: Document) -> Correction | None:
    if document.answers_id is None:
        return None
    asked = Correction.objects.filter(document=document.answers_id).select_related("decision", "agent")
    return asked.order_by("-asked_at", "-pk").first()


def _decisions(member: Member) -> list[PastDecision]:
    settled = Decision.objects.standing().filter(item__document__member=member, settled_at__isnull=False)
    latest = settled.select_related("item", "agent").order_by("-at", "-pk")[:DECISIONS_SHOWN]
    return [PastDecision(decision, reasons_label(decision)) for decision in latest]


def reasons_label(decision: Decision) -> str:
    """The names of its reasons in the reader's language, a comma between; "" without one."""
    return ", ".join(map(reason_label, decision.reasons))


def reason_label(code: str) -> str:
    """A reason's name in the reader's language; its code where the profile has dropped it since; "" without one."""
    reasons = profile().documents.reasons
    return next((reason.label for reason in reasons if reason.code == code), code)
