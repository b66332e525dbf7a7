"""The insurer's profile: what the guide says is in it, and what is wrong in one is said by line and key."""

from datetime import date, time
from pathlib import Path

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from adherents.insurer.colours import PAPER, contrast
from adherents.insurer.profile import WrongProfile, load_profile
from adherents.insurer.toml_lines import line_of_each_key
from adherents.insurer.values import Span

PROFILES = Path(__file__).parents[2] / "profiles"
MESE = (PROFILES / "mese.toml").read_text(encoding="utf-8")


@pytest.fixture
def refusal(tmp_path, monkeypatch):
    """The message for the MESE's profile with one thing changed, and the line where that thing stands."""
    monkeypatch.chdir(tmp_path)

    def attempt(before: str, after: str) -> tuple[str, int]:
        assert MESE.count(before) >= 1
        path = tmp_path / "essai.toml"
        path.write_text(MESE.replace(before, after, 1), encoding="utf-8")
        with pytest.raises(WrongProfile) as refused:
            load_profile(path)
        return str(refused.value), MESE[: MESE.index(before)].count("\n") + 1

    return attempt


@pytest.mark.rule("G2")
@pytest.mark.rule("G4")
@pytest.mark.rule("G6")
@pytest.mark.rule("G11")
@pytest.mark.rule("G14")
def test_the_profile_of_the_mese_says_what_the_guide_says():
    mese = load_profile(PROFILES / "mese.toml")

    assert mese.mail.sender_name == "MESE Adh"
    assert mese.contact.email == "fr-contact@mese.se.com"
    assert (mese.contact.phone, mese.contact.phone_internal) == ("04 76 60 56 36", "26 26")
    assert mese.contact.hours.on(4) == (Span(time(8, 30), time(18, 30)),)
    assert mese.contact.hours.on(5) == ()
    assert mese.contact.quiet_hours[1] == Span(time(11, 45), time(13, 45))
    assert mese.contact.english.hours.on(4)[-1] == Span(time(13, 30), time(16))
    assert (mese.password.min_length, mese.password.classes_required) == (12, 2)
    assert (mese.password.renewal_days, mese.password.renewal_notice_days) == (180, (15, 3))
    assert mese.password.link_validity_minutes == 120
    assert (mese.lock.tries, mese.lock.hours) == (5, 24)
    assert (mese.documents.max_file_mb, mese.documents.max_files) == (20, 20)


def test_the_second_profile_follows_the_cnil():
    example = load_profile(PROFILES / "exemple.toml")

    assert example.password.min_length == 15
    assert not example.password.lowercase_required
    assert example.password.classes_required == 0
    assert not example.password.renewal_is_on


def test_the_place_that_sets_renewal_says_what_the_cnil_and_the_anssi_advise():
    comment = MESE[: MESE.index("renewal_days = ")].splitlines()[-3:]
    assert "CNIL" in "".join(comment)
    assert "ANSSI" in "".join(comment)


def test_a_number_written_in_words_is_refused_by_file_line_and_key(refusal):
    message, line = refusal("min_length = 12", 'min_length = "douze"')
    assert message == (
        f'essai.toml, line {line}: password.min_length is "douze"; it should be a whole number from 8 to 128'
    )


@pytest.mark.parametrize(
    ("before", "after", "key", "should"),
    [
        ("min_length = 12", "min_length = 4", "password.min_length", "a whole number from 8 to 128"),
        ("max_length = 128", "max_length = 9", "password.max_length", "a whole number from 64 to 1024"),
        (
            "lowercase_required = true",
            'lowercase_required = "oui"',
            "password.lowercase_required",
            "true or false",
        ),
        ('accent = "#00693e"', 'accent = "vert"', "brand.accent", 'a colour such as "#00693e"'),
        (
            'tuesday = ["8:30-18:30"]',
            'tuesday = ["8h30"]',
            "contact.hours.tuesday[1]",
            'such as "8:30-18:30"',
        ),
        (
            'tuesday = ["8:30-18:30"]',
            'tuesday = ["18:30-8:30"]',
            "contact.hours.tuesday[1]",
            "end after they start",
        ),
        (
            "extra_closed = []",
            'extra_closed = ["demain"]',
            "contact.holidays.extra_closed[1]",
            "a date such as",
        ),
        ("departments = []", 'departments = ["38"]', "contact.holidays.departments", '"67"'),
        ("[15, 3]", '[15, "3"]', "password.renewal_notice_days[2]", "a whole number from 1 to 365"),
        ("[15, 3]", "[180]", "password.renewal_notice_days", "under renewal_days"),
        ('"300/hour"', '"souvent"', "limits.sign_in.per_address", 'a rate such as "30/minute"'),
        ('"image/webp"', '"image/gif"', "documents.types[5]", '"image/heic"'),
        ('fr = "Facture dentaire"', "fr = 3", "documents.kinds[4].fr", "a text, not empty"),
        ("warning_minutes = 2", "warning_minutes = 20", "session.warning_minutes", "under idle_minutes"),
        ('languages = ["fr", "en"]', 'languages = ["en"]', "languages", "French comes first"),
        ('"Members’ Area"', '""', "insurer.space_name", "a text, since languages"),
        ('# logo = "logo.svg"', 'logo = "absent.svg"', "brand.logo", "beside the profile"),
        ('dpo_email = "fr-contact@mese.se.com"', 'dpo_email = "ici"', "legal.dpo_email", "an e-mail address"),
        ("min_length = 12", "min_length = douze", '"min_length"', 'key = "value"'),
    ],
)
def test_what_is_wrong_is_named_with_what_it_should_be(refusal, before, after, key, should):
    message, line = refusal(before, after)
    assert message.startswith(f"essai.toml, line {line}: ")
    assert key in message
    assert should in message.partition("should be")[2]


