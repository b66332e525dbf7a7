"""Numbers and codes as people type and paste them: what is seen is kept, what is not seen or only spaces it out is not."""

import re
import unicodedata

# What separates groups of digits on cards, in letters and in spreadsheets.
_SEPARATORS = re.compile(r"[-._/]+")
# A dash is a dash, and a dot in the middle of the line is a dot.
_ONE_FORM = {ord("\u2212"): "-", ord("\u00b7"): ".", ord("\u2022"): ".", ord("\u2027"): "."}


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


def without_separators(text: str) -> str:
    """The same without dots, dashes, underscores and slashes: « 7010-0001 » is `70100001`. An e-mail address stays."""
    return text if "@" in text else _SEPARATORS.sub("", text)
