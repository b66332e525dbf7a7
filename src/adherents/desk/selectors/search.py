"""What the desk's one box leads to: members, and the sending whose receipt was typed. Nothing is written."""

from dataclasses import dataclass, field

from adherents.desk.selectors import member_record
from adherents.desk.selectors.member_record import AccountState
from adherents.members.models import FOUND_AT_MOST, Member
from adherents.members.search_query import parse
from adherents.members.selectors import SearchHit, find, find_near
from adherents.vault.models import Deposit, Document
from adherents.vault.selectors.search import deposit_numbered


@dataclass(frozen=True)
class SearchAnswer:
    """Who was found: a member, their account's state, why. `is_near`: nobody is called so, these are the nearest. `deposit`: the
    sending with this receipt, and its documents. `is_nothing`: the text can mean nobody. `may_be_near`: other spellings can be
    asked for.
    """

    people: list[tuple[Member, AccountState, str]] = field(default_factory=list)
    is_near: bool = False
    deposit: Deposit | None = None
    documents: list[Document] = field(default_factory=list)
    is_nothing: bool = False
    may_be_near: bool = False

    @property
    def is_whole(self) -> bool:
        return len(self.people) < FOUND_AT_MOST

    @property
    def only_member(self) -> tuple[Member, str] | None:
        """The one who was meant, with why. Never one whose name is only near: their record is opened by a person's choice."""
        alone = len(self.people) == 1 and not self.is_near and self.deposit is None
        return (self.people[0][0], self.people[0][2]) if alone else None

    @property
    def only_document(self) -> Document | None:
        alone = len(self.documents) == 1 and not self.people and self.documents[0].erased_at is None
        return self.documents[0] if alone else None


def answer(text: str, *, near: bool = False) -> SearchAnswer:
    """`near`: other spellings of the name alone."""
    if not text:
        return SearchAnswer()
    typed = parse(text)
    hits = find_near(text) if near else find(text)
    deposit = None if near else deposit_numbered(text)
    documents = (
        Document.objects.filter(deposit=deposit).with_what_is_shown().order_by("rank") if deposit else []
    )
    return SearchAnswer(
        people=_with_states(hits),
        is_near=near or any(hit.is_near for hit in hits),
        deposit=deposit,
        documents=list(documents),
        is_nothing=not typed and deposit is None,
        may_be_near=bool(typed.words) and not near and not any(hit.is_near for hit in hits),
    )


def _with_states(hits: list[SearchHit]) -> list[tuple[Member, AccountState, str]]:
    states = member_record.account_states([hit.member for hit in hits])
    return [(hit.member, states[hit.member.pk], hit.why) for hit in hits]
