"""`docs/operating.md` is followed to the letter: what its blocks say is run in one installation, in their order."""

import argparse
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

import pytest
from bench import __main__ as bench_commands
from django.core.management import get_commands, load_command_class
from scripts.release import checksums, deploy_files, packed, sign, version
from stress import __main__ as stress_commands

from adherents.config import drawing_service
from tests.config import warm
from tests.config.installation import environment, once
from tests.deploy.units import UNITS, settings_of
from tests.mail.servers import Mailbox, listening
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "operating.md"
LANGUAGES = {"sh", "ini", "cron", "text"}
# What the first line of a block says when it is left out, and what each of its lines must then look like.
NEEDS = {
    "root": r"apt-get |python3 -m venv /opt/|/opt/espace-adherents/bin/pip |cp \S+ /etc/|systemd-sysusers$|install (-\S+ )+|"
    r"rm settings$|runuser |nginx -t$|systemctl |useradd ",
    "systemd": r"systemctl |cp .+ /etc/systemd/system/$|sed .+ > /etc/systemd/system/\S+$",
    "another machine": r"curl \S+ https://|export ADHERENTS_|adherents restore ",
    "container engine": r"podman |helm ",
}
# Where the documentation says that things lie.
PLACES = {
    "/etc/espace-adherents": "etc",
    "/var/lib/espace-adherents": "var",
    "/opt/espace-adherents": "opt",
    "/run/espace-adherents-drawing": "run",
    "/backup": "backup",
}


MEMBERS = (
    "numero_adherent;nir;nom_naissance;nom_usage;prenoms;date_naissance;departement_naissance;email;telephone;langue;"
    "date_debut;date_fin\n70100001;;Durand;;Marie;05/03/1954;38;marie@example.org;;fr;01/01/2020;\n"
)


class Block(NamedTuple):
    line: int
    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        return [line for line in self.text.splitlines() if line and not line.startswith("#")]

    @property
    def needs(self) -> str:
        """What it is left out for; "" if it is run."""
        said = re.match(rf"# ({'|'.join(NEEDS)})\b", self.text)
        return said[1] if said else ""


