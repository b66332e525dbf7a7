"""How the journal names what an entry is about, and who did it: a kind and a key, `member:12`, never a person's name."""

from enum import StrEnum


class SubjectKind(StrEnum):
    """The kinds of subjects. These words are stored, and chained: they never change."""

    ACCOUNT = "account"
    AGENT = "agent"  # an account, as the one who acts
    ANSWER = "answer"  # kept ready
    BENEFICIARY = "beneficiary"
    CIRCULAR = "circular"  # one message to many members
    CLIENT = "client"  # a program of the insurer: the account that it acts as
    DOCUMENT = "document"
    FOLDER = "folder"  # of exchange
    IDENTIFIER = "identifier"  # that no account has
    LETTERS = "letters"
    MEMBER = "member"
    SIGNING_KEY = "signing-key"
    WEBHOOK = "webhook"


def subject_of(kind: SubjectKind, key: object) -> str:
    return f"{kind.value}:{key}"


def kind_of(subject: str) -> str:
    """One of `SubjectKind`, or another word where the subject has no key (`system`, `register`)."""
    return subject.partition(":")[0]


def number_in(subject: str) -> int:
    """The key, of a subject that a number names."""
    return int(subject.partition(":")[2])
