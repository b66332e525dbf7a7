"""The long proof of the exchange folder (`python -m stress folder`), in short: killed at every twelfth step."""

from pathlib import Path

import pytest
from stress import folder

pytestmark = pytest.mark.any_database


def test_a_command_that_is_killed_anywhere_repeats_nothing_and_loses_nothing(
    tmp_path: Path, empty_database: Path
) -> None:
    figures = folder.killed(tmp_path, every=12, empty=empty_database)
    assert figures["wrong"] == []
    assert figures["kills"] > 15
