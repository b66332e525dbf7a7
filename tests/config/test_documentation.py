"""The pages for auditors claim nothing that no test shows."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def every_test() -> set[str]:
    sources = (file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))
    return {name for source in sources for name in re.findall(r"^\s*def (test_\w+)\(", source, re.MULTILINE)}


@pytest.mark.parametrize("page", ["security.md", "accessibility.md", "asvs.md"])
def test_every_test_that_a_page_names_exists(page: str) -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / page).read_text()))
    assert len(named) > 5
    assert named - every_test() == set()


@pytest.mark.parametrize("page", ["security.md", "accessibility.md", "asvs.md"])
def test_every_file_that_a_page_leads_to_is_there(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / "docs" / page).read_text()):
        assert target.startswith("https://") or (ROOT / "docs" / target).exists(), target


VERDICTS = ("met", "deviation", "not applicable")
# How many requirements of levels 1 and 2 each chapter has here: web frontend, files, authentication, sessions,
# authorisation, tokens, communication, data, logs.
REQUIREMENTS = {"V3": 19, "V5": 9, "V6": 35, "V7": 18, "V8": 7, "V9": 7, "V12": 9, "V14": 9, "V16": 16}


def asvs_rows() -> list[list[str]]:
    lines = (ROOT / "docs" / "asvs.md").read_text().splitlines()
    rows = [re.split(r"\s*(?<!\\)\|\s*", line.strip("| ")) for line in lines]
    return [row for row in rows if re.fullmatch(r"V\d+\.\d+\.\d+", row[0])]


def test_each_requirement_of_the_asvs_has_one_verdict() -> None:
    rows = asvs_rows()
    numbers = [row[0] for row in rows]
    assert len(numbers) == len(set(numbers)) == sum(REQUIREMENTS.values())
    assert {
        chapter: sum(n.startswith(f"{chapter}.") for n in numbers) for chapter in REQUIREMENTS
    } == REQUIREMENTS
    assert {row[2] for row in rows} <= set(VERDICTS)


@pytest.mark.parametrize("row", asvs_rows(), ids=lambda row: row[0])
def test_a_requirement_that_is_met_names_what_shows_it_and_another_one_why_not(row: list[str]) -> None:
    """What is met names a test, or the part of the auditors' page that the requirement asks to be written."""
    _, asks, verdict, evidence = row
    assert len(asks) > 5
    headings = set(re.findall(r"^## (.+)$", (ROOT / "docs" / "security.md").read_text(), re.MULTILINE))
    parts = set(re.findall(r"« (.+?) »", evidence)) if "security.md" in evidence else set()
    assert parts <= headings
    if verdict == "met":
        assert parts or "`test_" in evidence
    else:
        assert len(evidence.split()) > 2


def test_the_readme_names_every_system_package_that_the_commands_install() -> None:
    script = (ROOT / "scripts" / "system-packages").read_text()
    calls = re.findall(r"(?:\|\| |\(|^    )(?:need|without_services) ([a-z0-9 -]+)", script, re.MULTILINE)
    packages = {package for call in calls for package in call.split()}
    assert len(packages) > 5
    readme = (ROOT / "README.md").read_text()
    assert {package for package in packages if f"`{package}`" not in readme} == set()