def test_a_key_that_is_not_known_is_refused_with_the_nearest_one(refusal):
    message, line = refusal("renewal_days = 180", "renewal_day = 180")
    assert (
        f"line {line}: password.renewal_day is not a key of a profile; should it be password.renewal_days?"
        in message
    )


def test_a_missing_key_is_told_at_the_line_of_its_section(refusal):
    message, _line = refusal("hours = 24\n", "")
    section = MESE[: MESE.index("[lock]")].count("\n") + 1
    assert (
        message
        == f"essai.toml, line {section}: lock.hours is missing; it should be a whole number from 1 to 168"
    )


def test_a_missing_part_of_a_kind_is_told_at_the_line_of_that_kind(refusal):
    message, _line = refusal('en = "Quote"\n', "")
    kind = MESE[: MESE.index('code = "devis"')].count("\n")
    assert message.startswith(f"essai.toml, line {kind}: documents.kinds[7].en is missing")


def test_two_kinds_cannot_have_one_code(refusal):
    message, _line = refusal('code = "rib"', 'code = "autre"')
    assert 'a list of kinds with distinct codes: "autre" is there twice' in message


def test_a_kind_cannot_have_a_code_that_means_something_else(refusal):
    for code in ("inconnu", "piece_jointe"):
        message, _line = refusal('code = "devis"', f'code = "{code}"')
        assert f'a list of kinds without "{code}"' in message


def test_every_fault_is_told_at_once(refusal):
    message, _line = refusal("min_length = 12\nmax_length = 128", "min_length = 0\nmax_length = 0")
    assert len(message.splitlines()) == 2


@pytest.mark.parametrize(("colour", "allowed"), [("#00693e", True), ("#767676", False), ("#3fbf7f", False)])
def test_an_accent_that_cannot_be_read_on_paper_is_refused(refusal, tmp_path, colour, allowed):
    if allowed:
        assert contrast(colour, PAPER) > 4.5
        return
    message, line = refusal('accent = "#00693e"', f'accent = "{colour}"')
    assert f'line {line}: brand.accent is "{colour}"; it should be a darker colour' in message


def test_a_pale_ink_is_refused(refusal):
    message, _line = refusal('ink = "#16241d"', 'ink = "#8a8a8a"')
    assert "brand.ink" in message
    assert "4.5:1" in message


def test_a_file_that_is_not_there_or_not_utf_8_is_refused(tmp_path):
    with pytest.raises(WrongProfile, match=r"absent\.toml cannot be read"):
        load_profile(tmp_path / "absent.toml")
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'languages = ["fr"]\n# cl\xe9\n')
    with pytest.raises(WrongProfile, match=r"line 2: .* UTF-8"):
        load_profile(latin)


def test_words_follow_the_language_of_the_reader():
    mese = load_profile(PROFILES / "mese.toml")
    with translation.override("fr"):
        assert str(mese.insurer.space_name) == "Espace Adhérents"
        assert mese.documents.kind("devis").label == "Devis"
    with translation.override("en"):
        assert str(mese.insurer.space_name) == "Members’ Area"
        assert mese.documents.kind("devis").label == "Quote"
    with pytest.raises(KeyError):
        mese.documents.kind("inconnu")


def test_a_profile_can_refuse_and_correct_what_a_member_could_not_name(refusal):
    """Also what an agent has filed since: a reason that speaks of what was announced is none for it."""
    for use in ("refuse", "correct"):
        message, _line = refusal(
            'code = "illisible"\n', f'code = "illisible"\nannounced = true\nwhen = ["{use}"]\n'
        )
        assert "documents.reasons is" in message
    message, _line = refusal('kinds = ["inconnu"]', 'kinds = ["inconnue"]')
    assert '"a_preciser" is for "inconnue", which is none' in message


def test_nothing_in_a_profile_can_be_changed():
    mese = load_profile(PROFILES / "mese.toml")
    with pytest.raises(ValueError, match="frozen"):
        mese.lock.tries = 6
    assert isinstance(mese.contact.holidays.extra_closed, tuple)


KEYS = st.text("abcdefgh", min_size=1, max_size=4)
VALUES = st.one_of(
    st.integers().map(str),
    st.just('"""\n[a]\nb = 1\n"""'),
    st.just("[\n  1,\n  2, # [c]\n]"),
    st.dates().map(date.isoformat),
    st.just('{ d = "=", e = [1] }'),
)


@given(
    st.lists(st.tuples(KEYS, st.lists(st.tuples(KEYS, VALUES), unique_by=lambda pair: pair[0])), max_size=6)
)
def test_every_key_is_found_at_the_line_where_it_is_written(tables):
    lines, places = [], {}
    for index, (table, pairs) in enumerate(tables):
        lines += ["", "# a comment = [", f"[{table}{index}]  # [[x]]"]
        places[(f"{table}{index}",)] = len(lines)
        for key, value in pairs:
            places[(f"{table}{index}", key)] = len(lines) + 1
            lines += f"{key} = {value}".split("\n")

    line_numbers = line_of_each_key("\n".join(lines))

    assert {place: line_numbers[place] for place in places} == places
