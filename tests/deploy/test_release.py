"""What a release holds, and that its bytes depend on the commit alone."""

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import time_machine
from scripts.compile_messages import compiled
from scripts.release import CannotRelease, checksums, git, make, packed, sign, version, wheel

from tests.config.installation import environment, once

pytestmark = once

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    return wheel(tmp_path_factory.mktemp("wheel"), at=1_800_000_000)


def test_the_wheel_holds_all_that_an_installation_needs_and_no_demonstration(made: Path) -> None:
    assert made.name == "espace_adherents-0.2.0-py3-none-any.whl"
    with zipfile.ZipFile(made) as archive:
        names = set(archive.namelist())
        tus = archive.read("adherents/vault/static/vault/tus.min.js")
        letters = archive.read("adherents/reading/assets/fra.traineddata")
        licence = archive.read("adherents/reading/assets/fra.LICENSE.txt")
    assert b"tus-js-client" in tus
    assert len(letters) > 1_000_000
    assert b"Apache License 2.0" in licence
    for folder in ("templates", "locale", "assets", "migrations"):
        here = [
            name
            for name in git("ls-files", "src").split("\n")
            if f"/{folder}/" in name and "/demo/" not in name
        ]
        assert here
        assert {name.removeprefix("src/") for name in here} - names == set(), folder
    assert {name.removesuffix("po") + "mo" for name in names if name.endswith(".po")} <= names
    assert {f"adherents/insurer/profiles/{name}.toml" for name in ("mese", "exemple")} <= names
    assert not {name for name in names if name.startswith(("adherents/demo/", "tests/", "scripts/"))}


def test_what_was_installed_from_it_needs_no_checkout(made: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(made) as archive:
        archive.extractall(tmp_path / "here")
    code = "from adherents.config import settings; print(settings.__file__, settings.DATA_DIR)"
    without = {name: value for name, value in environment(tmp_path).items() if name != "ADHERENTS_DATA_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=without | {"PYTHONPATH": str(tmp_path / "here")},
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith(str(tmp_path / "here")), done.stderr
    assert done.stdout.split()[-1] == str(Path(sys.prefix) / "var")


def test_an_archive_depends_on_names_and_contents_alone(tmp_path: Path) -> None:
    sums = set()
    for day, order in (("2030-01-01", 1), ("2031-05-05", -1)):
        folder = tmp_path / day
        folder.mkdir()
        for name in ("b", "a")[::order]:
            (folder / name).write_text(name)
        with time_machine.travel(day):
            files = [(folder / name, name) for name in ("a", "b")[::order]]
            packed(tmp_path / "one.tar.gz", "inside", files, at=1_800_000_000)
        sums.add(hashlib.sha256((tmp_path / "one.tar.gz").read_bytes()).hexdigest())
    assert len(sums) == 1
    with tarfile.open(tmp_path / "one.tar.gz") as tar:
        assert tar.getnames() == ["inside/a", "inside/b"]
        assert {(entry.mtime, entry.uid, entry.uname) for entry in tar} == {(1_800_000_000, 0, "")}


def test_translations_are_the_same_bytes_on_any_day() -> None:
    source = (ROOT / "src/adherents/mail/locale/en/LC_MESSAGES/django.po").read_bytes()
    with time_machine.travel("2030-01-01"):
        first = compiled(source, "en")
    with time_machine.travel("2031-05-05"):
        assert compiled(source, "en") == first


def test_a_signature_is_verified_by_the_commands_of_the_documentation(tmp_path: Path) -> None:
    key, sums = tmp_path / "key", tmp_path / "SHA256SUMS"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    (tmp_path / "thing").write_text("thing")
    sums.write_text(checksums(tmp_path))
    sign(sums, str(key))
    (tmp_path / "allowed_signers").write_text(f"release {key.with_suffix('.pub').read_text()}")
    guide = (ROOT / "docs" / "operating.md").read_text()
    for name in ("ssh-keygen -Y verify", "sha256sum --check"):
        [line] = [line for line in guide.splitlines() if line.startswith(name)]
        subprocess.run(line, shell=True, cwd=tmp_path, check=True, capture_output=True)
    sums.write_text(sums.read_text().replace("thing", "other"))
    [verify] = [line for line in guide.splitlines() if line.startswith("ssh-keygen -Y verify")]
    assert subprocess.run(verify, shell=True, cwd=tmp_path, capture_output=True).returncode != 0


def test_without_a_key_or_with_none_in_the_file_a_release_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(CannotRelease, match="RELEASE_KEY: there is no file"):
        make(tmp_path / "dist", key=str(tmp_path / "nothing"), even_uncommitted=True)
    (tmp_path / "key").write_text("not a key")
    (tmp_path / "SHA256SUMS").write_text("")
    with pytest.raises(CannotRelease, match="ssh-keygen does not sign"):
        sign(tmp_path / "SHA256SUMS", str(tmp_path / "key"))
    refused = subprocess.run(
        ["make", "release", "--old-file=setup"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin"},
    )
    assert refused.returncode != 0
    assert "Set RELEASE_KEY" in refused.stderr


def test_the_version_is_said_alike_everywhere() -> None:
    assert f"\n## {version()}" in (ROOT / "CHANGELOG.md").read_text()
    assert f"-{version()}-py3-none-any.whl" in (ROOT / "docs" / "operating.md").read_text()
    assert f'softwareVersion: "{version()}"' in (ROOT / "publiccode.yml").read_text()
