"""Sizes, dates and numbers as people write them, in French and in English."""

import datetime as dt

import pytest
import time_machine
from django.template import engines
from django.utils import translation
from django.utils.timezone import get_default_timezone

from adherents.ui.templatetags import ui

AT = dt.datetime(2026, 11, 23, 16, 52, tzinfo=get_default_timezone())


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("octets", "french", "english"),
    [
        (0, "0 o", "0 B"),
        (999, "999 o", "999 B"),
        (1_000, "1 ko", "1 kB"),
        (412_345, "412 ko", "412 kB"),
        (999_600, "1 Mo", "1 MB"),
        (5_912_345, "5,9 Mo", "5.9 MB"),
        (20_000_000, "20 Mo", "20 MB"),
        (1_234_000_000, "1,2 Go", "1.2 GB"),
    ],
)
def test_a_size_is_written_for_people(octets: int, french: str, english: str) -> None:
    assert plain(ui.size(octets)) == french
    with translation.override("en"):
        assert plain(ui.size(octets)) == english


def test_a_moment_is_written_for_people() -> None:
    assert plain(ui.moment(AT)) == "23/11/2026 à 16 h 52"
    assert plain(ui.moment(AT.astimezone(dt.UTC))) == "23/11/2026 à 16 h 52"
    assert plain(ui.clock(dt.time(9))) == "9 h"
    assert ui.day(None) == ui.moment(None) == ""
    with translation.override("en"):
        assert plain(ui.moment(AT)) == "23/11/2026 at 4:52 pm"
        assert plain(ui.clock(dt.time(0, 5))) == "12:05 am"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("1954-05-03", "03/05/1954"), ("1954-05-00", "05/1954"), ("1954-00-00", "1954"), ("", ""), (None, "")],
)
def test_a_date_kept_as_text_is_shown_without_what_nobody_knows(text: str | None, shown: str) -> None:
    assert ui.frdate(text) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("camille@example.org", "ca•••@example.org"),
        ("185057800608436", "1 85 05 •• ••• ••• ••"),
        ("1 85 05 2A 006 084", "1 85 05 •• ••• •••"),
        ("70100001", "••••••01"),
        ("12", "•••"),
        (None, "•••"),
    ],
)
def test_what_is_masked_can_be_recognised_and_not_used(value: str | None, shown: str) -> None:
    assert plain(ui.masked(value)) == shown


@time_machine.travel("2026-11-23T16:52:00+01:00", tick=False)
@pytest.mark.parametrize(
    ("before", "words"),
    [
        ({"seconds": 20}, "à l’instant"),
        ({"minutes": 12}, "il y a 12 min"),
        ({"hours": 3}, "il y a 3 h"),
        ({"days": 2, "hours": 4}, "il y a 2 j 4 h"),
        ({"days": 2}, "il y a 2 j"),
    ],
)
def test_the_desk_reads_how_long_ago(before: dict[str, int], words: str) -> None:
    assert plain(ui.ago(AT - dt.timedelta(**before))) == words


def test_an_icon_is_drawn_in_the_page_and_silent() -> None:
    drawn = engines["django"].from_string('{% icon "camera" %}').render()
    assert drawn.startswith("<svg")
    assert 'aria-hidden="true"' in drawn
    assert "style=" not in drawn


def test_a_phone_number_can_be_called() -> None:
    assert ui.telephone("04 76 60 56 36") == "0476605636"
    assert ui.telephone("+33 4 76 60") == "+3347660"
    assert plain(ui.spaced("70100001")) == "7010 0001"
