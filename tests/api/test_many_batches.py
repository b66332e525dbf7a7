"""The short form of `python -m stress batch`: batches over HTTP to a portal that serves, whose bodies arrive as they are sent."""

from pathlib import Path

import pytest
from stress.batch import brought


@pytest.mark.any_database
def test_batch_after_batch_makes_each_member_once_in_bounded_memory(tmp_path: Path) -> None:
    proof = brought(tmp_path, lines=6_000, at_once=2_000, bar=20)  # a few lines cost what a call costs
    assert proof["wrong"] == []
    assert proof["lines"] == 6_000
