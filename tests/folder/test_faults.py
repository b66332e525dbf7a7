"""What `adherents check` says of the exchange folder, and what the profile may say of it."""

from pathlib import Path
from typing import Any

import pyrage
import pytest

from adherents.config import exchange_folder
from adherents.config.environment import WrongSetting
from adherents.insurer.profile import WrongProfile, load_profile, profile
from tests.folder.exchange import Exchange

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def path(tmp_path: Path, settings: Any) -> Path:
    """As the documentation makes it, and as the command finds it."""
    folder = tmp_path / "exchange"
    folder.mkdir(mode=0o750)
    with Exchange.opened(folder):
        pass
    settings.ADHERENTS_FOLDER = folder
    return folder


def found() -> list[str]:
    return [message.id.removeprefix("adherents.") for message in exchange_folder.folder(None)]


def test_a_folder_as_the_documentation_makes_it_is_left_alone_and_none_is_needed(
    path: Path, settings: Any
) -> None:
    assert found() == []
    settings.ADHERENTS_FOLDER = None
    assert found() == []


def test_a_folder_where_others_may_write_or_read_is_warned_of(path: Path) -> None:
    for place, mode in ((path, 0o777), (path / "members", 0o775), (path / "decisions", 0o770)):
        before = place.stat().st_mode
        place.chmod(mode)
        assert found() == ["W015"], place
        place.chmod(before)
    assert found() == []


def test_a_folder_in_the_data_folder_or_around_it_is_unsafe(path: Path, settings: Any) -> None:
    data = Path(settings.DATA_DIR)
    documents = Path(settings.STORAGES["documents"]["OPTIONS"]["location"])
    for place in (data / "x", data, data.parent, documents / "x"):
        settings.ADHERENTS_FOLDER = place
        assert "E012" in found(), place
    (path / "link").symlink_to(data)
    settings.ADHERENTS_FOLDER = path / "link"
    assert "E012" in found()
    settings.ADHERENTS_FOLDER = path / "none"  # on this machine, which may only serve the portal
    assert found() == ["W015"]


def test_originals_in_clear_and_a_recipient_that_is_none_are_said(path: Path, settings: Any) -> None:
    def said(**rules: object) -> list[str]:
        changed = profile().folder.model_copy(update=rules)
        settings.ADHERENTS_PROFILE = profile().model_copy(update={"folder": changed})
        return found()

    good = str(pyrage.x25519.Identity.generate().to_public())
    assert said(originals=True) == ["W015"]
    assert said(originals=True, recipient=good) == []
    assert said(originals=True, recipient=good[:-1] + ("q" if good[-1] != "q" else "p")) == ["W015"]


def test_the_profile_takes_a_public_key_and_no_private_one(tmp_path: Path) -> None:
    text = (ROOT / "profiles" / "mese.toml").read_text()
    for wrong in ("AGE-SECRET-KEY-1WG640", "ssh-ed25519 AAAA", "age1"):
        file = tmp_path / "p.toml"
        file.write_text(text.replace('# recipient = "age1…"', f'recipient = "{wrong}"'))
        with pytest.raises(WrongProfile, match="public key of age"):
            load_profile(file)


def test_the_setting_is_a_whole_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADHERENTS_FOLDER", "echange")
    with pytest.raises(WrongSetting, match="whole path"):
        exchange_folder.exchange_folder()
