"""The short form of `python -m stress desk`: agents as parallel clients of two web processes, on a real PostgreSQL."""

import pytest
from stress.desk import treated

pytestmark = pytest.mark.postgresql


def test_parallel_agents_treat_each_document_once() -> None:
    facts = treated(agents=5, documents=30, sent=3, processes=2, leave=False)
    assert facts["wrong"] == []
    assert facts["sent_meanwhile"] == 3