@cache
def blocks() -> list[Block]:
    text = GUIDE.read_text()
    fenced = re.finditer(r"^( *)```(\w*)\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return [Block(text[: found.start()].count("\n") + 2, found[2], dedent(found[3])) for found in fenced]


def of_language(language: str) -> list[Block]:
    return [block for block in blocks() if block.language == language]


def test_each_block_says_what_it_is() -> None:
    assert {block.language for block in blocks()} == LANGUAGES
    assert GUIDE.read_text().count("```") == 2 * len(blocks())
    assert len(of_language("sh")) > 25


def test_only_what_needs_more_than_this_machine_is_left_out() -> None:
    ran = "\n".join(command for block in of_language("sh") if not block.needs for command in block.commands)
    left_out = [block for block in of_language("sh") if block.needs]
    assert {block.needs for block in left_out} == NEEDS.keys()
    for block in left_out:
        for command in block.commands:
            assert re.match(NEEDS[block.needs], command), f"line {block.line}: {command}"
            if portal := re.match(r"adherents \w+", command):
                assert portal[0] in ran, f"line {block.line}: {command}"


def test_what_is_copied_from_the_release_is_in_it() -> None:
    inside = f"espace-adherents-deploy-{version()}/"
    shipped = {inside + name for _, name in deploy_files(ROOT)}
    named = {name for block in blocks() for name in re.findall(rf"{re.escape(inside)}[\w./*-]+", block.text)}
    assert len(named) > 5
    for name in named:
        assert any(Path(file).match(name) for file in shipped), name


class Installation:
    """The machine that the reader has: a release, an empty folder for each place, a mail server, and what systemd would start."""

    def __init__(self, folder: Path, port: int, relay: str) -> None:
        self.folder, self.port, self.relay = folder, port, relay
        self.work, self.outputs = folder / "release", folder / "said"
        for name in ("release", "said", "run", "etc", "var", "backup"):
            (folder / name).mkdir(mode=0o700)

    def here(self, text: str) -> str:
        """The text with this machine's places, port and mail server."""
        for said, name in PLACES.items():
            text = text.replace(said, f"{self.folder}/{name}")
        text = text.replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")
        return text.replace("smtp://espace:password@relay.mutuelle.fr:587?starttls=1", self.relay)

    def make_release(self) -> None:
        inside = f"espace-adherents-deploy-{version()}"
        packed(self.work / f"{inside}.tar.gz", inside, deploy_files(ROOT), 0)
        (self.work / "SHA256SUMS").write_text(checksums(self.work))
        key = self.folder / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        sign(self.work / "SHA256SUMS", str(key))
        (self.work / "allowed_signers").write_text(f"release {key.with_suffix('.pub').read_text()}")

    def script(self) -> str:
        """One shell that does all that is not left out; what each block says is in a file named by its line."""
        lines = [
            "set -euo pipefail",
            "unit() { (set -a; . "
            + self.here("/etc/espace-adherents.env")
            + '; exec "$@") >> "$SAID/services" 2>&1 & echo $! >> "$SAID/pids"; }',
        ]
        for block in blocks():
            text = "\n".join(self._instead(block))
            if text:
                lines.append(
                    f"echo {block.line} > $SAID/last\n{{\n{self.here(text)}\n}} > $SAID/{block.line} 2>&1 < /dev/null"
                )
        return "\n".join(lines) + "\n"

    def _instead(self, block: Block) -> Iterator[str]:
        if block.language == "sh" and not block.needs:
            yield block.text.rstrip()
        elif block.language == "cron":
            for line in block.commands:
                if line[0].isdigit():
                    yield f"( {line.split(None, 5)[5].replace(chr(92) + '%', '%')} )"
        elif block.needs == "root" and "settings /etc/espace-adherents.env" in block.text:
            yield "cp profil.toml /etc/espace-adherents/profil.toml; cp settings /etc/espace-adherents.env"
        elif block.needs == "systemd":
            for command in block.commands:
                # A second portal needs a shared cache, which this installation does not have.
                for name in shlex.split(command)[3:] if " enable " in command and "-2" not in command else []:
                    yield from self._started(name)

    def _started(self, name: str) -> Iterator[str]:
        """What systemd does: it runs the unit's command, and holds a socket that it passes."""
        [command] = settings_of(UNITS / f"{name.removesuffix('.socket')}.service")["ExecStart"]
        [address] = settings_of(UNITS / "espace-adherents-drawing.socket")["ListenStream"]
        yield f"unit {command}" + (f" --bind unix://{address}" if name.endswith(".socket") else "")
        if name.endswith(".socket"):
            yield f"until [ -S {address} ]; do sleep 0.05; done"
        elif "serve" in command:
            yield "until curl -s -o /dev/null http://127.0.0.1:8000/; do sleep 0.05; done"
        else:
            yield "sleep 2"


def said_after(folder: Path, words: str) -> str:
    """What the first block that has this command said."""
    found, *_ = [block for block in blocks() if words in block.text and not block.needs]
    return (folder / str(found.line)).read_text()


@pytest.fixture(scope="module")
def followed(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, _tables: Path
) -> Iterator[tuple[Installation, Mailbox]]:
    """The guide was followed to its end. The tables are there before `adherents migrate`: making them takes seconds."""
    installation = Installation(
        tmp_path_factory.mktemp("g"), free_port(), f"smtp://127.0.0.1:{(relay := free_port())}"
    )
    folder, said = installation.folder, installation.outputs
    installation.make_release()
    shutil.copyfile(_tables, folder / "var" / "adherents.sqlite3")
    (installation.work / "settings").write_text(installation.here(of_language("ini")[0].text))
    (installation.work / "adherents.csv").write_text(MEMBERS)
    warm.client(folder / "opt" / "bin" / "adherents", folder / "warm")
    surroundings = {
        name: value for name, value in environment(folder).items() if not name.startswith("ADHERENTS_")
    }
    with (folder / "warm.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.config.warm", str(folder / "warm")],
            cwd=ROOT,
            env=surroundings,
            stderr=log,
        )
    try:
        with listening(Mailbox(), relay) as mailbox:
            while not (folder / "warm").exists():
                assert server.poll() is None, (folder / "warm.log").read_text()
                time.sleep(0.02)
            done = subprocess.run(
                ["bash", "-c", installation.script()],
                cwd=installation.work,
                env=surroundings | {"SAID": str(said)},
                timeout=300,
                check=False,
            )
            last = (said / "last").read_text().strip()
            assert done.returncode == 0, f"line {last} of the guide: {(said / last).read_text()[-3000:]}"
            yield installation, mailbox
    finally:
        for pid in (said / "pids").read_text().split() if (said / "pids").exists() else []:
            subprocess.run(["kill", pid], check=False, capture_output=True)
        time.sleep(0.5)
        server.kill()
        server.wait()


