"""Which passwords may be set (G2), and that none ever comes back (G3)."""

import unicodedata
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import Client
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from adherents.accounts import policy
from adherents.accounts.common_passwords import is_common
from adherents.accounts.models import Account, FormerPassword
from adherents.accounts.policy import Weakness
from adherents.accounts.policy_from_profile import password_rules
from adherents.accounts.services.passwords import WeakPassword, encode_new
from adherents.accounts.services.register import ensure_account
from tests.accounts.steps import (
    CHANGE_PAGE,
    Mails,
    change_password,
    choose_password,
    follow,
    is_signed_in,
    link_for,
    reset,
    sign_in,
    text_of,
    with_link,
)
from tests.cast import CAMILLE, EVE, NEW_PASSWORD, PASSWORD
from tests.factories import add_to_register, open_account

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

# The three lists of the guide, as it prints them (page 3, and the two pictures of « Création de votre mot de passe »).
GUIDE_LISTS = [
    '&(-_~#[]\\^@+%*$!=])?.""£€µ§;,',
    '&(_)-#[]^@+%$!-|=)?.""\'(){}&#;,',
    "&(-)_-#[]^@+*%$!~|)?.\"'<>;,",
]


def refusals(password: str, account: Account) -> list[Weakness]:
    """Why the services refuse this password; nothing when they take it."""
    try:
        encode_new(account=account, password=password)
    except WeakPassword as error:
        return error.weaknesses
    return []


@pytest.fixture
def account() -> Account:
    return open_account(CAMILLE)


@pytest.mark.rule("G2")
@pytest.mark.parametrize("special", sorted(set("".join(GUIDE_LISTS))))
def test_each_special_character_of_the_guides_three_lists_counts(special: str, account: Account) -> None:
    assert refusals(f"tulipe{special}mauve7", account) == []
    assert refusals("tulipexmauve7", account) == [Weakness.TOO_FEW_CLASSES]


@pytest.mark.rule("G2")
@pytest.mark.parametrize("special", ["’", "«", "…", "°", "/", ":", "`", "±", "☀", "🌷"])
def test_so_does_any_other_sign(special: str, account: Account) -> None:
    assert refusals(f"tulipe{special}mauve7", account) == []


@pytest.mark.rule("G2")
@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u202f", "\t"])
def test_a_space_is_allowed_but_is_no_special_character(blank: str, account: Account) -> None:
    assert refusals(f"tulipe{blank}mauve7", account) == [Weakness.TOO_FEW_CLASSES]
    assert refusals(f"tulipe{blank}Mauve7", account) == []


@pytest.mark.rule("G2")
@pytest.mark.parametrize(
    ("password", "missing"),
    [
        ("tulipe-Mau1", [Weakness.TOO_SHORT]),
        ("tulipe-Mauv1", []),
        ("tulipe-mauve", [Weakness.TOO_FEW_CLASSES]),
        ("tulipemauve77", [Weakness.TOO_FEW_CLASSES]),
        ("TulipeMauvette", [Weakness.TOO_FEW_CLASSES]),
        ("TULIPE-MAUVE7", [Weakness.NO_LOWERCASE]),
        ("Tul1", [Weakness.TOO_SHORT]),
        ("т\u0443льпан-7-ж\u0451лтый", []),
        ("郁金香是春天的花-Aa7xyz", []),
    ],
)
def test_twelve_characters_lowercase_and_two_of_three(
    password: str, missing: list[Weakness], account: Account
) -> None:
    assert refusals(password, account) == missing


@pytest.mark.rule("G2")
def test_128_characters_are_taken_and_every_one_of_them_counts(client: Client, mails: Mails) -> None:
    open_account(CAMILLE)
    words = (
        "le Vent se lève, il faut tenter de vivre ; l’air immense ouvre et "
        "referme mon livre, la vague en poudre ose jaillir des rocs 19"
    )
    long = words.ljust(128, "!")
    assert len(long) == 128
    assert "a bien été enregistré" in text_of(reset(CAMILLE, mails, long))
    sign_in(client, CAMILLE.number, long[:-1])
    assert not is_signed_in(client)
    sign_in(client, CAMILLE.number, long)
    assert is_signed_in(client)


