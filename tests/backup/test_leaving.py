"""Everything in open formats: whole, checked by plain tools, and gone on with where it was stopped."""

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from adherents.backup.services import leaving
from adherents.journal.models import Entry
from adherents.members.acting import on_own_file
from adherents.members.models import Beneficiary, Member
from adherents.messaging.services.threads import open_thread
from adherents.vault.origins import Erased
from adherents.vault.services import erasing
from tests.cast import CAMILLE, EVE
from tests.factories import add_to_register
from tests.vault.conftest import deposited, pdf

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def in_use(member: Member) -> Member:
    """A member with two documents, one of them erased, a beneficiary and a message; and one who never came."""
    add_to_register(EVE)
    beneficiary = Beneficiary(member=member, rank=1, birth_name="DUPONT; fils", first_names="Lou")
    beneficiary.set_nir(EVE.nir)
    beneficiary.save()
    deposited(member, pdf(), "mon relevé.pdf")
    erased = deposited(member, pdf(2), "un autre.pdf")
    erasing.erase(document_id=erased.pk, because=Erased.WITHDRAWN)
    assert member.account is not None
    open_thread(acting=on_own_file(member), author=member.account, subject="Lunettes", body="Remboursées ?")
    return member


def folder_of(folder: Path, who: Member) -> Path:
    return folder / "adherents" / f"{who.pk // 1000:04d}" / f"{who.number}-{who.pk}"


def test_everything_is_there_and_plain_tools_check_it(in_use: Member, tmp_path: Path) -> None:
    out = tmp_path / "out"
    call_command("export_all", out, verbosity=0)
    done = subprocess.run(
        ["sha256sum", "--check", "--quiet", "SHA256SUMS"],
        cwd=out,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    own = folder_of(out, in_use)
    [original] = (own / "Mes documents").iterdir()
    assert original.name.endswith("RIB - mon relevé.pdf")
    assert original.read_bytes() == pdf()
    facts = json.loads((own / "adherent.json").read_text())
    assert facts["adherent"]["nir"] == in_use.nir
    assert facts["beneficiaires"][0]["nir"] == EVE.nir.replace(" ", "")
    assert [document["absent"] for document in facts["documents"]] == [None, "erased"]
    assert facts["conversations"][0]["messages"][0]["body"] == "Remboursées ?"
    assert {entry["event"] for entry in facts["journal"]} >= {
        "vault.document_deposited",
        "vault.document_erased",
    }
    assert len(list((own / "accuses").iterdir())) == 2
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["members"] == 2
    assert manifest["sha256sums"] == hashlib.sha256((out / "SHA256SUMS").read_bytes()).hexdigest()
    assert manifest["rows"]["vault.document"] == 2
    listed = {line.partition("  ")[2] for line in (out / "SHA256SUMS").read_text().splitlines()}
    there = {str(file.relative_to(out)) for file in out.rglob("*") if file.is_file()}
    assert there - listed == {"manifest.json", "SHA256SUMS"} | {
        name for name in there if name.endswith("/SHA256SUMS")
    }
    with pytest.raises(CommandError, match="whole export"):
        call_command("export_all", out, verbosity=0)


def test_the_register_is_a_file_that_the_import_takes(in_use: Member, tmp_path: Path) -> None:
    out = tmp_path / "out"
    call_command("export_all", out, verbosity=0)
    tables = out / "tables"
    said = _said("import_members", tables / "adherents.csv", "--beneficiaries", tables / "beneficiaires.csv")
    assert said.count(" 0 lignes refusées") == 2
    assert said.count(" 0 absents du fichier") == 2
    lines = (tables / "beneficiaires.csv").read_text().splitlines()
    assert '"DUPONT; fils"' in lines[1]


def test_it_goes_on_where_it_was_stopped(
    in_use: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, written = tmp_path / "out", list[str]()
    whole = leaving._member_facts

    def stopped(who: Member, given: dict[str, str]) -> dict[str, Any]:
        written.append(who.number)
        if len(written) == 2:
            raise KeyboardInterrupt
        return whole(who, given)

    monkeypatch.setattr(leaving, "_member_facts", stopped)
    with pytest.raises(KeyboardInterrupt):
        leaving.export_all(out, tell=lambda _: None)
    assert not (out / "manifest.json").exists()
    done = leaving.export_all(out, tell=lambda _: None)
    assert written == [CAMILLE.number, EVE.number, EVE.number], "the first member's folder was whole"
    assert done.members == 2
    assert not list(out.rglob("*.part"))
    assert Entry.objects.filter(event="installation.everything_exported").count() == 1


def test_a_document_that_does_not_open_is_named_and_the_rest_is_there(
    in_use: Member,
    objects_folder: Path,
    tmp_path: Path,
) -> None:
    [file] = [path for path in objects_folder.rglob("*") if path.is_file() and "erasures" not in path.parts]
    file.write_bytes(file.read_bytes()[:-1])
    out = tmp_path / "out"
    with pytest.raises(CommandError, match=r"1 file\(s\) are not in it") as refused:
        call_command("export_all", out, verbosity=0)
    assert refused.value.returncode == 3
    [left_out] = json.loads((out / "manifest.json").read_text())["files_left_out"]
    assert left_out["why"] == "bytes"
    assert not list(out.rglob("*.pdf"))


def _said(*command: Any) -> str:
    import io

    out = io.StringIO()
    call_command(*command, stdout=out, stderr=out)
    return out.getvalue()
