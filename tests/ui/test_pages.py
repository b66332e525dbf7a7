"""The pages and the elements: whole without the other rooms, and honest with those who come in trouble."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client, override_settings
from django.utils import translation

from adherents.ui import bundle
from adherents.ui.criteria import password_criteria
from adherents.ui.views import ERRORS

SOURCES = Path(bundle.__file__).parents[1]
MEMBERS_ROOMS = {"accounts", "drafts", "enrolment", "portal", "reading", "vault"}
NAMES = re.compile(r'class="([^"]*)"')
MADE_UP = re.compile(r"[\w-]*\{\{.*?\}\}[\w-]*")
TAGS = re.compile(r"\{%.*?%\}")


@pytest.fixture(autouse=True)
def _alone(settings: Any) -> None:
    """No other room: its addresses, its sessions."""
    settings.ROOT_URLCONF = "tests.ui.urls"
    settings.MIDDLEWARE = ["django.middleware.locale.LocaleMiddleware"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.mark.parametrize("shell", ["", "member/", "agent/"])
def test_every_element_is_drawn_without_a_missing_variable(shell: str, settings: Any) -> None:
    backend, *others = settings.TEMPLATES
    options = {**backend["OPTIONS"], "string_if_invalid": "⟦%s⟧"}
    with override_settings(TEMPLATES=[{**backend, "OPTIONS": options}, *others]):
        page = Client().get(f"/galerie/{shell}").content.decode()
    assert re.findall(r"⟦.*?⟧", page) == []
    assert 'lang="fr"' in page
    assert "style=" not in page
    # The desk has a stylesheet and a script of its own beside everybody's.
    assert page.count('rel="stylesheet"') == page.count("<script") == (2 if shell == "agent/" else 1)


@pytest.mark.parametrize("code", ERRORS)
@pytest.mark.rule("G14")
def test_a_page_for_somebody_in_trouble_gives_the_phone_number_and_the_hours(code: str) -> None:
    page = Client().get(f"/galerie/{code}/").content.decode()
    assert "04 76 60 56 36" in page
    assert (
        "de 8\u00a0h\u00a030" if code == "offline" else "hours"
    ) in page  # a page that is stored says no « now »
    assert page.count("<h1") == 1


@pytest.mark.parametrize("code", ["500", "503"])
def test_the_page_of_an_outage_needs_nothing(code: str) -> None:
    assert "04 76 60 56 36" in render_to_string(f"ui/errors/{code}.html")


@pytest.mark.rule("G15")
def test_an_outdated_browser_reads_what_to_do() -> None:
    page = Client().get("/galerie/").content.decode()
    assert "Votre navigateur est trop ancien" in page
    assert "@supports" in bundle.stylesheet()


@pytest.mark.rule("G2")
def test_the_rules_of_a_password_come_from_the_profile() -> None:
    rules = {criterion.rule: criterion.value for criterion in password_criteria()}
    assert rules == {"length": 12, "lowercase": 1, "classes": 2, "": 0}
    assert password_criteria()[0].text == "faire 12 caractères au minimum"


def test_every_class_that_a_page_names_is_in_its_stylesheet() -> None:
    """What members see does without the desk's. The demonstration's mails are a site with a stylesheet of its own."""
    everybodys, demo = bundle.stylesheet(), (SOURCES / "demo" / "static" / "demo" / "mailbox.css").read_text()
    desks = everybodys + bundle.desk_stylesheet()
    missing = set()
    for template in SOURCES.glob("*/templates/**/*.html"):
        if template.parts[-3] == "mails" or template.parent.name == "mail":
            continue
        room, place = template.parts[len(SOURCES.parts)], str(template.parent)
        sheet = everybodys if room in MEMBERS_ROOMS or place.endswith("messaging/member") else desks
        sheet = demo if room == "demo" else sheet
        for names in NAMES.findall(TAGS.sub(" ", MADE_UP.sub(" ", template.read_text()))):
            for name in names.split():
                if not re.search(rf"\.{re.escape(name)}(?![\w-])", sheet):
                    missing.add(f"{template.relative_to(SOURCES)}: {name}")
    assert missing == set()


def test_a_mail_names_the_insurer_and_how_to_reach_it_in_both_languages() -> None:
    french = render_to_string("mail/base.html")
    assert "MESE" in french
    assert "fr-contact@mese.se.com" in french
    with translation.override("en"):
        english = render_to_string("mail/base.html")
    assert "We will never ask" in english
    assert 'lang="en"' in english
