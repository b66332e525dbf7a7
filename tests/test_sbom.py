"""`make sbom`: everything that an installation runs is in it, and nothing of this machine."""

import json
from pathlib import Path

from scripts.sbom import bill_of_materials, locked, normalised

ROOT = Path(__file__).parents[1]


def test_the_bill_names_what_is_locked_with_its_licence_and_no_tool_of_the_tests() -> None:
    """What is not valid by CycloneDX's own schema is not written."""
    written = bill_of_materials()
    bill = json.loads(written)
    named = {normalised(component["name"]) for component in bill["components"]}
    lines = (ROOT / "requirements" / "base.txt").read_text().splitlines()
    everywhere = locked("\n".join(line for line in lines if " ; " not in line))
    assert everywhere <= named
    assert {"tus-js-client", "@tesseract-js-data/fra", "django", "gunicorn"} <= named
    assert not {"pytest", "playwright", "mypy", "espace-adherents"} & named
    assert not {name for name in named if "biome" in name}
    without = {component["name"] for component in bill["components"] if not component.get("licenses")}
    assert without <= {"combine-errors", "protobuf", "pypdfium2", "tink"}, "their packages do not say it"
    assert str(ROOT) not in written
    assert "file:" not in written
    root = next(component for component in bill["dependencies"] if component["ref"] == "root-component")
    assert any(ref.startswith("pkg:npm/tus-js-client@") for ref in root["dependsOn"])
