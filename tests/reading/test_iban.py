"""The two keys of an IBAN, and what we rely on in schwifty."""

import random

import pytest
import schwifty
from schwifty import BIC
from schwifty.exceptions import InvalidBBANChecksum, SchwiftyException
from stress.reading_papers import Rib, invented_rib

from adherents.reading.iban import is_any_countrys, proven, rib_key_is_right

pytestmark = pytest.mark.any_database
# Printed by the CFONB, the Banque de France and Wikipedia as examples.
EXAMPLES = [
    "FR1420041010050500013M02606",
    "FR7630006000011234567890189",
    "FR7630001007941234567890185",
    "MC5811222000010123456789030",
]


@pytest.mark.parametrize("text", EXAMPLES)
def test_published_examples_are_proven(text: str) -> None:
    account = proven(text)
    assert account is not None
    assert (
        account.text
        == text
        == account.country + text[2:4] + account.bank + account.branch + account.number + account.key
    )
    assert text not in repr(account)


def test_an_invented_account_is_proven_and_none_beside_it_is() -> None:
    """Each sign changed, and each two neighbours swapped."""
    chance = random.Random(3)
    for _ in range(40):
        iban = invented_rib(chance).iban
        assert proven(iban)
        for at in range(2, 27):
            others = "0123456789" if iban[at].isdigit() else "ABCXYZ"
            for other in set(others) - {iban[at]}:
                assert proven(iban[:at] + other + iban[at + 1 :]) is None
        for at in range(4, 26):
            swapped = iban[:at] + iban[at + 1] + iban[at] + iban[at + 2 :]
            assert swapped == iban or proven(swapped) is None


def test_mod_97_alone_does_not_prove() -> None:
    wrong_key = Rib("20041", "01005", "0500013M026", "07")
    assert is_any_countrys(wrong_key.iban)
    assert not rib_key_is_right(wrong_key.bban)
    assert proven(wrong_key.iban) is None


def test_the_rib_key_alone_does_not_prove() -> None:
    assert rib_key_is_right("20041010050500013M02606")
    assert proven("FR1520041010050500013M02606") is None


@pytest.mark.parametrize(
    "text",
    [
        "", "FR", "FR76", "fr1420041010050500013m02606", "FR1420041010050500013M02606\n", " FR1420041010050500013M02606",
        "FR1420041010050500013M026٠6", "ＦＲ1420041010050500013M02606", "DE89370400440532013000", "FR1420041010050500013M0260",
        "FR0000000000000000000000000", "FR9700000000000000000000097",
    ],
)  # fmt: skip
def test_what_has_not_the_shape_is_not_proven(text: str) -> None:
    assert proven(text) is None


@pytest.mark.parametrize("country", ["FR", "MC"])
def test_schwifty_checks_the_national_key_of_both_countries(country: str) -> None:
    wrong_key = Rib("20041", "01005", "0500013M026", "07", country).iban
    schwifty.IBAN(wrong_key)
    with pytest.raises(InvalidBBANChecksum):
        schwifty.IBAN(wrong_key, validate_bban=True)
    assert (
        schwifty.IBAN(Rib("20041", "01005", "0500013M026", "06", country).iban, validate_bban=True).bank_code
        == "20041"
    )


def test_schwifty_removes_spaces_and_raises_case_so_the_shape_is_ours_to_check() -> None:
    assert str(schwifty.IBAN(" fr14 2004 1010 0505 0001 3m02 606\n")) == EXAMPLES[0]


def test_schwifty_asks_letters_of_a_bic_when_it_is_told_to() -> None:
    assert BIC("1234FRPP") == "1234FRPP"
    with pytest.raises(SchwiftyException):
        BIC("1234FRPP", enforce_swift_compliance=True)
    with pytest.raises(SchwiftyException):
        BIC("AGRIZZPP", enforce_swift_compliance=True)
