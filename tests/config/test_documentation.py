"""The pages for auditors claim nothing that no test shows."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def every_test() -> set[str]:
    sources = (file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))
    return {name for source in sources for name in re.findall(r"^\s*def (test_\w+)\(", source, re.MULTILINE)}


@pytest.mark.parametrize("page", ["security.md", "accessibility.md"])
def test_every_test_that_a_page_names_exists(page: str) -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / page).read_text()))
    assert len(named) > 5
    assert named - every_test() == set()


@pytest.mark.parametrize("page", ["security.md", "accessibility.md"])
def test_every_file_that_a_page_leads_to_is_there(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / "docs" / page).read_text()):
        assert target.startswith("https://") or (ROOT / "docs" / target).exists(), target
