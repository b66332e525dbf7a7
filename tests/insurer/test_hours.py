"""When the service answers (G14)."""

from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.test import override_settings
from django.utils import translation
from holidays import country_holidays
from hypothesis import given
from hypothesis import strategies as st

from adherents.insurer.hours import (
    add_working_days,
    english_opening,
    is_working_day,
    opening,
    opening_hours,
    quiet_hours,
)
from adherents.insurer.profile import load_profile

PROFILES = Path(__file__).parents[2] / "profiles"
MESE = load_profile(PROFILES / "mese.toml")
EXAMPLE = load_profile(PROFILES / "exemple.toml")
PARIS = ZoneInfo("Europe/Paris")
MOMENTS = st.datetimes(
    min_value=datetime(2024, 1, 1),
    max_value=datetime(2031, 12, 31),
    timezones=st.just(PARIS),
    allow_imaginary=False,
)
DAYS = st.dates(date(2024, 1, 1), date(2031, 12, 31))
FRANCE = country_holidays("FR", years=range(2023, 2033))


@contextmanager
def run_by(profile):
    with override_settings(ADHERENTS_PROFILE=profile):
        yield


@pytest.fixture(autouse=True)
def _mese(settings):
    settings.ADHERENTS_PROFILE = MESE


def at(text: str) -> datetime:
    """An hour in Paris: « 2026-11-23 10:00 »."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def plain(text: object) -> str:
    return str(text).replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.rule("G14")
@pytest.mark.parametrize(
    ("moment", "french", "english"),
    [
        (
            "2026-11-23 10:00",
            "Ouvert aujourd’hui jusqu’à 18 h 30. Peu d’attente de 11 h 45 à 13 h 45.",
            "Open today until 6:30 pm. Short waits from 11:45 am to 1:45 pm.",
        ),
        (
            "2026-11-23 12:00",
            "Ouvert aujourd’hui jusqu’à 18 h 30. Peu d’attente jusqu’à 13 h 45.",
            "Open today until 6:30 pm. Short waits until 1:45 pm.",
        ),
        (
            "2026-11-23 07:59",
            "Fermé pour l’instant. Ouvre aujourd’hui à 8 h 30. Peu d’attente de 9 h à 9 h 30.",
            "Closed at the moment. Opens today at 8:30 am. Short waits from 9 am to 9:30 am.",
        ),
        (
            "2026-11-23 18:30",
            "Fermé pour l’instant. Ouvre demain, mardi, à 8 h 30.",
            "Closed at the moment. Opens tomorrow, Tuesday, at 8:30 am.",
        ),
        (
            "2026-11-27 20:00",
            "Fermé pour l’instant. Ouvre lundi à 8 h 30.",
            "Closed at the moment. Opens on Monday at 8:30 am.",
        ),
        (
            "2026-07-14 10:00",
            "Fermé aujourd’hui, jour férié. Ouvre demain, mercredi, à 8 h 30.",
            "Closed today, a French public holiday. Opens tomorrow, Wednesday, at 8:30 am.",
        ),
    ],
)
def test_the_hours_are_told_in_a_sentence(moment, french, english):
    assert plain(opening(at(moment), "fr")) == french
    assert plain(opening(at(moment), "en")) == english


def test_a_service_that_closes_at_noon_says_when_it_opens_again():
    with run_by(EXAMPLE):
        assert plain(opening(at("2026-11-23 10:00"), "fr").state) == (
            "Ouvert aujourd’hui jusqu’à 12 h 30, puis de 13 h 30 à 17 h 30."
        )
        assert plain(opening(at("2026-11-23 12:45"), "fr").state) == (
            "Fermé pour l’instant. Ouvre aujourd’hui à 13 h 30."
        )


def test_the_insurers_own_closing_days_are_known():
    with run_by(EXAMPLE):
        assert plain(opening(at("2026-12-24 10:00"), "fr").state) == (
            "Fermé pour l’instant. Ouvre lundi à 9 h."
        )


@pytest.mark.rule("G14")
def test_the_english_line_has_its_own_hours():
    assert english_opening(at("2026-11-23 10:00")).open_now
    assert not english_opening(at("2026-11-23 12:30")).open_now
    assert english_opening(at("2026-11-26 16:30")).open_now
    assert not english_opening(at("2026-11-27 16:30")).open_now
    with run_by(EXAMPLE):
        assert english_opening(at("2026-11-23 10:00")) is None


@pytest.mark.rule("G14")
def test_the_week_is_told_with_like_days_together():
    with translation.override("fr"):
        assert [(line.days, plain(line.hours)) for line in opening_hours()] == [
            ("Du lundi au vendredi", "de 8 h 30 à 18 h 30")
        ]
        assert plain(quiet_hours()) == "de 9 h à 9 h 30, de 11 h 45 à 13 h 45 et de 16 h à 18 h 30"
    with translation.override("en"):
        assert [(line.days, plain(line.hours)) for line in opening_hours(MESE.contact.english.hours)] == [
            ("Monday to Thursday", "from 9 am to noon and from 1:30 pm to 5 pm"),
            ("Friday", "from 9 am to noon and from 1:30 pm to 4 pm"),
        ]


@pytest.mark.rule("G14")
@given(MOMENTS)
def test_never_open_on_a_holiday_or_a_weekend(moment):
    with run_by(MESE):
        hours = opening(moment, "fr")
    if moment.date() in FRANCE or moment.weekday() >= 5:
        assert not hours.open_now
        assert not hours.advice


@given(MOMENTS)
def test_open_until_an_hour_to_come_and_closed_until_an_hour_when_it_is_open(moment):
    for profile in (MESE, EXAMPLE):
        with run_by(profile):
            hours = opening(moment, "fr")
            assert hours.next_opening > hours.now
            assert opening(hours.next_opening, "fr").open_now
            assert not opening(hours.next_opening - timedelta(minutes=1), "fr").open_now
            if hours.open_now:
                assert hours.until > hours.now
                assert not opening(hours.until, "fr").open_now
                assert hours.state.startswith("Ouvert")
            else:
                assert hours.state.startswith("Fermé")


@given(MOMENTS)
def test_quiet_hours_are_hours_when_somebody_answers(moment):
    with run_by(MESE):
        if opening(moment, "fr").quiet_now:
            assert opening(moment, "fr").open_now


@given(DAYS, st.integers(0, 40))
def test_working_days_leave_out_weekends_and_holidays(day, count):
    with run_by(MESE):
        end = add_working_days(day, count)
        passed = [day + timedelta(days=days) for days in range(1, (end - day).days + 1)]
        counted = sum(is_working_day(each) for each in passed)
        assert is_working_day(end)
        assert end not in FRANCE
        assert counted == count if is_working_day(day) else counted == count + 1


def test_a_department_may_have_holidays_of_its_own():
    good_friday = date(2026, 4, 3)
    assert is_working_day(good_friday)
    with run_by(EXAMPLE):
        assert not is_working_day(good_friday)
