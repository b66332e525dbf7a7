"""Write the software bill of materials (CycloneDX 1.6, JSON): what an installation runs, without the tools of tests and checks.

Python's packages are those of `requirements/base.txt`, as they are installed here: their licences, and what each one needs.
What the pages take from npm is read from `package-lock.json`. The same checkout gives the same bytes.
"""

import base64
import json
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).resolve().parents[1]
Component = dict[str, Any]


def normalised(name: str) -> str:
    """A package's name as PyPI compares them."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed() -> dict[str, Any]:
    """Everything that is installed here, by CycloneDX's own tool; the whole bill is validated at the end."""
    command = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "environment", sys.executable]
    options = [
        "--pyproject",
        "pyproject.toml",
        "--mc-type",
        "application",
        "--output-reproducible",
        "--no-validate",
    ]
    said = subprocess.run([*command, *options], cwd=ROOT, check=True, capture_output=True)
    bill: dict[str, Any] = json.loads(said.stdout)
    return bill


def locked(requirements: str) -> set[str]:
    """The names in a locked requirements file."""
    return {normalised(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", requirements, re.MULTILINE)}


def in_service(lock: dict[str, Any]) -> dict[str, Any]:
    """What `package-lock.json` names and an installation takes, by path; "" is the portal itself."""
    return {path: package for path, package in lock["packages"].items() if not package.get("dev")}


def from_npm(lock: dict[str, Any]) -> list[Component]:
    """What the pages take from npm, with the SHA-512 that npm checks."""
    found = []
    for path, package in sorted(in_service(lock).items()):
        if not path:
            continue
        name, version = path.rpartition("node_modules/")[2], package["version"]
        purl = f"pkg:npm/{name.replace('@', '%40')}@{version}"
        component: Component = {
            "bom-ref": purl,
            "name": name,
            "purl": purl,
            "type": "library",
            "version": version,
        }
        kind, _, digest = package.get("integrity", "").partition("-")
        if kind == "sha512":
            component["hashes"] = [{"alg": "SHA-512", "content": base64.b64decode(digest).hex()}]
        if "license" in package:
            component["licenses"] = [{"license": {"id": package["license"]}}]
        found.append(component)
    return found


def npm_needs(lock: dict[str, Any], components: list[Component]) -> dict[str, list[str]]:
    """What each package needs, by reference. "" is the portal itself."""
    refs = {component["name"]: component["bom-ref"] for component in components}
    return {
        refs.get(path.rpartition("node_modules/")[2], ""): sorted(
            refs[name] for name in package.get("dependencies", {}) if name in refs
        )
        for path, package in in_service(lock).items()
    }


def bill_of_materials() -> str:
    """The bill, valid by CycloneDX's schema. Raises `ValueError` where it is not."""
    bill = installed()
    names = locked((ROOT / "requirements" / "base.txt").read_text())
    lock = json.loads((ROOT / "package-lock.json").read_text())
    root = bill["metadata"]["component"]["bom-ref"]
    kept = [component for component in bill["components"] if normalised(component["name"]) in names]
    npm = from_npm(lock)
    refs = {component["bom-ref"] for component in [*kept, *npm]}
    needs = {one["ref"]: one.get("dependsOn", []) for one in bill["dependencies"]}
    direct = locked_directly()
    needs[root] = [component["bom-ref"] for component in kept if normalised(component["name"]) in direct]
    for ref, theirs in npm_needs(lock, npm).items():
        needs[ref or root] = [*needs.get(ref or root, []), *theirs]
    bill["components"] = sorted([*kept, *npm], key=lambda component: str(component["bom-ref"]))
    bill["dependencies"] = [
        {"ref": ref, "dependsOn": sorted(set(theirs) & refs)}
        for ref, theirs in sorted(needs.items())
        if ref in refs | {root}
    ]
    text = json.dumps(bill, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong is not None:
        raise ValueError(str(wrong))
    return text


def locked_directly() -> set[str]:
    """What the portal itself asks for."""
    asked = (ROOT / "requirements" / "base.in").read_text()
    return {normalised(name) for name in re.findall(r"^([A-Za-z0-9._-]+)", asked, re.MULTILINE)}


def main() -> None:
    warnings.simplefilter("ignore")  # the validator's own library warns of what it will drop one day
    written = ROOT / "build" / "espace-adherents.cdx.json"
    written.parent.mkdir(exist_ok=True)
    written.write_text(bill_of_materials())
    sys.stdout.write(f"{written.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
