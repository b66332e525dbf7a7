"""IBANs that prove themselves: France's and Monaco's, by mod 97, by the RIB key, and by the shape of their bank code. Pure code.

The two keys are worked out apart: no single wrong digit passes, and a random number passes both once in 9,409 times. Other
countries' IBANs have no second key that every bank writes, and so are not read; one that is there makes the paper doubtful.
"""

import re
from dataclasses import dataclass

from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

COUNTRIES = frozenset({"FR", "MC"})
LENGTH = 27
LONGEST = 34
_SHAPE = re.compile(r"(?:FR|MC)[0-9]{2}[0-9]{5}[0-9]{5}[0-9A-Z]{11}[0-9]{2}", re.ASCII)
_BBAN = re.compile(r"[0-9]{5}[0-9]{5}[0-9A-Z]{11}[0-9]{2}", re.ASCII)
# What a letter of an account number counts in the RIB key: A and J are 1, B, K and S are 2, … (CFONB).
_AS_DIGITS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "12345678912345678923456789")


@dataclass(frozen=True, slots=True)
class BankAccount:
    """An IBAN that was proven, in parts. The text is compact: `FR76` and 23 characters."""

    text: str

    @property
    def country(self) -> str:
        return self.text[:2]

    @property
    def bban(self) -> str:
        return self.text[4:]

    @property
    def bank(self) -> str:
        return self.text[4:9]

    @property
    def branch(self) -> str:
        return self.text[9:14]

    @property
    def number(self) -> str:
        return self.text[14:25]

    @property
    def key(self) -> str:
        return self.text[25:]

    def __repr__(self) -> str:
        return f"<BankAccount {self.text[:4]}…>"


def proven(text: str) -> BankAccount | None:
    """The account of a compact IBAN, or None: its shape, both keys and schwifty must say yes."""
    if not _SHAPE.fullmatch(text) or set(text[4:]) <= {"0"}:
        return None
    if not _mod_97_is_right(text) or not rib_key_is_right(text[4:]):
        return None
    try:
        IBAN(text, validate_bban=True)
    except SchwiftyException:
        return None
    return BankAccount(text)


def is_any_countrys(text: str) -> bool:
    """Whether a compact text is an IBAN of any country, by its length, its shape and mod 97."""
    if not text.isascii() or not text.isalnum() or len(text) > LONGEST:
        return False
    try:
        IBAN(text)
    except SchwiftyException:
        return False
    return True


def _mod_97_is_right(text: str) -> bool:
    # 00, 01 and 99 pass the division too, and no bank gives them.
    number = "".join(str(int(sign, 36)) for sign in text[4:] + text[:4])
    return "02" <= text[2:4] <= "98" and int(number) % 97 == 1


def rib_key_is_right(bban: str) -> bool:
    """Whether 23 characters (banque, guichet, compte, clé) end with their key."""
    if not _BBAN.fullmatch(bban):
        return False
    digits = bban.translate(_AS_DIGITS)
    bank, branch, account, key = (
        int(digits[start:end]) for start, end in ((0, 5), (5, 10), (10, 21), (21, 23))
    )
    return key == 97 - (89 * bank + 15 * branch + 3 * account) % 97
