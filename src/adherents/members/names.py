"""Names as people write them: what does not matter when two of them are compared (G8). Pure code.

Accents, case, ligatures, hyphens, apostrophes and spaces do not matter. What is left are letters and digits
of any script: « L’Hôpital », « l hopital » and « LHOPITAL » are one name.
"""

import re
import unicodedata
from functools import lru_cache

# Letters that Unicode does not take apart, as the civil registry and the insurers' old systems write them.
_LETTERS = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h", "ŋ": "n"}
    # Apostrophes that Unicode counts among the letters.
    | dict.fromkeys("ʼʻʽʹˈ", " ")
)
# Two names or more given in one field are separated so; a space or a hyphen may be inside of one.
_BETWEEN_FIRST_NAMES = re.compile(r"[,;/]")
_NOT_LETTERS = re.compile(r"[\W_]+")


def normalise(name: str) -> str:
    """The name in lower-case words without accents, one space between them: « Anne-Cécile  D’Œuvre » → `anne
    cecile d oeuvre`.

    Idempotent; the same for NFC and NFD. Empty when nothing but punctuation was there.
    """
    if name.isascii():
        return _NOT_LETTERS.sub(" ", name).strip().lower()
    return _normalise_any(name)


@lru_cache(maxsize=4096)
def _normalise_any(name: str) -> str:
    # NFKD on both sides of the case folding: some capitals fold into letters that come apart again.
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold().translate(_LETTERS))
    bare = "".join(letter for letter in folded if not unicodedata.category(letter).startswith("M"))
    return _NOT_LETTERS.sub(" ", bare.translate(_LETTERS)).strip()


def squeeze(name: str) -> str:
    """What two writings of one name have in common: `normalise` without its spaces. It is what the register
    stores to search.
    """
    return normalise(name).replace(" ", "")


def first_given_name(first_names: str) -> str:
    """The first given name of a field, as it is written there: « Marie Ève » of « Marie Ève, Louise »."""
    return _BETWEEN_FIRST_NAMES.split(first_names)[0].strip()


def said_given_name(first_names: str) -> str:
    """The same as one says it to a person: « Marie Ève » for « MARIE ÈVE, ANNE »."""
    first = first_given_name(first_names)
    return first.title() if first.isupper() else first


def split_first_names(first_names: str) -> list[str]:
    """The given names of a field, each normalised: « Marie Ève, Louise » → [`marie eve`, `louise`].

    Without a comma, a space separates two names and a hyphen joins one: « Jean-François Paul » → [`jean
    francois`, `paul`].
    """
    parts = _BETWEEN_FIRST_NAMES.split(first_names)
    if len(parts) == 1:
        parts = first_names.split()
    return [name for name in map(normalise, parts) if name]


def same_person_name(claimed: str, birth: str, usage: str) -> bool:
    """Whether the claimed family name is the birth name or the usual name (G8), or both together in either order."""
    name = squeeze(claimed)
    if not name:
        return False
    born, used = squeeze(birth), squeeze(usage)
    accepted = {born, used}
    if born and used and born != used:
        accepted |= {born + used, used + born}
    return name in accepted


def same_first_name(claimed: str, first_names: str) -> bool:
    """Whether the claim is the first given name, or all the given names in their order (G8).

    A composed first name may be on file with a space instead of its hyphen (« Jean Francois Paul »): the
    first two words are accepted as well as the first one. The second given name alone is not: it is how one
    twin would pass for another.
    """
    name = squeeze(claimed)
    return bool(name) and name in _accepted_first_names(first_names)


def share_first_name(one: str, other: str) -> bool:
    """Whether two fields of given names begin with the same one (G8's writing). An empty field shares nothing.

    « Jean » and « Jean-François » are two names; « Jean Francois » may be either. Where neither field says where its
    first name ends, the second word must agree too: « Jean Pierre » and « Jean Paul » may be twins.
    """
    first, second = _first_name_in(one), _first_name_in(other)
    if len(first) == len(second):
        return bool(first) and first == second
    return bool(first & second)


def _first_name_in(first_names: str) -> set[str]:
    """What the first given name of a field may be: one name, or two where nothing says where it ends."""
    given = split_first_names(first_names)
    if not given:
        return set()
    first = {given[0].replace(" ", "")}
    commas = bool(_BETWEEN_FIRST_NAMES.search(first_names))
    if not commas and "-" not in first_names and len(given) > 1:
        # No comma, no hyphen: nothing says where the first name ends.
        first.add(given[0] + given[1])
    return first


def _accepted_first_names(first_names: str) -> set[str]:
    given = split_first_names(first_names)
    return _first_name_in(first_names) | {"".join(given).replace(" ", "")} if given else set()
