"""`docs/integrating.md` is followed to the letter, on a portal that runs; and so is the example of a core system."""

import base64
import hashlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from espace_adherents import Member, Portal, Problem

from tests.cast import CAMILLE, JEAN_FRANCOIS
from tests.journeys import running
from tests.journeys.papers import sheets
from tests.vault.tus_client import Phone

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "integrating.md"
EVERY_SCOPE = re.compile(r"--scopes (\S+)")


def commands() -> list[str]:
    """The blocks of the API's chapter, each as one script."""
    chapter = GUIDE.read_text().partition("\n## The API\n")[2].partition("\n## The member file\n")[0]
    return re.findall(r"^```sh\n(.*?)^```$", chapter, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Portal]:
    """With two members, of whom one has sent a document; it is drawn, and waits for a decision."""
    portal = running.Portal(tmp_path_factory.mktemp("portal"))
    try:
        portal.start([CAMILLE, JEAN_FRANCOIS], with_account=[CAMILLE])
        for number in (1, 2):
            Phone(portal, CAMILLE).deposit([sheets(1, f"Feuille {number}")])
        until = time.monotonic() + 60
        while portal.sql("SELECT count(*) FROM casework_item WHERE status = 'waiting'") != [(2,)]:
            assert time.monotonic() < until, portal.log()
            time.sleep(0.2)
        yield portal
    finally:
        portal.stop()


@pytest.fixture(scope="module")
def key(portal: running.Portal) -> str:
    [scopes] = EVERY_SCOPE.findall("\n".join(commands()))
    return portal.run("create_client", "ged", "--scopes", scopes).strip().splitlines()[-1]


def test_the_guide_leads_from_nothing_to_a_document_that_is_fetched_and_decided(
    portal: running.Portal, tmp_path: Path
) -> None:
    script = "\n".join(commands()).replace("http://127.0.0.1:8000", portal.base)
    assert script.count("api ") > 12
    bin_folder = Path(sys.executable).parent
    environment = portal.environment | {
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "TMPDIR": str(tmp_path),
    }
    said = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stdout + said.stderr
    [original] = tmp_path.rglob("original")
    assert original.read_bytes().startswith(b"%PDF")
    [(accepted,)] = portal.sql("SELECT count(*) FROM casework_decision WHERE outcome = 'accepted'")
    assert accepted == 1


def test_the_core_system_takes_over_what_was_checked_acknowledges_and_decides(
    portal: running.Portal, key: str, tmp_path: Path
) -> None:
    environment = os.environ | {
        "PORTAL": portal.base,
        "PORTAL_KEY": key,
        "PYTHONPATH": str(ROOT / "clients" / "python" / "src"),
    }
    command = [sys.executable, str(ROOT / "examples" / "core_system.py"), str(tmp_path), "--once"]
    for _ in range(2):  # the second time there is nothing to do
        subprocess.run(command, env=environment, check=True, timeout=120)
    with Portal(portal.base, key=key) as client:
        documents = list(client.documents(member=CAMILLE.number))
        own = [one for one in documents if (tmp_path / one.id).exists()]
        assert len(own) >= 2
        for document in own:
            assert client.readings(document.id) == []  # no agent confirmed anything
            content = (tmp_path / document.id).read_bytes()
            assert (
                hashlib.sha256(content).hexdigest() == hashlib.sha256(client.content(document.id)).hexdigest()
            )
    [(acknowledged,)] = portal.sql("SELECT count(*) FROM vault_acknowledgement")
    assert acknowledged >= 2


def test_the_client_speaks_of_members_and_says_what_was_refused(portal: running.Portal, key: str) -> None:
    marie = Member(
        number="7010/9-1",
        birth_name="Durand",
        first_names="Marie",
        birth_date="1954-03-05",
        email="m@example.org",
    )
    with Portal(portal.base, key=key) as client:
        assert client.put_member(marie).created
        known = client.member(marie.number)
        assert (known.birth_name, known.email) == ("Durand", "m@example.org")
        assert not client.put_member(marie).created
        client.change_member(marie.number, phone="0102030405")
        with pytest.raises(Problem) as stale:
            client.put_member(marie, if_match=known.etag)
        assert (stale.value.status, stale.value.code) == (412, "precondition-failed")
        with pytest.raises(Problem) as swapped:
            client.put_member(
                Member(number=marie.number, birth_name="Petit", first_names="Luc", birth_date="1960-01-02")
            )
        assert (swapped.value.status, swapped.value.code) == (409, "person-changed")
        many = [
            Member(number=f"7011{n:04d}", birth_name="Blanc", first_names="Ana", birth_date="1970-01-02")
            for n in range(3)
        ]
        assert [(answer.status, answer.outcome) for answer in client.batch(many)] == [(201, "created")] * 3
        assert {one.number for one in client.members()} >= {one.number for one in many}
        changed = [
            event
            for piece in client.follow(ends=True)
            for event in piece.items
            if event.type == "member.changed"
        ]
        assert {marie.number} <= {
            named.number for event in changed if (named := client.member_of(event.subject))
        }
        assert client.member_of("member/999999999") is None
        client.end_member(marie.number)
        with pytest.raises(Problem) as nobody:
            client.member("79999999")
        assert nobody.value.code == "not-found"


def test_the_digest_that_the_client_compares_is_the_one_of_the_specification() -> None:
    """The example of RFC 9530, appendix B.1."""
    from espace_adherents.portal import _digest

    content = b'{"hello": "world"}\n'
    assert _digest(content) == "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
    assert base64.b64encode(hashlib.sha256(content).digest()).decode() in _digest(content)
