"""Which version of a person of the register a program has read: what it changes must still be that one."""

from collections.abc import Collection
from hashlib import blake2b

from adherents.members.person import Person

_BYTES = 12
ANY = "*"


def version_of(person: Person) -> str:
    """Another one whenever what the insurer or the portal says of this person changes. It tells nothing of them."""
    said = (
        type(person).__name__,
        str(person.pk),
        bytes(person.row_digest).hex(),  # keyed, and of the whole line, NIR included
        str(person.gone_at),
        str(person.end_date),
        str(getattr(person, "email", "")),
    )
    return blake2b("\x1f".join(said).encode(), digest_size=_BYTES).hexdigest()


def is_version_of(person: Person, versions: Collection[str]) -> bool:
    """Whether the person is still one of these. `*` is any version of a person who is there."""
    return ANY in versions or version_of(person) in versions