@pytest.mark.rule("G2")
def test_129_characters_are_refused_in_words(client: Client, mails: Mails) -> None:
    open_account(CAMILLE)
    assert "au plus 128 caractères" in text_of(reset(CAMILLE, mails, "Tulipe-42 " * 12 + "abcdefghi"))


@pytest.mark.rule("G2")
def test_the_page_says_each_reason_at_once(client: Client, mails: Mails) -> None:
    open_account(CAMILLE)
    page = text_of(reset(CAMILLE, mails, "CAMILLE"))
    for words in (
        "au moins 12 caractères",
        "Il manque une lettre minuscule",
        "au moins 2 de ces éléments",
        "ressemble trop à votre nom",
    ):
        assert words in page


@pytest.mark.rule("G2")
def test_spaces_at_the_ends_belong_to_the_password(client: Client, mails: Mails) -> None:
    open_account(CAMILLE)
    reset(CAMILLE, mails, f" {NEW_PASSWORD} ")
    sign_in(client, CAMILLE.number, NEW_PASSWORD)
    assert not is_signed_in(client)
    sign_in(client, CAMILLE.number, f" {NEW_PASSWORD} ")
    assert is_signed_in(client)


@pytest.mark.rule("G2")
def test_the_case_of_a_password_matters(client: Client) -> None:
    open_account(CAMILLE)
    sign_in(client, CAMILLE.number, PASSWORD.swapcase())
    assert not is_signed_in(client)


@pytest.mark.rule("G2")
@pytest.mark.parametrize("set_as", ["NFC", "NFD"])
def test_a_password_set_on_a_mac_lets_in_from_a_pc_and_back(
    client: Client, mails: Mails, set_as: str
) -> None:
    open_account(CAMILLE)
    password = "forêt-Éclairée-8"
    reset(CAMILLE, mails, unicodedata.normalize(set_as, password))
    for form in ("NFC", "NFD"):
        browser = Client()
        sign_in(browser, CAMILLE.number, unicodedata.normalize(form, password))
        assert is_signed_in(browser), form


@pytest.mark.rule("G2")
def test_length_is_that_of_the_composed_form(account: Account) -> None:
    eleven_once_composed = unicodedata.normalize("NFD", "éléphant-A1")
    assert len(eleven_once_composed) == 13
    assert refusals(eleven_once_composed, account) == [Weakness.TOO_SHORT]


@pytest.mark.rule("G2")
@pytest.mark.parametrize(
    "password",
    [
        "Camille-1954!",
        "Dupont-Dupont-1",
        "70100001-Abcd",
        "05031954-Abcd",
        "19540305-abcD",
        "camille.DUPONT7",
        "Mese-Mese-2026",
        "Schneider-2026",
        "mutuelle-Mese-1",
    ],
)
def test_ones_own_words_and_the_insurers_are_refused(password: str, account: Account) -> None:
    assert Weakness.PERSONAL in refusals(password, account)


@pytest.mark.rule("G2")
def test_another_persons_words_are_not_ones_own(account: Account) -> None:
    assert refusals("Hoarau-Payet-1990", account) == []


def listed_and_decorated(listed: str) -> Iterator[str]:
    for word in (listed, listed.capitalize(), listed.upper()):
        for signs in ("", "1", "!", "123", "1!", "2024", "2024!", "12345", "-2024"):
            yield word + signs
            yield signs + word


@pytest.mark.rule("G2")
def test_the_3000_most_common_passwords_are_refused_with_whatever_makes_them_fit() -> None:
    """ASVS 6.2.4: of those that match the policy, which are the listed ones with the decorations that it asks for."""
    rules, tried = password_rules(), 0
    for listed in list(FREQUENCY_LISTS["passwords"])[:3000]:
        for password in listed_and_decorated(listed):
            if not policy.weaknesses(password, rules, is_common=lambda _: False):
                tried += 1
                assert is_common(password), password
    assert tried > 3000


@pytest.mark.rule("G2")
@pytest.mark.parametrize(
    "password", ["Abcdabcdabcd1", "aaaaaaaaaaaaA1", "tA1tA1tA1tA1", "Passw0rd2024!", "P@ssword1234"]
)
def test_repetitions_and_disguised_words_are_common(password: str, account: Account) -> None:
    assert refusals(password, account) == [Weakness.COMMON]


