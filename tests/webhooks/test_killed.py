"""The long proof of the feed (`python -m stress feed`), in short: a few kills, an hour of a receiver that is down."""

from pathlib import Path

import pytest
from stress import feed

pytestmark = pytest.mark.any_database


def test_events_written_while_processes_are_killed_are_told_once_and_in_order(tmp_path: Path) -> None:
    figures = feed.killed(tmp_path / "portal", events=64, kills=4)
    assert figures["wrong"] == []
    assert figures["kills"] == 4


def test_addresses_that_lead_inside_are_refused() -> None:
    assert feed.refused_addresses()["wrong"] == []
