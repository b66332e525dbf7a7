"""The short form of `python -m stress batch`: batches over HTTP to a portal that serves, whose bodies arrive as they are sent."""

import math
from pathlib import Path

import pytest
from stress.batch import brought


@pytest.mark.any_database
def test_batch_after_batch_makes_each_member_once_in_bounded_memory(tmp_path: Path) -> None:
    # The lines of such a file cost less than the start of a process differs from itself: what they cost is not judged here.
    proof = brought(tmp_path, lines=6_000, at_once=2_000, bar=math.inf)
    assert proof["wrong"] == []
    assert proof["lines"] == 6_000
