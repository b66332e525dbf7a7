"""The reader: is it a standby of the database, and how far behind is it?"""

from dataclasses import replace

from django.db import Error, connections

from adherents.config.connecting import database
from adherents.config.connecting.remarks import Remarks, fault, ok, warning
from adherents.database import READER
from adherents.database.reader import bytes_behind, why_never_asked

SETTING = "ADHERENTS_DATABASE_READER_URL"
FAR_BEHIND = 64 * 1024 * 1024


def look() -> Remarks:
    try:
        connections[READER].ensure_connection()
    except Error as error:
        why = database.reason(str(error))
        yield replace(why, hint=why.hint.replace(database.SETTING, SETTING))
        return
    if why_never := why_never_asked():
        yield fault(
            f"It is never asked: {why_never}.", f"Name a streaming standby of the database in {SETTING}."
        )
        return
    behind = bytes_behind()
    yield ok(f"a standby, {behind / 1024:.0f} kB behind")
    if behind > FAR_BEHIND:
        yield warning(
            "It is far behind: the database is asked in its place until it has caught up.",
            "Look at pg_stat_replication on the database, and at the standby's log.",
        )
