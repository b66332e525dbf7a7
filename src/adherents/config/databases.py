"""Where the rows are, as the environment says: the database, and the copy of it that heavy questions may be asked of."""

from typing import Any

import dj_database_url

from adherents.config.environment import WrongSetting, data_dir, split_address, text
from adherents.database import READER

# Of a PostgreSQL server, before the question is given up: seconds to connect, milliseconds without the network taking what was
# said. libpq's own are minutes, and each thread that waits is one page fewer.
SILENCE = {"connect_timeout": 5, "tcp_user_timeout": 10_000}
# Of the reader, which the database replaces at once.
READER_SILENCE = {"connect_timeout": 2, "tcp_user_timeout": 4_000}
SYNCHRONOUS = ("NORMAL", "FULL")
_POSTGRESQL = {"postgres", "postgresql", "pgsql"}
Database = dict[str, Any]


def database_url() -> str:
    return text("DATABASE_URL", f"sqlite:///{data_dir() / 'adherents.sqlite3'}")


def reader_url() -> str:
    """The standby that may be read; "" for none."""
    return text("DATABASE_READER_URL")


def synchronous() -> str:
    """How SQLite writes: NORMAL keeps the file whole whatever happens, FULL also what was committed just before a power cut."""
    given = text("SQLITE_SYNCHRONOUS", SYNCHRONOUS[0]).upper()
    if given not in SYNCHRONOUS:
        raise WrongSetting("ADHERENTS_SQLITE_SYNCHRONOUS should be NORMAL or FULL")
    return given


def database() -> Database:
    """What Django wants to know of the database: SQLite or PostgreSQL."""
    url, should = (
        database_url(),
        "like postgresql://user:password@host:5432/name or sqlite:////folder/file.sqlite3",
    )
    scheme = split_address("DATABASE_URL", url, should).scheme
    if scheme not in {"sqlite", *_POSTGRESQL}:
        raise WrongSetting(f"ADHERENTS_DATABASE_URL should be {should}")
    found = _parsed(url)
    if scheme == "sqlite":
        found["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": f"PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous()}; PRAGMA cache_size=-16000;",
        }
    else:
        found["OPTIONS"] = {**SILENCE, **found.get("OPTIONS", {})}
    return found


def reader() -> Database | None:
    """What Django wants to know of the reader; None: there is none."""
    url, should = reader_url(), "like postgresql://user:password@standby:5432/name, beside a PostgreSQL"
    if not url:
        return None
    ours = split_address("DATABASE_URL", database_url(), should).scheme
    if not {split_address("DATABASE_READER_URL", url, should).scheme, ours} <= _POSTGRESQL:
        raise WrongSetting(f"ADHERENTS_DATABASE_READER_URL should be {should}")
    found = _parsed(url)
    found["OPTIONS"] = {**READER_SILENCE, **found.get("OPTIONS", {})}
    return found


def configured() -> dict[str, Database]:
    """Each database under Django's name for it."""
    standby = reader()
    return {"default": database(), **({READER: standby} if standby else {})}


def _parsed(url: str) -> Database:
    return {**dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True)}
