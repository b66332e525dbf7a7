"""What is wrong with where a folder lies, or with who may write there: said by `adherents check` and before it is watched."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from adherents.folder import disk, sealing
from adherents.insurer.profile import profile


def errors_in(path: Path) -> Iterator[tuple[str, str]]:
    """What makes it unsafe on any machine, and what to do: two sentences each."""
    here = path.resolve()
    for what, place in _own_places():
        if here.is_relative_to(place) or place.is_relative_to(here):
            yield (
                f"The exchange folder {path} and the {what} lie in each other.",
                "Give the exchange folder a place of its own: others write there.",
            )


def unready_in(path: Path) -> Iterator[tuple[str, str]]:
    """Why this machine cannot watch it. Another one, which only serves the portal with the same settings, need not."""
    if not path.is_dir():
        yield f"The exchange folder {path} is not there.", f"install -d -o adherents -m 0750 {path}"
    to = profile().folder.recipient
    if to is not None:
        try:
            sealing.recipient(to)
        except sealing.NotARecipient as error:
            yield (
                f"Originals cannot be sealed to the recipient of the profile: {error}.",
                "See recipient in [folder].",
            )


def _own_places() -> list[tuple[str, Path]]:
    places = [("data folder", Path(settings.DATA_DIR))]
    backend: Any = settings.STORAGES["documents"]
    if location := backend.get("OPTIONS", {}).get("location"):
        places.append(("documents", Path(location)))
    return [(what, place.resolve()) for what, place in places]


def warnings_in(path: Path) -> Iterator[tuple[str, str]]:
    """What others may read or write there that they should not."""
    if _mode(path) & 0o022:
        yield (
            f"Other accounts may rename what is in the exchange folder {path}.",
            f"chmod go-w {path}: they write into members, beneficiaries and documents alone.",
        )
    open_to_all = [name for name in (*disk.INCOMING, *disk.OUTGOING) if _mode(path / name) & 0o007]
    if open_to_all:
        yield (
            f"Every account of this machine may open in the exchange folder: {', '.join(open_to_all)}.",
            f"chmod o-rwx {path}/*",
        )
    outgoing = [name for name in disk.OUTGOING if _mode(path / name) & 0o020]
    if outgoing:
        yield (
            f"Who sends files may change what the portal gives: {', '.join(outgoing)} of the exchange folder.",
            "chmod g-w them: who fetches files need not delete them.",
        )
    if profile().folder.originals and profile().folder.recipient is None:
        yield (
            "Members' documents go into the exchange folder in clear.",
            "Set recipient in [folder] of the profile to a public key of age, or keep that disk encrypted.",
        )


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0