@pytest.mark.rule("G2")
@pytest.mark.parametrize(
    "password", [PASSWORD, NEW_PASSWORD, "cheval pile Agrafe correcte 9", "un-long-Chemin-vers-la-mer"]
)
def test_what_people_are_advised_to_choose_is_taken(password: str) -> None:
    assert refusals(password, open_account(EVE, password="violon-Orange-31")) == []


@pytest.mark.rule("G3")
def test_no_former_password_ever_comes_back_through_a_link(mails: Mails) -> None:
    open_account(CAMILLE)
    used = [PASSWORD, "jardin-Secret-1x", "jardin-Secret-2x"]
    for fresh in used[1:]:
        assert "a bien été enregistré" in text_of(reset(CAMILLE, mails, fresh))
    client = Client()
    follow(client, link_for(CAMILLE, mails))
    for former in used:
        assert "Vous l’avez déjà utilisé" in text_of(choose_password(client, CAMILLE.birth_day, former))
    assert FormerPassword.objects.count() == 2


@pytest.mark.rule("G3")
@pytest.mark.rule("G12")
def test_no_former_password_ever_comes_back_through_a_change(client: Client, mails: Mails) -> None:
    open_account(CAMILLE)
    reset(CAMILLE, mails, NEW_PASSWORD)
    sign_in(client, CAMILLE.number, NEW_PASSWORD)
    for former in (PASSWORD, NEW_PASSWORD, unicodedata.normalize("NFD", PASSWORD)):
        assert "Vous l’avez déjà utilisé" in text_of(change_password(client, NEW_PASSWORD, former))
    assert change_password(client, NEW_PASSWORD, "violon-Orange-31").status_code == 302
    assert "Vous l’avez déjà utilisé" in text_of(change_password(client, "violon-Orange-31", NEW_PASSWORD))


@pytest.mark.rule("G3")
@pytest.mark.rule("G8")
def test_no_former_password_ever_comes_back_through_a_first_connection(mails: Mails) -> None:
    open_account(EVE)
    day, month, year = EVE.birth_day
    browser = Client()
    browser.post(
        "/adherent/premiere-connexion/",
        {
            "nir": EVE.nir,
            "birth_date_day": day,
            "birth_date_month": month,
            "birth_date_year": year,
            "department": EVE.department,
            "name": EVE.birth_name,
            "first_name": EVE.first_names,
        },
    )
    follow(browser, with_link(mails()))
    assert "Vous l’avez déjà utilisé" in text_of(choose_password(browser, EVE.birth_day, PASSWORD))


@pytest.mark.rule("G3")
def test_the_history_of_one_account_does_not_bind_another(mails: Mails) -> None:
    open_account(CAMILLE)
    open_account(EVE, password=NEW_PASSWORD)
    assert "a bien été enregistré" in text_of(reset(CAMILLE, mails, NEW_PASSWORD))


@pytest.mark.rule("G3")
def test_the_history_keeps_hashes_only(mails: Mails) -> None:
    open_account(CAMILLE)
    reset(CAMILLE, mails)
    [former] = FormerPassword.objects.all()
    assert former.encoded.startswith("argon2")
    assert PASSWORD not in former.encoded


@pytest.mark.rule("G2")
def test_what_to_respect_is_listed_on_both_pages(client: Client, mails: Mails) -> None:
    open_account(CAMILLE)
    browser = Client()
    behind_the_link = text_of(follow(browser, link_for(CAMILLE, mails)))
    sign_in(client, CAMILLE.number)
    for page in (behind_the_link, text_of(client.get(CHANGE_PAGE))):  # type: ignore[arg-type]
        assert "12 caractères au minimum" in page
        assert "minuscules" in page
        assert "utilisé dans le passé" in page


def test_an_account_that_never_had_a_password_has_no_history() -> None:
    add_to_register(CAMILLE)
    with transaction.atomic():
        account = ensure_account(
            identifier=CAMILLE.number, email=CAMILLE.email, birth_date=CAMILLE.birth_date, language="fr"
        )
    assert refusals(PASSWORD, account) == []
