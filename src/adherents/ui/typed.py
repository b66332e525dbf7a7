"""Numbers and codes as people type and paste them: what is seen is kept, what is not seen or only spaces it out is not."""

import re
import unicodedata

# What separates groups of digits on cards, in letters and in spreadsheets.
_SEPARATORS = re.compile(r"[-._/]+")
# What people write before a number: « n° 7010 0001 », « N° d’adhérent : 7010 0001 », « Tél. 06 12 34 56 78 ».
_LABEL = re.compile(
    r"(?:(?:adh[ée]rent|adh|accus[ée]|re[çc]u|d[ée]p[ôo]t|envoi|t[ée]l[ée]phone|t[ée]l|nir|s[ée]cu)(?!\w)\.?\s*)?"
    r"(?:(?:n\s*[°º]|(?:num[ée]ro|no|nr)(?!\w))\.?\s*)?"
    r"(?:(?:d[’'e]\s*(?:adh[ée]rent|t[ée]l[ée]phone|accus[ée]|s[ée]cu)|adh[ée]rent)(?!\w)\s*)?:?\s*"
    r"(?=[A-Za-z]{0,3}[-. +(]{0,2}[0-9])",
    re.IGNORECASE,
)
# A dash is a dash, and a dot in the middle of the line is a dot.
_ONE_FORM = {ord("\u2212"): "-", ord("\u00b7"): ".", ord("\u2022"): ".", ord("\u2027"): "."}


def shown(text: str) -> str:
    """Without what nobody sees: marks that join or turn letters, control characters. Its spaces stay, but around it."""
    if text.isprintable():
        return text
    return "".join(sign for sign in text if unicodedata.category(sign) not in {"Cf", "Cc"}).strip()


def bare(text: str) -> str:
    """Without spaces and invisible marks, full-width characters and the many dashes in their plain form.

    « ７０１０\\u200b 0001 » is `70100001`. Case, dots and dashes stay: some numbers have them.
    """
    if text.isascii():
        return "".join(text.split())
    return "".join(_plain(character) for character in text.translate(_ONE_FORM) if not character.isspace())


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Pd":
        return "-"
    # Digits of any width and script; « ² » is none: it is a key beside the 1, and a person who types it does not mean a 2.
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if unicodedata.decomposition(character).startswith(("<wide>", "<font>")):
        return unicodedata.normalize("NFKC", character)
    # Format and control characters, and the selectors that make a digit an emoji.
    return "" if category in {"Cf", "Cc", "Mn", "Me"} else character


def unlabelled(text: str) -> str:
    """A number without the words that say it is one: « n° 7010 0001 » is « 7010 0001 ». Any other text stays."""
    text = text.strip()
    label = _LABEL.match(text)
    return text[label.end() :] if label else text


def without_separators(text: str) -> str:
    """The same without dots, dashes, underscores and slashes: « 7010-0001 » is `70100001`. An e-mail address stays."""
    return text if "@" in text else _SEPARATORS.sub("", text)
