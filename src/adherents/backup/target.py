"""Where a backup is restored to: nothing, or what a restore of the same backup left when it was stopped."""

import json
from pathlib import Path

from django.conf import settings
from django.db import connection

MARK = "restoring.json"  # in the data folder, from the first step of a restore to its last
PART = f"{MARK}.part"
_NOBODYS = {"lost+found", MARK, PART}


class NotEmpty(Exception):
    """A restore never writes over a portal. The words say what is there."""


def stopped_half_way() -> str:
    """The id of the backup whose restore did not come to its end here; "" where none was stopped."""
    mark = Path(settings.DATA_DIR) / MARK
    try:
        return str(json.loads(mark.read_text())["backup"])
    except FileNotFoundError:
        return ""


def check_empty(backup_id: str) -> None:
    """Raises `NotEmpty` unless nothing is there, or what was put there by a restore of this very backup."""
    data_dir, begun = Path(settings.DATA_DIR), stopped_half_way()
    if begun == backup_id:
        return
    if begun:
        raise NotEmpty(
            f"A restore of another backup ({begun}) was stopped in {data_dir}: run that one again, or empty the folder "
            "and the database"
        )
    there = [path.name for path in data_dir.iterdir() if path.name not in _NOBODYS]
    if there:
        raise NotEmpty(
            f"{data_dir} is not empty ({', '.join(sorted(there)[:3])}…): a restore writes over nothing"
        )
    # The folder is empty: a database file in it would be made by asking.
    file = connection.settings_dict["NAME"] if connection.vendor == "sqlite" else None
    if file is None or Path(str(file)).exists():
        tables = connection.introspection.table_names()
        if tables:
            raise NotEmpty(
                f"The database is not empty ({len(tables)} table(s)): a restore writes over nothing"
            )


def begin(backup_id: str) -> None:
    """From here on the portal refuses to start, until `end`."""
    mark = Path(settings.DATA_DIR) / MARK
    part = mark.with_name(PART)
    part.write_text(json.dumps({"backup": backup_id}))
    part.rename(mark)


def end() -> None:
    (Path(settings.DATA_DIR) / MARK).unlink(missing_ok=True)
