"""Each setting of the code is named where an installation writes its own: for systemd, for containers and for the chart."""

import re

import pytest
import yaml
from scripts.release import deploy_files

from tests.config.installation import once
from tests.deploy.units import ROOT

pytestmark = once
DEPLOY = ROOT / "deploy"
SETTINGS = {
    f"ADHERENTS_{name}"
    for module in (ROOT / "src" / "adherents" / "config").rglob("*.py")
    for name in re.findall(r'\b(?:text|_number)\("([A-Z_]+)"', module.read_text())
}
# The file that is copied, and the one that sets what an installation cannot choose.
WRITTEN = {
    "systemd": ["systemd/espace-adherents.env.example"],
    "container": ["container/espace.env.example", "container/compose.yml"],
    "chart": ["chart/examples/settings.yaml", "chart/templates/_helpers.tpl"],
}


def named(*files: str) -> set[str]:
    """The settings that these files set, or would set if a line was not a comment."""
    texts = [(DEPLOY / file).read_text() for file in files]
    return {
        name
        for text in texts
        for name in re.findall(r"^[ #-]*(?:name: )?(ADHERENTS_[A-Z_]+)(?:[=:]|$)", text, re.MULTILINE)
    }


def test_the_documentation_has_each_setting_in_its_table() -> None:
    assert len(SETTINGS) >= 25
    guide = (ROOT / "docs" / "operating.md").read_text()
    assert SETTINGS - set(re.findall(r"^\| `(ADHERENTS_[A-Z_]+)` \|", guide, re.MULTILINE)) == set()


@pytest.mark.parametrize("way", WRITTEN)
def test_each_way_to_install_names_each_setting_and_no_other(way: str) -> None:
    image = re.findall(r"^ENV (ADHERENTS_\w+)=", (DEPLOY / "container" / "Containerfile").read_text(), re.M)
    assert named(*WRITTEN[way]) | set(image if way == "container" else []) == SETTINGS


def test_what_the_containers_example_names_reaches_the_portal() -> None:
    """A line of espace.env is nothing by itself: compose.yml hands it on."""
    compose = yaml.safe_load((DEPLOY / "container" / "compose.yml").read_text())
    given = compose["services"]["web"]["environment"]
    for name in named("container/espace.env.example") - {"ADHERENTS_PROFILE"}:
        assert f"${{{name}:" in given[name] or f"${{{name}}}" in given[name], name


def test_the_charts_example_makes_the_secret_that_the_chart_reads() -> None:
    secret = yaml.safe_load((DEPLOY / "chart" / "examples" / "settings.yaml").read_text())
    values = yaml.safe_load((DEPLOY / "chart" / "values.yaml").read_text())
    assert secret["metadata"]["name"] == values["settingsSecret"]
    assert set(secret["stringData"]) <= SETTINGS


def test_a_release_holds_every_file_of_deploy() -> None:
    shipped = {name for _, name in deploy_files(ROOT)}
    for folder in ("chart", "container", "monitoring", "proxy", "systemd"):
        here = {str(file.relative_to(ROOT)) for file in (DEPLOY / folder).rglob("*") if file.is_file()}
        assert here
        assert here <= shipped
    assert {"deploy/monitoring/alerts.yml", "deploy/monitoring/grafana-dashboard.json"} <= shipped
