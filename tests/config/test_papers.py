"""The papers for the insurer's data protection officer say what the code does, and where."""

import re
from pathlib import Path

import pytest

from tests.config.test_documentation import every_test

ROOT = Path(__file__).resolve().parents[2]
PAPERS = ROOT / "docs" / "rgpd"
WRITTEN = ["registre", "aipd", "hds"]
PAGES_OF_OURS = {"/sante/", "/pret/", "/metrics"}


@pytest.mark.parametrize("name", WRITTEN)
def test_each_place_that_a_paper_names_is_there(name: str) -> None:
    text = (PAPERS / f"{name}.md").read_text()
    places = {place for place in re.findall(r"`([\w.]+/[\w./-]*)`", text) if place not in PAGES_OF_OURS}
    assert len(places) > 3
    for place in places:
        assert (ROOT / "src" / "adherents" / place).exists() or (ROOT / place).exists(), place
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (PAPERS / link).exists(), link
    for numbers in re.findall(r"[Dd]écisions? ((?:\d+(?:, | et )?)+)", text):
        for number in re.findall(r"\d+", numbers):
            assert [*(ROOT / "docs" / "decisions").glob(f"{int(number):04}-*.md")], number


@pytest.mark.parametrize("name", WRITTEN)
def test_each_test_that_a_paper_names_exists_and_each_part_of_another_page_too(name: str) -> None:
    text = (PAPERS / f"{name}.md").read_text()
    assert set(re.findall(r"`(test_\w+)`", text)) <= every_test()
    for page, heading in re.findall(r"`(docs/\w+\.md)`,? «\u00a0(.+?)\u00a0»", text):
        headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(), re.MULTILINE)
        assert heading in headings, f"{page}: {heading}"


@pytest.mark.parametrize("name", WRITTEN)
def test_what_a_person_decides_is_marked(name: str) -> None:
    assert (PAPERS / f"{name}.md").read_text().lower().count("à vérifier par le dpo") > 3


@pytest.mark.parametrize("name", [*WRITTEN, "conservation"])
def test_french_marks_have_their_non_breaking_space(name: str) -> None:
    text = re.sub(r"`[^`]*`|\]\([^)]*\)", "", (PAPERS / f"{name}.md").read_text())
    wrong = re.findall(r".{12} [:;!?»].{0,5}|.{5}« .{0,12}|.{8}\w'\w.{5}", text)
    assert wrong == []


def test_the_register_has_every_heading_of_article_30_for_each_processing() -> None:
    register = (PAPERS / "registre.md").read_text()
    common, *cards = re.split(r"^## ", register, flags=re.MULTILINE)[1:]
    for heading in (
        "Responsable du traitement", "Délégué à la protection des données", "Sous-traitants", "Transferts", "Mesures de sécurité",
    ):  # fmt: skip
        assert f"| {heading}" in common
    assert len(cards) == 9
    for card in cards:
        for heading in ("Finalité", "Données", "Destinataires"):
            assert f"| {heading} |" in card, card.splitlines()[0]


def test_the_impact_assessment_has_the_parts_of_the_method() -> None:
    headings = re.findall(r"^#+ ([\d.]+) (.+)$", (PAPERS / "aipd.md").read_text(), re.MULTILINE)
    wanted = [
        "Contexte",
        "Principes fondamentaux",
        "Risques",
        "Accès illégitime",
        "Modification non désirée",
        "Disparition",
        "Validation",
    ]
    assert [title for _, title in headings if title in wanted] == wanted
