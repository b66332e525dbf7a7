"""`publiccode.yml` is what the catalogues of public software expect, and says what the repository says."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from adherents.insurer.profile import load_profile

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.any_database


@pytest.fixture(scope="module")
def said() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "publiccode.yml").read_text("utf-8"))
    return read


def test_it_has_every_key_that_the_standard_asks_for(said: dict[str, Any]) -> None:
    for path in (
        "publiccodeYmlVersion", "name", "url", "platforms", "categories", "developmentStatus", "softwareType", "description",
        "legal.license", "maintenance.type", "maintenance.contacts", "localisation.localisationReady",
        "localisation.availableLanguages",
    ):  # fmt: skip
        value: Any = said
        for key in path.split("."):
            value = value[key]
        assert value, path
    assert said["developmentStatus"] in {"concept", "development", "beta", "stable", "obsolete"}
    assert said["softwareType"] == "standalone/web"
    assert said["maintenance"]["type"] == "internal"
    assert all(contact["name"] for contact in said["maintenance"]["contacts"])
    assert said["url"].startswith("https://")
    assert set(said["description"]) == {"fr", "en"}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_its_descriptions_are_as_long_as_the_standard_allows(said: dict[str, Any], language: str) -> None:
    words = said["description"][language]
    assert 0 < len(words["shortDescription"]) <= 150
    assert 150 <= len(words["longDescription"]) <= 10_000
    assert words["features"]
    assert all((ROOT / picture).is_file() for picture in words.get("screenshots", []))


def test_it_says_what_the_package_and_the_profile_say(said: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert said["legal"]["license"] == project["license"]
    assert said["localisation"]["availableLanguages"] == list(
        load_profile(ROOT / "profiles" / "mese.toml").languages
    )
    python = next(dependency for dependency in said["dependsOn"]["open"] if dependency["name"] == "Python")
    assert project["requires-python"] == f">={python['versionMin']}"
