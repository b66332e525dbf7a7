"""Install a release in an empty virtual environment and serve it: `python -m scripts.wheel_serves [DIR]`, one line of JSON.

Neither npm nor gettext nor the checkout can be reached meanwhile, only PyPI: the search path holds nothing.
"""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


class DoesNotServe(Exception):
    """What a release that was installed does not do."""


def run(*command: object, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd="/", env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DoesNotServe(f"{command}: {done.stdout}{done.stderr}")
    return done.stdout


def installed(release: Path, folder: Path, environment: dict[str, str]) -> Path:
    """The `adherents` of a virtual environment with this release and nothing else in it."""
    [wheel] = release.glob("*.whl")
    run(sys.executable, "-m", "venv", folder, environment=environment)
    install = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(*install, "--require-hashes", "-r", release / "requirements.txt", environment=environment)
    run(*install, "--no-deps", "--no-index", wheel, environment=environment)
    return folder / "bin" / "adherents"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


@contextmanager
def served(adherents: Path, environment: dict[str, str]) -> Iterator[int]:
    port = free_port()
    portal = subprocess.Popen(
        [str(adherents), "serve", "--bind", f"127.0.0.1:{port}"], cwd="/", env=environment
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                answer(port, "/sante/")
                break
            except OSError:
                if portal.poll() is not None or time.monotonic() > deadline:
                    raise DoesNotServe("it never answered") from None
                time.sleep(0.1)
        yield port
    finally:
        portal.terminate()
        portal.wait(timeout=60)


def answer(port: int, path: str, language: str = "fr") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers={"Accept-Language": language, "Cookie": f"langue={language}"})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def proved(adherents: Path, data: Path, environment: dict[str, str]) -> dict[str, Any]:
    """What the installation does. Raises `DoesNotServe` where it is not all that it should be."""
    run(adherents, "migrate", "-v0", environment=environment)
    run(adherents, "check", environment=environment)
    with served(adherents, environment) as port:
        said = {
            "live": answer(port, "/sante/")[0],
            "ready": answer(port, "/pret/")[0],
            "french": "Mot de passe" in answer(port, "/adherent/")[1],
            "english": "Password" in answer(port, "/adherent/", "en")[1],
            "page library": bool(list((data / "static" / "vault").glob("tus.min.*.js"))),
            "profile": "MESE" in answer(port, "/contact/")[1],
        }
    wrong = {name: value for name, value in said.items() if value not in (True, 200)}
    if wrong:
        raise DoesNotServe(f"{wrong}")
    return said


def main() -> None:
    release = (Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist").resolve()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="adherents-wheel-") as work:
        data = Path(work) / "data"
        environment = {name: os.environ[name] for name in ("HOME", "TMPDIR", "LANG") if name in os.environ}
        environment |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        environment |= {"PATH": "/nothing", "ADHERENTS_DATA_DIR": str(data)}
        try:
            said = proved(installed(release, Path(work) / "venv", environment), data, environment)
        except DoesNotServe as error:
            sys.exit(f"wheel_serves: {error}")
    sys.stdout.write(json.dumps({"wheel": said, "seconds": round(time.monotonic() - began, 1)}) + "\n")


if __name__ == "__main__":
    main()
