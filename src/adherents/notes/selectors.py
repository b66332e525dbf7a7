"""What the pages show of notes and opinions: read here, drawn by the templates. Nothing is written."""

from dataclasses import dataclass

from django.db.models import Q

from adherents.accounts.models import Account
from adherents.accounts.permissions import TABLE, Act
from adherents.members.models import Member
from adherents.notes.models import Note, Opinion, OpinionQuerySet, Prospect, waits_itself
from adherents.vault.models import Document

NOTES_SHOWN = 20
_EXPECTED = (Prospect.LATE, Prospect.EXPECTED)


@dataclass(frozen=True)
class Beside:
    """What stands beside a document: the latest notes on it and on its member, and the opinions on it.

    `waits`: it waits for a decision, so that an opinion can be asked.
    """

    notes: list[Note]
    opinions: list[Opinion]
    waits: bool

    @property
    def given(self) -> list[Opinion]:
        """The opinions that are there to be read."""
        return [opinion for opinion in self.opinions if opinion.prospect == Prospect.GIVEN]

    @property
    def expected(self) -> list[Opinion]:
        """Those that may still come."""
        return [opinion for opinion in self.opinions if opinion.prospect in _EXPECTED]

    @property
    def is_cut(self) -> bool:
        """Whether there may be older notes than those."""
        return len(self.notes) == NOTES_SHOWN


def beside(document: Document) -> Beside:
    notes = Note.objects.about(document).select_related("author")[:NOTES_SHOWN]
    # Also those on what it was made of: on each that was joined, and on the file that it is a part of.
    of_it = Q(document=document) | Q(document__joined_into=document) | Q(document__parts=document)
    opinions = list(_shown(Opinion.objects.standing().filter(of_it)).order_by("-asked_at", "-pk"))
    return Beside(list(notes), opinions, waits=waits_itself(document))


def of_member(member: Member) -> list[Note]:
    notes = Note.objects.of(member).select_related("author", "document").defer("document__wrapped_key")
    return list(notes[:NOTES_SHOWN])


def expected(agent: Account) -> int:
    """How many opinions this agent is asked for."""
    return Opinion.objects.expected_of(agent).count()


def to_give(agent: Account) -> list[Opinion]:
    """What this agent is asked, the first due first."""
    return list(_shown(Opinion.objects.expected_of(agent)))


def asked(agent: Account) -> OpinionQuerySet:
    """What this agent asked of others, the latest first."""
    return _shown(Opinion.objects.asked_by(agent))


def _shown(opinions: OpinionQuerySet) -> OpinionQuerySet:
    shown = opinions.select_related("document__member", "document__joined_into", "asker", "colleague")
    return shown.defer("document__wrapped_key", "document__joined_into__wrapped_key")


def colleagues(agent: Account) -> list[Account]:
    """Whom this agent may ask, by name."""
    people = Account.objects.filter(role__in=TABLE[Act.NOTES], closed_at=None).exclude(pk=agent.pk)
    return sorted(people, key=lambda account: account.shown_name.casefold())
