"""Names with what people write around them: « Mme Durand », « Durand née Dupont », « Dupont ép. Durand ». Pure code."""

from typing import NamedTuple

from adherents.members import names

TITLES = frozenset(["m", "mr", "mme", "mlle", "melle", "monsieur", "madame", "mademoiselle", "dr", "docteur"])
BORN = frozenset(["ne", "nee"])
_MARRIED = frozenset(["epouse", "epoux", "epse", "ep", "mariee", "marie", "veuve", "veuf", "vve"])


class _Names(NamedTuple):
    """The two family names that a text gives; "" where it gives none. Both are the same where it gives one."""

    birth: str
    usage: str


def same_family_name(claimed: str, birth: str, usage: str) -> bool:
    """Whether a claim names this person: by one of their names, or by both with « née » or « épouse » between them (G8).

    The name after « née » must be the birth name. A married name that the register does not know yet is passed over; a name
    alone must be one that it knows.
    """
    if names.same_person_name(claimed, birth, usage):
        return True
    theirs = _on_file(birth, usage)
    claimed_names = _read(_without_title(claimed))
    if claimed_names.birth == claimed_names.usage:
        return bool(claimed_names.birth) and names.same_person_name(
            claimed_names.birth, theirs.birth, theirs.usage
        )
    if not theirs.usage or theirs.usage == theirs.birth:
        # One name on file. It is a birth name, unless the file knows no other than the married one.
        return theirs.birth in (
            {claimed_names.birth, claimed_names.usage} - {""} if theirs.usage else {claimed_names.birth}
        )
    return claimed_names.birth in {"", theirs.birth} and claimed_names.usage in {"", theirs.usage}


def same_given_name(claimed: str, first_names: str) -> bool:
    """As `names.same_first_name`, with a title before it or not."""
    return names.same_first_name(claimed, first_names) or names.same_first_name(
        _without_title(claimed), first_names
    )


def first_letters(first_names: str) -> str:
    """The three first letters of the first given name, which all the ways to write it have in common."""
    return names.squeeze(_without_title(first_names))[:3]


def _on_file(birth: str, usage: str) -> _Names:
    """The same for what the file has in its two columns, where the first may hold both (« DUPONT EP DURAND »)."""
    born, used = _read(_without_title(birth)), _read(_without_title(usage))
    if born.birth != born.usage:
        return _Names(born.birth or born.usage, (names.squeeze(usage) and used.usage) or born.usage)
    if used.birth != used.usage:
        return _Names(born.birth or used.birth, used.usage or used.birth)
    return _Names(born.birth, used.usage)


def _without_title(name: str) -> str:
    words = names.normalise(name).split()
    while len(words) > 1 and words[0] in TITLES:
        words = words[1:]
    return " ".join(words)


def _read(name: str) -> _Names:
    words = names.normalise(name).split()
    place = next((at for at, word in enumerate(words) if word in BORN | _MARRIED), None)
    if place is None or place == len(words) - 1:
        return _Names(names.squeeze(name), names.squeeze(name))
    before, after = "".join(words[:place]), "".join(words[place + 1 :])
    return _Names(after, before) if words[place] in BORN else _Names(before, after)
