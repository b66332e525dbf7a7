"""One stylesheet, one script, one mark: found, whole, light, and kept up to date."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.template.loader import render_to_string
from django.test import Client, override_settings

from adherents.insurer.franceconnect import Button, FranceConnect
from adherents.ui import bundle
from adherents.ui.templatetags import ui as _tags  # noqa: F401  the room's tags load by themselves

TEMPLATES = Path(bundle.__file__).parent / "templates" / "ui"


@pytest.fixture
def own_folder(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_DIR = tmp_path
    settings.STATIC_ROOT = tmp_path / "static"
    return tmp_path


@pytest.mark.parametrize("name", bundle.MADE)
def test_each_file_is_found_and_written_again_only_when_it_changes(own_folder: Path, name: str) -> None:
    found = bundle.BundleFinder().find(name)
    path = Path(found)
    first = path.stat().st_mtime_ns
    assert finders.find(name)
    bundle.BundleFinder().find(name)
    assert path.stat().st_mtime_ns == first
    path.write_text("old")
    bundle.BundleFinder().find(name)
    assert path.read_text() == bundle.MADE[name]()
    assert not bundle.BundleFinder().find("ui/other.css")


def test_collectstatic_names_and_compresses_them(own_folder: Path) -> None:
    with override_settings(
        STORAGES={
            "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
            "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
        }
    ):
        call_command("collectstatic", interactive=False, verbosity=0)
    paths = json.loads((own_folder / "static" / "staticfiles.json").read_text())["paths"]
    for name in bundle.MADE:
        assert (own_folder / "static" / paths[name]).exists()
        assert (own_folder / "static" / f"{paths[name]}.br").exists()


def test_the_stylesheet_is_reboot_then_the_brand_then_our_own() -> None:
    sheet = bundle.stylesheet()
    assert "sourceMappingURL" not in sheet
    assert "@import" not in sheet
    assert "http://" not in sheet.replace("https://", "")
    assert sheet.index("Bootstrap Reboot") < sheet.index("--accent:#00693e") < sheet.index(".button")
    assert "prefers-color-scheme" in sheet


def test_what_puts_the_modules_of_the_sending_page_together_comes_after_them_all() -> None:
    text = bundle.sending_script()
    places = [match.start() for match in re.finditer(r"\bparts\.\w+=\(", text)]
    assert text.index("window.sending={}") < min(places)
    assert max(places) < text.index("function begin(")


def test_style_and_script_weigh_less_than_a_third_of_the_budget() -> None:
    weight = sum(len(gzip.compress(text.encode())) for text in (bundle.stylesheet(), bundle.script()))
    assert weight < 20_000


def test_the_desks_own_style_and_script_are_light_and_no_member_fetches_them(
    client: Client, db: None
) -> None:
    assert len(gzip.compress(bundle.desk_script().encode())) < 5_000
    assert "data-key" in bundle.desk_script()
    assert len(gzip.compress(bundle.desk_stylesheet().encode())) < 8_000
    assert ".queue" in bundle.desk_stylesheet()
    assert ".queue" not in bundle.stylesheet()
    assert "ui/desk." not in client.get("/adherent/").content.decode()
    assert "data-key" not in bundle.script()
    assert bundle.DESK in (TEMPLATES / "agent.html").read_text()
    assert bundle.DESK not in (TEMPLATES / "base.html").read_text()


def test_another_brand_changes_the_stylesheet_and_the_mark(settings: Any) -> None:
    ours = settings.ADHERENTS_PROFILE
    brand = ours.brand.model_copy(update={"accent": "#1d4ed8"})
    settings.ADHERENTS_PROFILE = ours.model_copy(update={"brand": brand})
    assert "--accent:#1d4ed8" in bundle.stylesheet()
    assert "#1d4ed8" in bundle.mark()


def test_a_profile_with_a_logo_shows_it_instead_of_the_initial(settings: Any, own_folder: Path) -> None:
    drawing = own_folder / "own.svg"
    drawing.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    ours = settings.ADHERENTS_PROFILE
    assert bundle.picture("logo") == ""
    brand = ours.brand.model_copy(update={"logo": drawing})
    settings.ADHERENTS_PROFILE = ours.model_copy(update={"brand": brand})
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    assert Path(bundle.BundleFinder().find("ui/logo.svg")).read_text() == drawing.read_text()
    assert 'src="/static/ui/logo.svg"' in render_to_string("ui/elements/mark.html", {"profile": ours})


def test_the_button_of_franceconnect_is_its_own_drawing_or_its_words(settings: Any, own_folder: Path) -> None:
    ours = settings.ADHERENTS_PROFILE
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }

    def button(**drawings: Path) -> str:
        known = FranceConnect.model_construct(
            issuer="https://fc.example",
            client_id="x",
            button=Button.model_construct(**drawings) if drawings else None,
        )
        settings.ADHERENTS_PROFILE = ours.model_copy(update={"franceconnect": known})
        return render_to_string("ui/elements/franceconnect.html", {"profile": settings.ADHERENTS_PROFILE})

    written = button()
    assert "<img" not in written
    assert "S’identifier avec" in written
    assert "franceconnect-button" in written
    for name in ("light.svg", "dark.png"):
        (own_folder / name).write_bytes(name.encode())
    drawn = button(light=own_folder / "light.svg", dark=own_folder / "dark.png")
    assert 'src="/static/ui/franceconnect-light.svg" alt=""' in drawn
    assert ">S’identifier avec FranceConnect</span>" in drawn
    assert 'srcset="/static/ui/franceconnect-dark.png"' in drawn
    assert "franceconnect-button" not in drawn
    assert "Qu’est-ce que FranceConnect" in drawn
    for served, given in {
        "light.svg": "light.svg", "light-hover.svg": "light.svg", "dark.png": "dark.png", "dark-hover.png": "dark.png",
    }.items():  # fmt: skip
        assert Path(bundle.BundleFinder().find(f"ui/franceconnect-{served}")).read_text() == given


def test_no_room_writes_words_in_the_accent_or_lays_words_on_it() -> None:
    """`--accent-text` and `--accent-fill` read at 7:1; the mark is a drawing."""
    sheet = re.sub(r"\.mark\{[^}]*\}", "", bundle.stylesheet())
    assert not re.search(r"(?<![-\w])color:var\(--accent\)", sheet)
    assert not [
        rule
        for rule in sheet.split("}")
        if "background:var(--accent);" in rule and "color:var(--on-accent)" in rule
    ]
