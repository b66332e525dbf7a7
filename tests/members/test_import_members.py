"""The command: what it prints, how it ends, and what is left when it is killed."""

import io
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.core.management import CommandError, call_command

from adherents.demo import invented
from adherents.members.models import Member
from tests.cast import CAMILLE, EVE, EVERYBODY, JEAN_FRANCOIS
from tests.members.member_file import child_of, line_of, write, write_beneficiaries

CAST = [line_of(person) for person in EVERYBODY]


def told(*arguments: object) -> str:
    out = io.StringIO()
    call_command("import_members", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_plan_is_told_and_nothing_is_done_until_asked(tmp_path: Path) -> None:
    path = write(tmp_path / "m.csv", CAST)
    assert "9 nouveaux" in told(path)
    assert "Rien n’a été changé" in told(path)
    assert not Member.objects.exists()
    assert "Le registre est à jour." in told(path, "--apply")
    assert Member.objects.count() == 9
    assert "9 inchangés" in told(path)


@pytest.mark.django_db
def test_a_refused_line_is_told_with_its_number_and_reasons_and_no_personal_data(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    lines = [
        line_of(CAMILLE, nir=JEAN_FRANCOIS.nir[:-2] + "00", email="camille.dupont"),
        line_of(EVE, numero_adherent="", date_naissance="31/02/1990"),
    ]
    children = write_beneficiaries(tmp_path / "b.csv", [child_of(EVE)])
    out = told(write(tmp_path / "m.csv", lines), "--beneficiaries", children, "--apply")
    assert "adhérents, ligne 2 (70100001) : nir : La clé" in out
    assert "email : Ce n’est pas une adresse e-mail." in out
    assert "adhérents, ligne 3 : numero_adherent : Le numéro d’adhérent manque. ; date_naissance :" in out
    assert "bénéficiaires, ligne 2 (70100005/1) : numero_adherent : Cet adhérent" in out
    assert "Lignes sans numéro lisible : 1." in out
    everything = out + caplog.text + "".join(capfd.readouterr())
    for secret in (JEAN_FRANCOIS.nir[:13], EVE.nir, "Dupont", "camille.dupont", "Payet", "31/02/1990"):
        assert secret not in everything


@pytest.mark.django_db
def test_an_unusable_file_ends_with_2_and_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("numero;nom\n1;a\n")
    with pytest.raises(CommandError, match="il manque numero_adherent") as ended:
        told(path, "--apply")
    assert ended.value.returncode == 2


@pytest.mark.django_db
def test_a_file_that_cannot_be_read_ends_with_2_whichever_of_the_two_it_is(tmp_path: Path) -> None:
    path = write(tmp_path / "m.csv", CAST)
    for arguments in (
        [tmp_path / "absent.csv"],
        [path, "--beneficiaries", tmp_path / "absent.csv"],
        [tmp_path],
    ):
        with pytest.raises(CommandError, match="ne peut pas être lu") as ended:
            told(*arguments, "--apply")
        assert ended.value.returncode == 2
    assert not Member.objects.exists()


@pytest.mark.django_db
def test_too_many_gone_ends_with_3(tmp_path: Path) -> None:
    told(write(tmp_path / "m.csv", CAST), "--apply")
    cut = write(tmp_path / "cut.csv", CAST[:2])
    with pytest.raises(CommandError, match="--allow-gone 78") as ended:
        told(cut, "--apply")
    assert ended.value.returncode == 3
    assert Member.objects.present().count() == 9
    told(cut, "--apply", "--allow-gone", "78", "--expect-rows", "2")
    assert Member.objects.present().count() == 2


BEGINNING = """
import sys, django
django.setup()
from django.core.management import call_command
from django.db import connection
from adherents.members.intake import apply
from adherents.members.models import Member

def importing(*arguments):
    call_command("import_members", *arguments, "--apply", stdout=sys.stderr)

def look():
    with connection.cursor() as cursor:
        there = set(connection.introspection.get_constraints(cursor, Member._meta.db_table))
    indexed = {index.name for index in Member._meta.indexes} <= there
    print(Member.objects.present().count(), Member.objects.count(), indexed, flush=True)
"""
FIRST = """
call_command("migrate", verbosity=0)
importing(sys.argv[1])
look()
"""
# Stops inside the transaction, once the new rows are written, and says so.
STOPPING = """
import time
def stop():
    look()
    time.sleep(300)
apply._tell_accounts = stop
importing(sys.argv[1], "--allow-gone", "100", "--expect-rows", "6000")
"""
AFTERWARDS = """
look()
importing(sys.argv[1], "--allow-gone", "100", "--expect-rows", "6000")
look()
"""


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a portal of its own, with a database of its own."""
    environment = os.environ | {
        "ADHERENTS_DATA_DIR": str(tmp_path / "data"),
        "DJANGO_SETTINGS_MODULE": "adherents.config.settings",
    }
    server = os.environ.get("TEST_DATABASE_URL")
    if not server:
        yield environment
        return
    import psycopg

    name = f"killed_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield environment | {
                "ADHERENTS_DATABASE_URL": urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
            }
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.django_db
def test_an_import_that_is_killed_leaves_the_register_as_it_was(
    tmp_path: Path, installation: dict[str, str]
) -> None:
    def command(script: str, file: Path) -> list[str]:
        return [sys.executable, "-c", BEGINNING + script, str(file)]

    def told_by(script: str, file: Path) -> list[str]:
        done = subprocess.run(
            command(script, file),
            env=installation,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=120,
        )
        return done.stdout.splitlines()

    assert told_by(FIRST, write(tmp_path / "m.csv", CAST)) == ["9 9 True"]
    # Another file, known to be whole: all others are gone, and enough are new for the indexes to be made anew.
    other = tmp_path / "other.csv"
    invented.write_member_file(other, invented.members(6_000))
    with subprocess.Popen(
        command(STOPPING, other), env=installation, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == "6009 6009 True\n"
        child.kill()
    assert child.returncode == -signal.SIGKILL
    assert told_by(AFTERWARDS, other) == ["9 9 True", "6000 6009 True"]
