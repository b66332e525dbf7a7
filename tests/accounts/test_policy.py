"""What each function of the policy promises for any input."""

import string
import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from adherents.accounts import policy
from adherents.accounts.policy import Counter, Gate, LockRules, PasswordRules, SignInOutcome, Weakness

RULES = PasswordRules(min_length=12, max_length=128, lowercase_required=True, classes_required=2)
LOCK = LockRules(tries=5, duration=timedelta(hours=24))
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DATES = st.builds(
    "{:04d}-{:02d}-{:02d}".format, st.integers(1900, 2026), st.integers(0, 12), st.integers(0, 31)
)
GUIDE_SPECIALS = "&(-_~#[]\\^@+%*$!=])?.\"£€µ§;,|'(){}<>"


def weaknesses(password: str, **given_: object) -> list[Weakness]:
    return policy.weaknesses(password, RULES, is_common=lambda _: False, **given_)  # type: ignore[arg-type]


@pytest.mark.rule("G2")
@given(st.text(max_size=140))
def test_length_is_counted_in_characters_after_normalisation(typed: str) -> None:
    password = policy.normalise_password(typed)
    weak = weaknesses(password)
    assert (Weakness.TOO_SHORT in weak) == (len(password) < 12)
    assert (Weakness.TOO_LONG in weak) == (len(password) > 128)


@pytest.mark.rule("G2")
@given(
    st.text(string.ascii_lowercase, min_size=10, max_size=20),
    st.sets(st.sampled_from(["digit", "special", "uppercase"])),
    st.data(),
)
def test_two_of_digit_special_uppercase_are_enough_whatever_their_place(
    lower: str, kinds: set[str], data: st.DataObject
) -> None:
    alphabets = {"digit": string.digits, "special": GUIDE_SPECIALS, "uppercase": string.ascii_uppercase}
    letters = list(lower) + [data.draw(st.sampled_from(alphabets[kind])) for kind in sorted(kinds)]
    password = "".join(data.draw(st.permutations(letters)))
    assert policy.character_classes(password) == kinds
    assert (Weakness.TOO_FEW_CLASSES in weaknesses(password)) == (len(kinds) < 2)


@pytest.mark.rule("G2")
@given(st.characters())
def test_every_character_is_of_one_class_at_most_and_blanks_are_of_none(character: str) -> None:
    classes = policy.character_classes(character)
    assert len(classes) <= 1
    if character.isspace() or not character.isprintable():
        assert classes == set()
    if classes == {"special"} and character != "µ":
        assert not unicodedata.category(character).startswith(("L", "Nd", "Z", "C"))


@pytest.mark.rule("G2")
@given(
    st.text(
        string.ascii_uppercase + string.digits + GUIDE_SPECIALS.replace("µ", ""), min_size=12, max_size=128
    )
)
def test_nothing_makes_up_for_a_missing_lowercase_letter(password: str) -> None:
    assert Weakness.NO_LOWERCASE in weaknesses(password)


@given(st.text(max_size=60))
def test_a_password_has_one_normal_form_however_it_is_composed(typed: str) -> None:
    normal = policy.normalise_password(typed)
    assert policy.normalise_password(unicodedata.normalize("NFD", typed)) == normal
    assert policy.normalise_password(normal) == normal
    assert len(normal) <= len(unicodedata.normalize("NFD", typed))


@given(st.text(string.ascii_letters, min_size=4, max_size=20), st.text(string.digits + "!-_.", max_size=5))
def test_a_password_made_of_ones_own_word_and_little_else_is_personal(word: str, rest: str) -> None:
    assert policy.is_personal(word + rest, [word])
    assert policy.is_personal(rest + word.upper(), [word.lower()])


@given(
    st.text(string.ascii_lowercase, min_size=12, max_size=30),
    st.text(string.ascii_lowercase, min_size=4, max_size=6),
)
def test_a_long_password_without_ones_own_words_is_not_personal(password: str, word: str) -> None:
    assume(word not in password)
    assert not policy.is_personal(password, [word, "abc"])


@given(DATES, DATES)
def test_a_birth_date_is_the_same_only_when_each_known_part_is(claimed: str, on_file: str) -> None:
    same = policy.same_birth_date(claimed, on_file)
    parts = list(zip(claimed.split("-"), on_file.split("-"), strict=True))
    assert same == all(
        mine == theirs or (theirs == "00" and place > 0) for place, (mine, theirs) in enumerate(parts)
    )


@pytest.mark.parametrize("on_file", ["", "0000-00-00", "1954", "1954-03"])
@given(claimed=st.one_of(DATES, st.text(max_size=12)))
def test_a_birth_date_that_the_file_does_not_know_matches_nothing(on_file: str, claimed: str) -> None:
    assert not policy.same_birth_date(claimed, on_file)


@pytest.mark.rule("G11")
@given(st.integers(0, 4), st.timedeltas(timedelta(0), timedelta(days=400)))
def test_a_try_counts_one_more_and_only_the_last_locks(failures: int, later: timedelta) -> None:
    after = policy.take_try(Counter(failures), NOW, LOCK)
    assert after.failures == failures + 1
    assert (after.locked_at == NOW) == (failures == 4)
    waits = policy.gate(after, NOW + later, LOCK)
    if failures < 4:
        assert waits is Gate.OPEN
    else:
        assert waits is (Gate.WAIT if later < timedelta(hours=24) else Gate.RESET)


@pytest.mark.rule("G11")
@given(st.timedeltas(timedelta(0), timedelta(days=400)))
def test_behind_a_closed_gate_no_try_can_be_taken(later: timedelta) -> None:
    with pytest.raises(ValueError, match="nothing may be tried"):
        policy.take_try(Counter(5, NOW), NOW + later, LOCK)


@pytest.mark.rule("G4")
@given(st.timedeltas(timedelta(0), timedelta(days=4000)), st.one_of(st.none(), st.integers(1, 1000)))
def test_a_password_expires_at_its_renewal_and_never_where_there_is_none(
    age: timedelta, days: int | None
) -> None:
    renewal = None if days is None else timedelta(days=days)
    assert policy.is_expired(NOW, NOW + age, renewal) == (days is not None and age >= timedelta(days=days))
    assert not policy.is_expired(None, NOW + age, renewal)


@given(st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_a_closed_account_ends_a_try_as_a_wrong_password_does(
    right: bool, expired: bool, meanwhile: bool, locks: bool
) -> None:
    closed = policy.outcome(
        right=right, closed=True, expired=expired, locked_meanwhile=meanwhile, locks=locks
    )
    wrong = policy.outcome(
        right=False, closed=False, expired=expired, locked_meanwhile=meanwhile, locks=locks
    )
    assert closed is wrong
    assert (closed is SignInOutcome.LOCKED) == locks
