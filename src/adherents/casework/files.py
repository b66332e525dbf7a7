"""What a member's file shows to an agent: read here, drawn by the templates. Nothing is written."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from adherents.accounts import policy, rules
from adherents.accounts.models import Account, SignInCounter
from adherents.accounts.policy import Counter, Standing
from adherents.casework.permissions import actor
from adherents.crypto.index import blind_indexes
from adherents.journal.events import Event
from adherents.journal.models import Entry
from adherents.members.models import Beneficiary, Member
from adherents.vault.models import Document

DOCUMENTS_SHOWN = 60
ENTRIES_SHOWN = 60
NIR_SHOWN_FOR = timedelta(minutes=2)

STANDING_WORDS: dict[str, str | Promise] = {
    Standing.NEVER_CONNECTED: gettext_lazy("jamais connecté"),
    Standing.ACTIVE: gettext_lazy("compte actif"),
    Standing.LOCKED: gettext_lazy("compte bloqué"),
    Standing.EXPIRED: gettext_lazy("mot de passe périmé"),
    Standing.CLOSED: gettext_lazy("compte fermé"),
}


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
class MemberFile:
    """What stands beside every page about a member."""

    member: Member
    account: Account | None
    state: AccountState
    beneficiaries: list[Beneficiary]
    documents: list[Document]


@dataclass(frozen=True)
class JournalLine:
    """One entry, with its actor in words."""

    entry: Entry
    actor: str

    @property
    def reason(self) -> str:
        return str(self.entry.details.get("reason", ""))


def member_file(member: Member) -> MemberFile:
    """Three queries beside the member's own (with their account), whatever the number of documents."""
    documents = Document.objects.of(member).kept().with_what_is_shown()[:DOCUMENTS_SHOWN]
    return MemberFile(
        member=member,
        account=member.account,
        state=account_states([member])[member.pk],
        beneficiaries=list(Beneficiary.objects.of(member)),
        documents=list(documents),
    )


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
        pk, until = indexes[bytes(row.identifier_index)], policy.locked_until(row.state, rules.lock_rules())
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
    return AccountState(standing.value, STANDING_WORDS[standing], until)


def journal_about(member: Member, *, reader: Account) -> list[JournalLine]:
    """The journal of the member and of the account, newest first."""
    subjects = [member.subject, *([member.account.subject] if member.account else [])]
    return journal_lines(list(Entry.objects.about(*subjects)[:ENTRIES_SHOWN]), reader=reader)


def journal_lines(entries: list[Entry], *, reader: Account) -> list[JournalLine]:
    """Each with who did it: an agent's name, « la personne elle-même », « le portail ».

    One query at most, and none when no other agent than the reader is named.
    """
    keys = {int(entry.actor.partition(":")[2]) for entry in entries if entry.actor.startswith("agent:")}
    others = keys - {reader.pk}
    agents = [reader, *(Account.objects.filter(pk__in=others) if others else [])]
    names = {actor(account): account.display_name or account.identifier for account in agents}
    return [JournalLine(entry, names.get(entry.actor) or _actor_in_words(entry)) for entry in entries]


def _actor_in_words(entry: Entry) -> str:
    kind = entry.actor.partition(":")[0]
    if kind in {"account", "member"}:
        return _("la personne elle-même")
    return _("le portail") if kind == "system" else entry.actor


def latest_consulted(agent: Account, limit: int = 8) -> list[Member]:
    """The files that this agent had on the screen last."""
    seen = Entry.objects.filter(actor=actor(agent), event=Event.MEMBER_CONSULTED).order_by("-at")
    keys = list(
        dict.fromkeys(
            int(subject.partition(":")[2]) for subject in seen.values_list("subject", flat=True)[:40]
        )
    )
    found = Member.objects.in_bulk(keys[:limit])
    return [found[key] for key in keys[:limit] if key in found]
