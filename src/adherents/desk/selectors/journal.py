"""Whom and what an auditor means: an agent's name, a member's or a receipt's number, as the journal names them."""

import re
from collections.abc import Iterator

from django.db.models import Q
from django.utils import timezone

from adherents.accounts.models import Account, Role
from adherents.desk.selectors.member_record import JournalLine, journal_lines
from adherents.feed.models import moment_told
from adherents.journal.models import Entry
from adherents.journal.selectors import Match, Wanted, every
from adherents.journal.subjects import SubjectKind, kind_of, subject_of
from adherents.members.models import Member
from adherents.members.names import squeeze
from adherents.members.search_query import normalise_number
from adherents.ui import spreadsheet
from adherents.vault.models import Document
from adherents.vault.selectors.search import deposit_numbered

MOST_AGENTS = 20
DEPOSIT = "deposit"  # in an address only: the journal knows a sending by its documents
_PLAIN = re.compile(r"[a-z-]+(:[\w./-]+)?")
_PEOPLE = {SubjectKind.ACCOUNT, SubjectKind.AGENT, SubjectKind.CLIENT}
HEADS = ("moment", "evenement", "libelle", "objet", "dossier", "auteur", "nom", "motif", "details")


def actors_meant(text: str) -> list[str]:
    """The agents and systems with this name, e-mail or part of a name, former ones too; or plain identifiers, as they are."""
    named = _plain(text)
    if named:
        return named
    wanted = squeeze(text)
    people = Account.objects.exclude(role=Role.MEMBER).order_by("pk")
    exact = [
        account for account in people if text.casefold() in {account.email.casefold(), account.identifier}
    ]
    near = [account for account in people if wanted and wanted in squeeze(account.shown_name)]
    return [account.actor for account in exact or near]


def subjects_meant(text: str) -> list[str]:
    """The members, present and former, with this number; the sending with this receipt; or plain identifiers, as they are."""
    if deposit := deposit_numbered(text):
        return [f"{DEPOSIT}:{deposit.pk}"]
    number = normalise_number(text)
    members = Member.objects.filter(Q(number=number) | Q(former_number=number)).order_by("pk")
    return [member.subject for member in members] or _plain(text)


def _plain(text: str) -> list[str]:
    """Identifiers of the journal, a comma between; none where one of the words is no such thing."""
    words = [word.strip() for word in text.split(",")]
    known = {*SubjectKind, "system", "directory", "register", "installation", "enrolment", "outbox", DEPOSIT}
    is_plain = all(_PLAIN.fullmatch(word) and (":" in word or word in known) for word in words)
    return words if is_plain else []


def actor_matches(actors: list[str]) -> tuple[Match, ...]:
    """What they did for others, and on their own account."""
    own = [
        subject_of(SubjectKind.ACCOUNT, actor.partition(":")[2])
        for actor in actors
        if kind_of(actor) in _PEOPLE
    ]
    return tuple(("actor", name) for name in dict.fromkeys([*actors, *own]))


def subject_matches(subjects: list[str]) -> tuple[Match, ...]:
    """A member: the file and the account. An agent: the account. A sending: its documents."""
    matches: list[Match] = []
    for subject in subjects:
        kind, _sign, key = subject.partition(":")
        if kind == SubjectKind.MEMBER:
            matches.append(("owner", subject))
            accounts = Member.objects.filter(pk=_number(key), account__isnull=False)
            matches += [
                ("subject", subject_of(SubjectKind.ACCOUNT, pk))
                for pk in accounts.values_list("account", flat=True)
            ]
        elif kind == DEPOSIT:
            documents = (
                Document.objects.filter(deposit=_number(key)).order_by("pk").values_list("pk", flat=True)
            )
            matches += [("subject", subject_of(SubjectKind.DOCUMENT, pk)) for pk in documents]
        elif kind in _PEOPLE:
            matches += [("subject", subject), ("subject", subject_of(SubjectKind.ACCOUNT, key))]
        else:
            matches.append(("subject", subject))
    return tuple(dict.fromkeys(matches)) or (("subject", subjects[0]),)


def _number(key: str) -> int:
    return int(key) if key.isdecimal() and len(key) < 19 else 0


def names_of(actors: list[str]) -> list[str]:
    """« Claire Morel (agent:12) », of those that are agents or systems."""
    keys = {_number(actor.partition(":")[2]): actor for actor in actors if kind_of(actor) in _PEOPLE}
    people = {
        account.pk: account for account in Account.objects.filter(pk__in=keys).exclude(role=Role.MEMBER)
    }
    return [f"{people[key].shown_name} ({actor})" for key, actor in keys.items() if key in people]


def csv_lines(wanted: Wanted, *, reader: Account) -> Iterator[str]:
    """A spreadsheet's file, one row an entry, read as it leaves."""
    return spreadsheet.lines(_rows(wanted, reader))


def _rows(wanted: Wanted, reader: Account) -> Iterator[tuple[object, ...]]:
    yield HEADS
    names: dict[str, str] = {}
    for entry in every(wanted):
        if entry.actor not in names:
            names[entry.actor] = journal_lines([entry], reader=reader)[0].actor
        yield _row(JournalLine(entry, names[entry.actor]))


def _row(line: JournalLine) -> tuple[object, ...]:
    entry: Entry = line.entry
    details = " ".join(f"{name}={value}" for name, value in sorted(entry.details.items()) if name != "reason")
    return (
        moment_told(entry.at),
        entry.event,
        entry.label,
        entry.subject,
        entry.owner,
        entry.actor,
        line.actor,
        line.reason,
        details,
    )


def file_name() -> str:
    return f"journal-{timezone.localtime():%Y%m%d-%H%M%S}.csv"
