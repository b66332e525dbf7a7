"""Run the steps of `deploy/container/Containerfile` where there is no container engine, then serve from what they made.

Each stage is this machine's own root under a layer that is thrown away (overlayfs): `RUN` runs in it as root, `COPY` copies into
it. The last stage is then made read-only, with what the image says (user, environment, entry point), and must serve. What this
does not show: the base image itself, which is another system than this machine, and the size of the image.

`python -m scripts.container_steps [DIR]`, as root, one line of JSON; DIR is a release (`dist`).
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from scripts.wheel_serves import DoesNotServe, answer, free_port

ROOT = Path(__file__).resolve().parents[1]
CONTAINERFILE = ROOT / "deploy" / "container" / "Containerfile"
ONE_FOLDER = "/var/lib/espace-adherents"
# The image has a search path of its own.
CHROOT = shutil.which("chroot", path="/usr/sbin:/usr/bin:/sbin:/bin") or "chroot"


@dataclass
class Stage:
    """One `FROM` with all that stands under it. `steps`: (instruction, the rest of its line)."""

    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    user: str = "0:0"
    entry: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)


def stages_of(text: str) -> list[Stage]:
    """Raises `ValueError` for an instruction that is not known here."""
    stages: list[Stage] = []
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        instruction, _, rest = line.partition(" ")
        if instruction == "FROM":
            stages.append(Stage(rest.partition(" AS ")[2]))
            continue
        stage = stages[-1]
        match instruction:
            case "RUN" | "COPY":
                stage.steps.append((instruction, rest))
            case "ENV":
                name, _, value = rest.partition("=")
                stage.environment[name] = value
            case "USER":
                stage.user = rest
            case "ENTRYPOINT":
                stage.entry = json.loads(rest)
            case "CMD":
                stage.command = json.loads(rest)
            case "EXPOSE":
                pass
            case _:
                raise ValueError(f"{instruction} is not known here")
    return stages


class Layer:
    """This machine's root, under a layer of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        for name in ("root", "upper", "work"):
            (folder / name).mkdir(parents=True)
        options = f"lowerdir=/,upperdir={folder}/upper,workdir={folder}/work"
        mount("-t", "overlay", "overlay", "-o", options, self.root)
        for name in ("proc", "sys", "dev"):
            mount("--rbind", f"/{name}", self.root / name)
        mount("-t", "tmpfs", "tmpfs", self.root / "tmp")
        # A Python in root's own folder is the base's here, and the image's user must reach it.
        for above in Path(sys.executable).resolve().parents:
            inside = self.root / above.relative_to("/")
            inside.chmod(inside.stat().st_mode | 0o011)

    def run(self, command: list[str], environment: dict[str, str]) -> None:
        done = subprocess.run(
            [CHROOT, self.root, *command], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise DoesNotServe(f"{shlex.join(command)}: {done.stdout}{done.stderr}")

    def make_read_only(self) -> None:
        """But for what compose gives: /tmp, and the data folder, in memory."""
        mount("-o", "remount,ro", self.root)
        mount("-t", "tmpfs", "-o", "uid=10001,gid=10001,mode=0700", "tmpfs", f"{self.root}{ONE_FOLDER}")


def mount(*arguments: object) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True)


def build(stages: list[Stage], context: Path, folder: Path) -> Layer:
    """Every step of every stage; the last stage's layer."""
    layers: dict[str, Layer] = {}
    here = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    here |= {"PATH": f"{Path(sys.executable).resolve().parent}:{os.environ['PATH']}", "HOME": "/root"}
    for number, stage in enumerate(stages):
        layer = layers[stage.name] = Layer(folder / str(number))
        for instruction, rest in stage.steps:
            if instruction == "RUN":
                layer.run(["sh", "-c", rest], here)
            else:
                copy(rest, context, layers, layer)
    return layer


def copy(rest: str, context: Path, layers: dict[str, Layer], layer: Layer) -> None:
    words = shlex.split(rest)
    source = context
    if words[0].startswith("--from="):
        source = layers[words.pop(0).removeprefix("--from=")].root
    *names, target = words
    place = layer.root / target.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    if target.endswith("/"):
        place.mkdir(exist_ok=True)
    for name in names:
        subprocess.run(["cp", "-a", source / name.lstrip("/"), place], check=True)


def served(stage: Stage, layer: Layer) -> dict[str, object]:
    """What the image does when it is run: as its user, from its entry point, on a root that is read-only."""
    layer.make_read_only()
    user, group = stage.user.split(":")
    inside = [CHROOT, str(layer.root), "setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"]
    inside += ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
    environment = stage.environment
    subprocess.run([*inside, *stage.entry, "migrate", "-v0"], env=environment, check=True)
    unwritable = subprocess.run([*inside, "touch", "/opt/here"], env=environment, capture_output=True)
    port = free_port()
    command = [word.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for word in stage.command]
    portal = subprocess.Popen([*inside, *stage.entry, *command], env=environment)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                page = answer(port, "/adherent/", "en")
                break
            except OSError:
                if portal.poll() is not None or time.monotonic() > deadline:
                    raise DoesNotServe("it never answered") from None
                time.sleep(0.1)
    finally:
        portal.terminate()
        portal.wait(timeout=60)
    said = {"page": page[0], "english": "Password" in page[1], "read only": unwritable.returncode != 0}
    if wrong := {name: value for name, value in said.items() if value not in (True, 200)}:
        raise DoesNotServe(f"{wrong}")
    return said


def main() -> None:
    context = (Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist").resolve()
    if os.geteuid() != 0:
        sys.exit(
            "container_steps: only root can lay a root under a layer; a container engine can build the image"
        )
    if os.environ.get("CONTAINER_STEPS") != "apart":
        # In a mount namespace of its own: whatever happens, nothing stays mounted.
        again = [
            "unshare",
            "--mount",
            "--propagation",
            "private",
            sys.executable,
            "-m",
            "scripts.container_steps",
        ]
        os.execvpe(again[0], [*again, str(context)], os.environ | {"CONTAINER_STEPS": "apart"})  # noqa: S606
    began = time.monotonic()
    stages = stages_of(CONTAINERFILE.read_text())
    with tempfile.TemporaryDirectory(prefix="adherents-image-", ignore_cleanup_errors=True) as work:
        # An overlay cannot have its layers on another overlay.
        mount("-t", "tmpfs", "tmpfs", work)
        try:
            said = served(stages[-1], build(stages, context, Path(work)))
        except (DoesNotServe, subprocess.CalledProcessError) as error:
            sys.exit(f"container_steps: {error}")
        finally:
            subprocess.run(["umount", "--recursive", "--lazy", work], check=False)
    sys.stdout.write(
        json.dumps({"image's steps": said, "seconds": round(time.monotonic() - began, 1)}) + "\n"
    )


if __name__ == "__main__":
    main()
