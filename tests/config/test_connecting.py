"""`adherents check --connect` as a whole: its lines, how it ends, and no password in them."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from adherents.config.connecting import cache, database, documents
from adherents.config.connecting.remarks import about_clocks, absent, fault, ok, warning, without_secrets
from tests.config.installation import once, run
from tests.ports import free_port

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def ended(*arguments: str) -> tuple[int, str]:
    """How the command ends, and what it says."""
    out = io.StringIO()
    try:
        call_command("check", "--tag=caches", "--connect", *arguments, stdout=out, no_color=True)
    except CommandError as error:
        return error.returncode, out.getvalue()
    return 0, out.getvalue()


@pytest.mark.django_db
def test_each_engine_has_its_line_and_none_that_is_not_set_is_a_fault() -> None:
    code, said = ended()
    assert code == 0, said
    names = [line.split(":")[0] for line in said.splitlines() if not line.startswith((" ", "System"))]
    assert list(dict.fromkeys(names)) == ["database", "keys", "storage", "cache", "antivirus", "mail", "dns"]
    assert "cache: none: this process's memory" in said


@pytest.mark.django_db
def test_how_it_ends_tells_a_program_how_bad_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "look", lambda: iter([warning("It forgets.", "Let it not.")]))
    assert ended()[0] == 0
    code, said = ended("--fail-level", "WARNING")
    assert code == 3
    assert "cache: warning: It forgets.\n    Let it not.\n" in said
    monkeypatch.setattr(documents, "look", lambda create: iter([fault("There is none.")]))
    assert ended()[0] == 2
    assert "storage: fault: There is none." in ended()[1]


@pytest.mark.django_db
def test_an_engine_that_fails_in_an_unforeseen_way_hides_none_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing() -> None:
        raise RuntimeError("postgresql://portal:pass-word@db")

    monkeypatch.setattr(database, "look", failing)
    code, said = ended()
    assert code == 2
    assert "database: fault: it could not be asked (RuntimeError)" in said
    assert "pass-word" not in said
    assert "storage: ok" in said


@pytest.mark.any_database
def test_no_password_is_ever_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library may quote the address that it was given, as it was given or decoded."""
    monkeypatch.setenv("ADHERENTS_DATABASE_URL", "postgresql://me:p%40ss%2Fword@db/portal")
    monkeypatch.setenv("ADHERENTS_STORAGE_URL", "s3://key:se%2Fcret@s3:9000/bucket")
    monkeypatch.setenv("ADHERENTS_CACHE_URL", "valkey://:open-sesame@cache:6379/0")
    monkeypatch.setenv("ADHERENTS_EMAIL_URL", "smtps://me:tell-no-one@relay")
    words = without_secrets(
        "p%40ss%2Fword p@ss/word se%2Fcret se/cret open-sesame tell-no-one at db, s3, cache and relay\nof key"
    )
    assert words == "… … … … … … at db, s3, cache and relay of key"


@pytest.mark.any_database
@once
def test_a_new_installation_is_told_what_to_do_first(tmp_path: Path) -> None:
    """In a process of its own, with engines that are not set up yet."""
    port = free_port()
    done = run(
        tmp_path,
        "check",
        "--connect",
        DATABASE_URL=f"postgresql://portal:pass-word@127.0.0.1:{port}/portal",
        CACHE_URL=f"valkey://:open-sesame@127.0.0.1:{port}/0",
    )
    assert done.returncode == 2
    assert "database: fault: Nothing listens there." in done.stdout
    assert "cache: fault: Nothing listens there." in done.stdout
    for secret in ("pass-word", "open-sesame", "Traceback"):
        assert secret not in done.stdout + done.stderr


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("theirs", "remarks"),
    [
        (0, []),
        (4, []),
        (-5, []),  # a second of theirs may have been cut off
        (6, ["warning"]),
        (-7, ["warning"]),
        (31, ["fault"]),
        (-3600, ["fault"]),
    ],
)
def test_clocks_are_apart_from_five_seconds_on(theirs: int, remarks: list[str]) -> None:
    told = about_clocks("theirs", NOON + timedelta(seconds=theirs), NOON, NOON + timedelta(milliseconds=1))
    assert [remark.gravity.value for remark in told] == remarks


@pytest.mark.any_database
def test_a_slow_answer_is_no_clock_apart(settings: LazySettings) -> None:
    """Their clock was read at some moment of the ten seconds that the answer took."""
    assert not list(about_clocks("theirs", NOON + timedelta(seconds=5), NOON, NOON + timedelta(seconds=10)))
    assert [ok("a").gravity, absent("b").gravity] == ["ok", "none"]
