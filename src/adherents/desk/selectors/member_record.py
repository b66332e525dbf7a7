"""What a member's record shows to an agent: read here, drawn by the templates. Nothing is written."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from adherents.accounts import policy, policy_from_profile
from adherents.accounts.models import AccessLink, Account, SignInCounter
from adherents.accounts.policy import Counter, Standing
from adherents.crypto.index import blind_indexes
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.journal.subjects import SubjectKind, kind_of, number_in
from adherents.members.models import Beneficiary, Member, MemberQuerySet
from adherents.vault.models import Document

DOCUMENTS_SHOWN = 60
ENTRIES_SHOWN = 60
MEMBERS_A_PAGE = 50
COUNTED_AT_MOST = 1000
NIR_SHOWN_FOR = timedelta(minutes=2)

STANDING_WORDS: dict[str, str | Promise] = {
    Standing.NEVER_CONNECTED: gettext_lazy("jamais connecté"),
    Standing.ACTIVE: gettext_lazy("compte actif"),
    Standing.LOCKED: gettext_lazy("compte bloqué"),
    Standing.EXPIRED: gettext_lazy("mot de passe périmé"),
    Standing.CLOSED: gettext_lazy("compte fermé"),
}
WITHOUT_PASSWORD = gettext_lazy("mot de passe à créer")  # it was closed, and opened again


@dataclass(frozen=True)
class AccountState:
    """Where an account is. `locked_until`: when the longest lock of its browsers ends; it may be past."""

    standing: str
    words: str | Promise
    locked_until: datetime | None = None

    @property
    def waits(self) -> bool:
        return self.locked_until is not None and timezone.now() < self.locked_until


@dataclass(frozen=True)
class MemberRecord:
    """What stands beside every page about a member."""

    member: Member
    account: Account | None
    state: AccountState
    beneficiaries: list[Beneficiary]
    documents: list[Document]
    document_count: int
    letter: AccessLink | None = None  # on its way, with a code that opens


@dataclass(frozen=True)
class JournalLine:
    """One entry, with its actor in words."""

    entry: Entry
    actor: str

    @property
    def reason(self) -> str:
        return str(self.entry.details.get("reason", ""))


def record_of(member: Member) -> MemberRecord:
    """Three queries beside the member's own (with their account); a fourth where a letter may be on its way, and one where there
    are more documents than are shown, which says how many.
    """
    kept = Document.objects.every_one_of(member).kept()
    documents = list(kept.with_what_is_shown()[: DOCUMENTS_SHOWN + 1])
    is_whole = len(documents) <= DOCUMENTS_SHOWN
    return MemberRecord(
        member=member,
        account=member.account,
        state=account_states([member])[member.pk],
        beneficiaries=list(Beneficiary.objects.of(member)),
        documents=documents[:DOCUMENTS_SHOWN],
        document_count=len(documents) if is_whole else kept.order_by().count(),
        letter=_letter_to(member),
    )


def _letter_to(member: Member) -> AccessLink | None:
    if member.account is None or member.is_reachable:
        return None
    return AccessLink.objects.live().letters().filter(account=member.account).first()


def account_states(members: Iterable[Member]) -> dict[int, AccountState]:
    """The state of each member's account, in one query for all of them; the account must be there already."""
    people = list(members)
    indexes = {
        index: member.pk
        for member in people
        if member.account
        for index in blind_indexes("sign-in", member.account.identifier)
    }
    locks: dict[int, datetime] = {}
    shared: dict[int, datetime] = {}
    for row in SignInCounter.objects.filter(identifier_index__in=list(indexes), locked_at__isnull=False):
        pk, until = (
            indexes[bytes(row.identifier_index)],
            policy.locked_until(row.state, policy_from_profile.lock_rules()),
        )
        if until is not None and row.locked_at is not None:
            locks[pk] = max(until, locks.get(pk, until))
            if row.device_id == 0:
                shared[pk] = row.locked_at
    return {
        member.pk: _state(member.account, shared.get(member.pk), locks.get(member.pk)) for member in people
    }


def _state(account: Account | None, locked_at: datetime | None, until: datetime | None) -> AccountState:
    if account is None:
        standing = Standing.NEVER_CONNECTED
    else:
        standing = policy.standing(
            has_password=account.has_usable_password(),
            closed=account.closed_at is not None,
            counter=Counter(locked_at=locked_at),
            expired=account.is_expired,
        )
    words = STANDING_WORDS[standing]
    if account is not None and standing is Standing.NEVER_CONNECTED and account.last_sign_in_at is not None:
        words = WITHOUT_PASSWORD
    return AccountState(standing.value, words, until)


def journal_about(member: Member, *, reader: Account) -> list[JournalLine]:
    """The journal of the member and of the account, newest first."""
    subjects = [member.subject, *([member.account.subject] if member.account else [])]
    return journal_lines(list(Entry.objects.about(*subjects)[:ENTRIES_SHOWN]), reader=reader)


def journal_lines(entries: list[Entry], *, reader: Account) -> list[JournalLine]:
    """The entries as lines, each with its actor: the name of an agent or a system, « la personne elle-même », « le portail ».

    One query at most, and none when no other agent than the reader is named.
    """
    named = {SubjectKind.AGENT, SubjectKind.CLIENT}
    keys = {number_in(entry.actor) for entry in entries if kind_of(entry.actor) in named}
    others = keys - {reader.pk}
    agents = [reader, *(list(Account.objects.filter(pk__in=others)) if others else [])]
    names = {account.actor: account.shown_name for account in agents}
    return [JournalLine(entry, names.get(entry.actor) or _actor_in_words(entry)) for entry in entries]


def _actor_in_words(entry: Entry) -> str:
    kind = kind_of(entry.actor)
    if kind in {SubjectKind.ACCOUNT, SubjectKind.MEMBER}:
        return _("la personne elle-même")
    words = {"system": _("le portail"), "directory": _("l’annuaire")}
    return words.get(kind, entry.actor)


@dataclass(frozen=True)
class MemberPage:
    """Fifty members of a list in the order of their numbers, and the key of the row after which the next fifty begin."""

    members: list[Member]
    after: int | None
    count: int

    @property
    def is_count_whole(self) -> bool:
        return self.count <= COUNTED_AT_MOST


def member_page(people: MemberQuerySet, *, after: int | None) -> MemberPage:
    """Read through an index from where the last page ended: as fast at the end as at the beginning."""
    start = Member.objects.filter(pk=after).values_list("number", flat=True).first() if after else None
    left = people.filter(number__gt=start) if start else people
    shown = list(left.select_related("account").defer("nir").order_by("number")[: MEMBERS_A_PAGE + 1])
    more = len(shown) > MEMBERS_A_PAGE
    shown = shown[:MEMBERS_A_PAGE]
    return MemberPage(shown, shown[-1].pk if more else None, counted(people))


def counted(people: MemberQuerySet) -> int:
    """How many there are; `COUNTED_AT_MOST` + 1 for any greater number."""
    return people.order_by()[: COUNTED_AT_MOST + 1].count()


def latest_consulted(agent: Account, limit: int = 8) -> list[Member]:
    """The files that this agent had on the screen last."""
    seen = Entry.objects.filter(actor=agent.actor, event=Event.MEMBER_CONSULTED).order_by("-at")
    subjects = seen.values_list("subject", flat=True)[:40]
    keys = list(dict.fromkeys(map(number_in, subjects)))[:limit]
    members = Member.objects.in_bulk(keys)
    return [members[key] for key in keys if key in members]
