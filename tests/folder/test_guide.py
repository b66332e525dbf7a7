"""The chapter of `docs/integrating.md` on the exchange folder is followed to the letter."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.config.installation import environment

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "integrating.md"
pytestmark = pytest.mark.any_database


def test_the_guide_leads_from_nothing_to_a_member_and_a_paper(tmp_path: Path, empty_database: Path) -> None:
    chapter = GUIDE.read_text().partition("\n## Files by SFTP")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```$", chapter, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    data = tmp_path / "data"
    data.mkdir()
    shutil.copyfile(empty_database, data / "adherents.sqlite3")
    given = environment(data) | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TMPDIR": str(tmp_path),
    }
    said = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        env=given, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stdout + said.stderr
    for words in ("1 nouveaux", "Documents déposés : 1.", "lot n° 1, voir done/000001-members-nuit"):
        assert words in said.stdout
    with closing(sqlite3.connect(data / "adherents.sqlite3")) as database:
        assert database.execute("SELECT number, source FROM members_member").fetchall() == [
            ("70109101", "folder")
        ]
        assert database.execute("SELECT name, origin FROM vault_document").fetchall() == [
            ("Carte 2027.pdf", "insurer")
        ]
