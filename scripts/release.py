"""Build a release in `dist`: sdist, wheel, requirements, files for deploying, Helm chart, bill of materials, SHA256SUMS.

Everything is made twice, and the bytes must be the same: a release depends on its commit, and not on the day or the machine. What
an installation would need npm or gettext for (the pages' libraries, an engine's letters, the translations) is in the wheel.

`python -m scripts.release [--sign KEY] [--even-uncommitted] [DIR]`; `make release` calls it, then installs and serves what was
made (`scripts/wheel_serves.py`).
"""

import argparse
import gzip
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path

from scripts.frozen_migrations import not_frozen

ROOT = Path(__file__).resolve().parents[1]
NAME = "espace-adherents"
NAMESPACE = "espace-adherents"  # of a signature: it counts for nothing else than a release of this software
OPTIONS = ["age", "anymail", "celery", "traces"]
STATIC, LETTERS = Path("src/adherents/vault/static/vault"), Path("src/adherents/reading/assets")
# What `scripts/page_libraries` takes from npm.
FROM_NPM = [
    STATIC / "tus.min.js",
    STATIC / "tus.LICENSE.txt",
    LETTERS / "fra.traineddata",
    LETTERS / "fra.LICENSE.txt",
]
BUILD = "import sys, setuptools.build_meta as b; print(getattr(b, 'build_' + sys.argv[1])(sys.argv[2]))"


class CannotRelease(Exception):
    """Why there is no release, in words."""


def git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()


def version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def committed_at() -> int:
    """When the commit was made, in seconds since 1970: the time of every file of the release."""
    return int(git("log", "-1", "--format=%ct"))


def tree(folder: Path) -> None:
    """The files that git knows, as they are here, with what an installation would have to fetch or compile."""
    for name in git("ls-files", "-z").split("\0"):
        source, target = ROOT / name, folder / name
        if not name or not (source.is_symlink() or source.is_file()):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target, follow_symlinks=False)
        if not source.is_symlink():
            target.chmod(0o755 if os.access(source, os.X_OK) else 0o644)
    for fetched in FROM_NPM:
        if not (ROOT / fetched).exists():
            raise CannotRelease(f"{fetched} is missing: run make setup where npm's registry can be reached")
        (folder / fetched).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / fetched, folder / fetched)
        (folder / fetched).chmod(0o644)
    subprocess.run([sys.executable, "scripts/compile_messages.py"], cwd=folder, check=True)


