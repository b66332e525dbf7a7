"""Telephone numbers as people write them and as an insurer's file may have them. Pure code."""

import re

_SHAPE = re.compile(r"[+(]*[0-9][0-9 ().\-/\u00a0\u202f]{7,28}")
_NATIONAL = re.compile(r"0([1-9][0-9]{8})")
# France and its overseas departments, whose own nine digits follow.
_COUNTRIES = ("33", "262", "590", "594", "596")
_FRENCH = re.compile(rf"(?:\+|00)(?:{'|'.join(_COUNTRIES)})0?([1-9][0-9]{{8}})")
_FOREIGN = re.compile(r"(?:\+|00)([1-9][0-9]{7,14})")


def forms_of(text: str) -> tuple[str, ...]:
    """Each form in which the register may have the number that `text` is; empty where it is none.

    The register keeps digits and « + » as the file had them: « 06 12 34 56 78 » may be there as `0612345678`, `+33612345678`,
    `0033612345678`, or without its first zero, as a spreadsheet leaves it.
    """
    if not _SHAPE.fullmatch(text):
        return ()
    digits = re.sub(r"[^0-9+]", "", text)
    if own := _NATIONAL.fullmatch(digits) or _FRENCH.fullmatch(digits):
        nine = own[1]
        abroad = [f"{before}{country}{nine}" for before in ("+", "00", "") for country in _COUNTRIES]
        return (f"0{nine}", nine, f"+330{nine}", *abroad)
    if foreign := _FOREIGN.fullmatch(digits):
        return tuple(f"{before}{foreign[1]}" for before in ("+", "00", ""))
    return ()