@once
@pytest.mark.django_db
def test_the_guide_leads_from_an_empty_machine_to_a_portal_that_serves_is_saved_and_watched(
    followed: tuple[Installation, Mailbox],
) -> None:
    installation, mailbox = followed
    said = installation.outputs
    told = re.findall(r"adherents\.[EWI]\d+", said_after(said, "adherents check --connect --create-bucket"))
    assert {name for name in told if name[-4] != "I"} == {"adherents.W002", "adherents.W006"}
    assert said_after(said, "http://127.0.0.1:8000/pret/") == '{"status": "ok", "degraded": []}'
    watched = said_after(said, "http://127.0.0.1:8000/metrics")
    assert watched.startswith('{"status": "ok", "degraded": []}')
    assert "adherents_build_info{" in watched
    assert "1 nouveaux" in said_after(said, "import_members adherents.csv --apply")
    assert [envelope.rcpt_tos for envelope in mailbox.envelopes] == [["vous@mutuelle.fr"]]
    assert (installation.work / "conservation.md").read_text().startswith("# Durées de conservation")
    assert (installation.folder / "backup" / "export" / "manifest.json").exists()
    assert "Journal and vault are verified." in said_after(said, "adherents restore")
    assert not (installation.folder / "var" / "essai").exists()
    # In parts 6 and 7, before the migration, in « Backup » (two), and the export.
    assert len([*(installation.folder / "backup").glob("*/manifest.json")]) == 6


def inline_commands(page: Path) -> list[str]:
    """Every `adherents …` that stands in a sentence, a table or a block, up to a comment."""
    text = page.read_text()
    found = re.findall(r"`(adherents [a-z_]+[^`\n]*)`", text)
    found += [
        line for block in re.findall(r"```\w*\n(.*?)```", text, re.DOTALL) for line in block.splitlines()
    ]
    return [
        re.split(r"\s+#|\s+&&|\)", line)[0].strip() for line in found if line.strip().startswith("adherents ")
    ]


@pytest.mark.parametrize("page", ["operating", "integrating", "vault", "security", "receipts", "capacity"])
def test_each_command_in_the_documents_exists_with_the_options_that_it_is_given(page: str) -> None:
    for line in inline_commands(ROOT / "docs" / f"{page}.md"):
        _, name, *words = line.split()
        options = {word.partition("=")[0] for word in words if word.startswith("--") and len(word) > 2}
        assert options <= options_of(name), line


@cache
def options_of(name: str) -> set[str]:
    if name == "serve_drawing":
        made: argparse.ArgumentParser = drawing_service.parser()
    else:
        made = load_command_class(get_commands()[name], name).create_parser("adherents", name)
    return {option for action in made._actions for option in action.option_strings}


def test_every_command_of_ours_is_in_the_table() -> None:
    ours = {name for name, app in get_commands().items() if str(app).startswith("adherents.")}
    table = set(re.findall(r"^\| `adherents (\w+)", GUIDE.read_text(), re.MULTILINE))
    assert ours <= table
    assert len(ours) > 15


def test_every_long_proof_bench_and_target_that_the_documents_name_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in [*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]:
        text = page.read_text()
        for module, names in re.findall(r"`python -m (stress|bench) ([a-z_ ]+)`", text):
            known = stress_commands.PROOFS if module == "stress" else bench_commands.BENCHES
            assert set(names.split()) <= set(known), f"{page.name}: {names}"
        assert set(re.findall(r"`make ([a-z-]+)`", text)) <= targets, page.name