def packed(archive: Path, inside: str, files: Iterable[tuple[Path, str]], at: int) -> None:
    """A .tar.gz whose bytes depend on the files' names and contents alone. `files`: each with its name under `inside`."""
    with (
        archive.open("wb") as written,
        gzip.GzipFile(fileobj=written, mode="wb", filename="", mtime=at) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for file, name in sorted(files, key=lambda pair: pair[1]):
            entry = tarfile.TarInfo(f"{inside}/{name}")
            content = file.read_bytes()
            entry.size, entry.mtime = len(content), at
            entry.mode = 0o755 if os.access(file, os.X_OK) else 0o644
            tar.addfile(entry, io.BytesIO(content))


def files_under(folder: Path) -> list[tuple[Path, str]]:
    return [(file, str(file.relative_to(folder))) for file in folder.rglob("*") if file.is_file()]


def deploy_files(source: Path) -> list[tuple[Path, str]]:
    """What the archive for deploying holds, each file with its name there: `deploy`, profiles, the packages of each option."""
    options = [
        (source / "requirements" / f"{option}.txt", f"requirements/{option}.txt") for option in OPTIONS
    ]
    return options + [
        (file, f"{kind}/{name}")
        for kind in ("deploy", "profiles")
        for file, name in files_under(source / kind)
    ]


def built(kind: str, source: Path, into: Path, at: int) -> Path:
    """The `wheel` or the `sdist` of this tree, by setuptools as it is locked."""
    done = subprocess.run(
        [sys.executable, "-c", BUILD, kind, str(into)],
        cwd=source,
        env=os.environ | {"SOURCE_DATE_EPOCH": str(at)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotRelease(f"the {kind} cannot be built:\n{done.stderr}")
    return into / done.stdout.strip().splitlines()[-1]


def sdist(source: Path, into: Path, at: int) -> Path:
    """setuptools writes the day into it: packed again."""
    made = built("sdist", source, into, at)
    with tempfile.TemporaryDirectory() as work, tarfile.open(made) as tar:
        tar.extractall(work, filter="data")
        inside = made.name.removesuffix(".tar.gz")
        packed(made, inside, files_under(Path(work) / inside), at)
    return made


def wheel(into: Path, at: int) -> Path:
    with tempfile.TemporaryDirectory() as work:
        tree(Path(work))
        return built("wheel", Path(work), into, at)


def release(into: Path, at: int) -> None:
    """Everything but the checksums."""
    from scripts.sbom import bill_of_materials

    with tempfile.TemporaryDirectory() as work:
        source = Path(work)
        tree(source)
        sdist(source, into, at)
        built("wheel", source, into, at)
        inside = f"{NAME}-deploy-{version()}"
        packed(into / f"{inside}.tar.gz", inside, deploy_files(source), at)
        chart = source / "deploy" / "chart"
        packed(into / f"{NAME}-chart-{version()}.tgz", NAME, files_under(chart), at)
        shutil.copy(source / "requirements" / "base.txt", into / "requirements.txt")
    (into / f"{NAME}-{version()}.cdx.json").write_text(bill_of_materials())


def checksums(folder: Path) -> str:
    """One line a file, as `sha256sum --check` reads them."""
    files = sorted(file for file in folder.iterdir() if not file.name.startswith("SHA256SUMS"))
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)


def sign(sums: Path, key: str) -> None:
    """`SHA256SUMS.sig`, with an SSH key (`ssh-keygen -t ed25519`). Raises `CannotRelease`."""
    if not Path(key).is_file():
        raise CannotRelease(f"RELEASE_KEY: there is no file {key}")
    signature = sums.with_name(f"{sums.name}.sig")
    signature.unlink(missing_ok=True)
    done = subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-q", "-f", key, "-n", NAMESPACE, str(sums)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or not signature.exists():
        raise CannotRelease(f"RELEASE_KEY: ssh-keygen does not sign with {key}: {done.stderr.strip()}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="release", description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "dist", metavar="DIR")
    parser.add_argument(
        "--sign", default="", metavar="KEY", help="an SSH private key's file; without it nothing is signed"
    )
    parser.add_argument(
        "--even-uncommitted", action="store_true", help="take the files as they are: for a trial"
    )
    given = parser.parse_args()
    try:
        make(given.folder, key=given.sign, even_uncommitted=given.even_uncommitted)
    except CannotRelease as error:
        sys.exit(f"release: {error}")
    for file in sorted(given.folder.iterdir()):
        sys.stdout.write(f"{file}\n")


def make(folder: Path, *, key: str, even_uncommitted: bool) -> None:
    """The whole release in `folder`, which is emptied first. Raises `CannotRelease`."""
    if key and not Path(key).is_file():
        raise CannotRelease(f"RELEASE_KEY: there is no file {key}")
    if not even_uncommitted and git("status", "--porcelain"):
        raise CannotRelease("some files are not committed: a release is made of a commit")
    if missing := not_frozen():
        raise CannotRelease("run python -m scripts.frozen_migrations and commit: " + ", ".join(missing))
    at = committed_at()
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        for once in (first, second):
            release(Path(once), at)
        differing = set(checksums(Path(first)).splitlines()) ^ set(checksums(Path(second)).splitlines())
        if differing:
            raise CannotRelease("not the same bytes twice:\n" + "\n".join(sorted(differing)))
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(first, folder)
    sums = folder / "SHA256SUMS"
    sums.write_text(checksums(folder))
    if key:
        sign(sums, key)


if __name__ == "__main__":
    main()
