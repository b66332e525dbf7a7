"""Production does not start with what `adherents check` calls unsafe, nor any command with a setting that is wrong."""

from pathlib import Path

import pytest

from tests.config.installation import SAFE, once, run


@once
def test_serve_refuses_to_start_in_production_and_says_everything_that_is_unsafe(tmp_path: Path) -> None:
    unsafe = {"BASE_URL": "http://espace.example.org", "LOG_LEVEL": "DEBUG"}
    refused = run(tmp_path, "serve", "--bind", "127.0.0.1:0", **unsafe)
    assert refused.returncode == 1
    for number in (1, 2, 4, 5, 6):
        assert f"adherents.E{number:03d}" in refused.stderr
    assert "Traceback" not in refused.stderr


@once
def test_no_other_way_in_leads_past_the_refusal(tmp_path: Path) -> None:
    refused = run(
        tmp_path, "serve", "--skip-checks", "--bind", "127.0.0.1:0", BASE_URL="https://espace.example.org"
    )
    assert refused.returncode != 0
    assert "The secret key is the one made for a trial." in refused.stderr


@once
def test_several_processes_without_a_shared_cache_are_refused(tmp_path: Path) -> None:
    refused = run(tmp_path, "serve", "--workers", "2", "--bind", "127.0.0.1:0", **SAFE)
    assert refused.returncode == 1
    assert "Several processes need a shared cache" in refused.stderr
    assert "Traceback" not in refused.stderr


@once
@pytest.mark.parametrize(
    ("setting", "value"),
    [("EMAIL_URL", "smtp://relay:none"), ("DATABASE_URL", "mongo://host"), ("PROFILE", "/nowhere.toml")],
)
def test_a_wrong_setting_stops_every_command_with_one_line(tmp_path: Path, setting: str, value: str) -> None:
    stopped = run(tmp_path, "check", **{setting: value})
    assert stopped.returncode == 1
    assert stopped.stderr.startswith("adherents: ")
    assert len(stopped.stderr.strip().splitlines()) == 1


@once
def test_a_wrong_profile_stops_with_the_line_and_the_key(tmp_path: Path) -> None:
    mese = (Path(__file__).resolve().parents[2] / "profiles" / "mese.toml").read_text()
    (tmp_path / "wrong.toml").write_text(mese.replace("idle_minutes = 20", 'idle_minutes = "vingt"'))
    stopped = run(tmp_path, "serve", PROFILE=str(tmp_path / "wrong.toml"))
    assert stopped.returncode == 1
    assert "idle_minutes" in stopped.stderr
    assert "Traceback" not in stopped.stderr
