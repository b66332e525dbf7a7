"""What an import at night leaves: a file for programs, a mail for people, and a code for cron."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.core.management import CommandError, call_command
from django.db import OperationalError

from adherents.mail.models import OutboxMail
from adherents.mail.services import send_due
from adherents.members.intake import apply as applying
from adherents.members.models import LastFile, Member
from tests.cast import CAMILLE, EVE, JEAN_FRANCOIS
from tests.members.importing import CAST
from tests.members.member_file import child_of, line_of, write, write_beneficiaries

pytestmark = pytest.mark.django_db
WRONG = [
    line_of(CAMILLE, nir=JEAN_FRANCOIS.nir[:-2] + "00", email="camille.dupont"),
    line_of(EVE, numero_adherent="", date_naissance="31/02/1990"),
]
NIGHT = "nuit@mutuelle.example"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "report.json"


def ended(*arguments: object) -> int:
    """How the command ended."""
    try:
        call_command("import_members", *map(str, arguments))
    except CommandError as error:
        return error.returncode
    return 0


def read(file: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(file.read_text())
    return said


def test_each_refused_line_is_in_the_file_with_its_reasons_and_the_counts(tmp_path: Path, file: Path) -> None:
    children = write_beneficiaries(tmp_path / "b.csv", [child_of(EVE)])
    members = write(tmp_path / "m.csv", [line_of(JEAN_FRANCOIS), *WRONG])
    assert ended(members, "--beneficiaries", children, "--apply", "--report", file) == 0
    said = read(file)
    assert [(line["file"], line["line"], line["key"]) for line in said["refused"]][-1] == (
        "beneficiaries",
        2,
        f"{EVE.number}/1",
    )
    camille = next(line for line in said["refused"] if line["key"] == CAMILLE.number)
    assert [reason["column"] for reason in camille["reasons"]] == ["nir", "email"]
    assert camille["reasons"][1]["reason"] == "Ce n’est pas une adresse e-mail."
    assert (said["version"], said["outcome"], said["exit_code"]) == (1, "applied", 0)
    assert (said["members"]["file"], said["members"]["new"], said["members"]["unnumbered"]) == ("m.csv", 1, 1)
    assert said["members"]["refused"] + said["beneficiaries"]["refused"] == len(said["refused"]) == 3
    assert said["allow_gone_percent"] == 20
    assert file.stat().st_mode & 0o777 == 0o600
    for secret in (JEAN_FRANCOIS.nir[:13], "Dupont", "camille.dupont", "31/02/1990"):
        assert secret not in file.read_text()


def test_a_file_that_refuses_nothing_is_whole_json_too(tmp_path: Path, file: Path) -> None:
    assert ended(write(tmp_path / "m.csv", CAST), "--report", file) == 0
    said = read(file)
    assert (said["refused"], said["outcome"], said["beneficiaries"]) == ([], "planned", None)
    assert not Member.objects.exists()


def test_each_way_to_end_has_its_outcome_its_code_and_its_mail(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch, mailoutbox: list[EmailMultiAlternatives]
) -> None:
    whole = write(tmp_path / "m.csv", CAST)
    cut = write(tmp_path / "cut.csv", CAST[:2])
    open_ended = tmp_path / "open.csv"
    open_ended.write_bytes(whole.read_bytes().rstrip())
    subjects = []

    def night(members: Path, *options: str) -> tuple[str, int]:
        code = ended(members, "--apply", "--report", file, "--mail-report", NIGHT, *options)
        send_due()
        subjects.append(mailoutbox[-1].subject)
        assert mailoutbox[-1].to == [NIGHT]
        said = read(file)
        assert said["exit_code"] == code
        return said["outcome"], code

    assert night(whole) == ("applied", 0)
    assert night(tmp_path / "absent.csv") == ("unusable", 2)
    assert read(file)["members"] == {"file": "absent.csv"}
    assert night(cut) == ("too_many", 3)
    assert read(file)["members"]["gone"] == 7
    assert "--allow-gone 78" in read(file)["message"]
    assert night(open_ended) == ("doubtful", 4)
    assert read(file)["members"]["doubts"] == ["la dernière ligne n’a pas de fin de ligne"]

    def another_applied(imports: object) -> bool:
        return False

    with monkeypatch.context() as patch:
        patch.setattr("adherents.members.intake.last_files.hold", another_applied)
        assert night(whole) == ("changed_meanwhile", 5)
    assert len(mailoutbox) == 5
    assert [subject.partition("\u00a0: ")[2] for subject in subjects] == [
        "appliqué",
        "refusé, rien n’a été changé",
        "refusé, rien n’a été changé",
        "appliqué, mais le fichier est douteux",
        "refusé, rien n’a été changé",
    ]


@pytest.mark.django_db(transaction=True)
def test_a_fault_in_the_middle_leaves_the_register_a_report_and_a_mail(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*arguments: object, **options: object) -> int:
        raise OperationalError("the disk is full")

    monkeypatch.setattr(applying, "write_members", failing)
    with pytest.raises(OperationalError):
        ended(write(tmp_path / "m.csv", CAST), "--apply", "--report", file, "--mail-report", NIGHT)
    assert (read(file)["outcome"], read(file)["exit_code"]) == ("failed", 1)
    assert OutboxMail.objects.get().recipient == NIGHT
    assert not Member.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_mail_is_posted_with_what_it_tells_of_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = write(tmp_path / "m.csv", CAST)

    def failing(*arguments: object, **options: object) -> None:
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr("adherents.members.mails.post", failing)
        with pytest.raises(OperationalError):
            ended(members, "--apply", "--mail-report", NIGHT)
    assert not Member.objects.exists()
    assert not LastFile.objects.filter(imports__gt=0).exists()


def test_the_mail_counts_and_names_lines_and_no_member(
    tmp_path: Path, mailoutbox: list[EmailMultiAlternatives], caplog: pytest.LogCaptureFixture
) -> None:
    ended(write(tmp_path / "before.csv", CAST), "--apply")
    other = line_of(CAMILLE, nom_naissance="Autre", prenoms="Zoé", date_naissance="01/01/1950", nir="")
    members = write(tmp_path / "m.csv", [other, *CAST[1:], *[line_of(EVE, numero_adherent="")] * 30])
    caplog.set_level(logging.INFO)
    assert ended(members, "--apply", "--mail-report", NIGHT, "--mail-report", "deux@mutuelle.example") == 0
    send_due()
    [mail, second] = mailoutbox
    assert {mail.to[0], second.to[0]} == {NIGHT, "deux@mutuelle.example"}
    text = str(mail.body).replace("\u00a0", " ")
    assert "- Changements de personne refusés : 1" in text
    assert "- Lignes refusées : 30" in text
    assert "adhérents, ligne 2 : Changement de personne" in text
    assert "Et 11 autres" in text
    for number in (CAMILLE.number, EVE.number):
        assert number not in text + str(mail.alternatives[0])
        assert number not in caplog.text
    assert NIGHT not in caplog.text


def test_a_report_that_cannot_be_written_stops_the_import_before_it_begins(tmp_path: Path) -> None:
    members = write(tmp_path / "m.csv", CAST)
    before = members.read_bytes()
    for wrong in (members, tmp_path, tmp_path / "absent" / "report.json"):
        assert ended(members, "--apply", "--report", wrong) == 6, wrong
    assert members.read_bytes() == before
    assert not Member.objects.exists()


def test_the_report_of_another_night_is_never_taken_for_this_ones(tmp_path: Path, file: Path) -> None:
    file.write_text('{"outcome": "applied"}')

    def stopped(**options: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("adherents.members.management.commands.import_members.import_files", stopped)
        with pytest.raises(KeyboardInterrupt):
            ended(write(tmp_path / "m.csv", CAST), "--report", file)
    assert [path.name for path in tmp_path.iterdir()] == ["m.csv"]


def test_an_address_that_is_none_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="mail-report"):
        call_command("import_members", str(write(tmp_path / "m.csv", CAST)), "--mail-report", "nobody")
