"""SQLite or PostgreSQL: is it there, may we write, is it ours, and at this version's tables?"""

import os
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from django.db import Error, NotSupportedError, connection, transaction
from django.db.migrations.exceptions import InconsistentMigrationHistory
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from adherents.config import databases
from adherents.config.connecting import tls
from adherents.config.connecting.remarks import Remark, Remarks, about_clocks, fault, ok, warning
from adherents.crypto.keys import keyring
from adherents.crypto.rotation import COVERED, sampled_keys

SETTING = "ADHERENTS_DATABASE_URL"
# What libpq and the server say, in English and in French: a server speaks its own language.
REASONS = [
    (
        r"password authentication failed|no password supplied|authentification par mot de passe",
        "The server refuses the user or the password.",
        f"Look at {SETTING}; special characters of a password are percent-encoded (@ is %40).",
    ),
    (
        r"role .* does not exist|le rôle .* n.existe pas",
        "The server has no such user.",
        f"Look at {SETTING}, or make the user (CREATE ROLE … LOGIN PASSWORD …).",
    ),
    (
        r"database .* does not exist|la base de données .* n.existe pas",
        "The server has no such database.",
        "Make it: CREATE DATABASE … OWNER … ENCODING 'UTF8'.",
    ),
    (
        r"no pg_hba\.conf entry|pg_hba\.conf",
        "The server does not let this user in from this machine.",
        "Add a line to its pg_hba.conf, and reload it.",
    ),
    (
        r"could not translate host name|failed to resolve host|name or service not known|name resolution|nodename nor servname",
        "No machine has this name.",
        f"Look at the host in {SETTING}.",
    ),
    (
        r"connection refused|no such file or directory|connexion refusée",
        "Nothing listens there.",
        f"Is the server started, and are host and port of {SETTING} right?",
    ),
    (
        r"timeout expired|timed out|connection timeout",
        "The server does not answer.",
        "Is a firewall in between?",
    ),
    (
        r"no route to host|network is unreachable",
        "No way leads to the server.",
        f"Look at the host in {SETTING}, and at the network.",
    ),
    (
        r"too many clients|remaining connection slots",
        "The server has no connection left.",
        "Raise max_connections.",
    ),
    (
        r"does not support ssl",
        "The server speaks no TLS.",
        "Set ssl = on and its certificate in postgresql.conf.",
    ),
    (
        r"root certificate file",
        "The authority that vouches for the server is not given.",
        "Name its file: ?sslmode=verify-full&sslrootcert=/etc/ssl/authority.pem",
    ),
    (
        r"unsupported startup parameter",
        "The pooler refuses a parameter of the address.",
        f"Take options=… out of {SETTING}, and give it to the user instead: ALTER ROLE … SET …",
    ),
    (
        r"query_wait_timeout|no more connections allowed",
        "The pooler has no connection left.",
        "Raise default_pool_size or max_client_conn of PgBouncer.",
    ),
    (
        r"server_login_retry|server login (has been )?fail",
        "The pooler does not get into the server.",
        "Look at PgBouncer's log, its [databases] and its auth_file.",
    ),
    (r"starting up|shutting down|recovery", "The server is starting or stopping.", "Try again in a minute."),
]


def look() -> Remarks:
    """The connection first; what else there is to say needs one."""
    faults = list(_connection())
    yield from faults
    if faults:
        return
    if connection.vendor == "postgresql":
        yield from _postgresql()
    else:
        yield from _sqlite()
    yield from _tables()


def look_at_keys() -> Remarks:
    """Whether the master keys that are here sealed what the database holds. A few rows of each table are asked, none opened."""
    from django.apps import apps

    held = {key.id for key in keyring().keys}
    rows, foreign, tables = 0, 0, set[str]()
    try:
        for label, column in sorted(COVERED):
            for key_id, count in sampled_keys(apps.get_model(label), column).items():
                rows += count
                if key_id not in held:
                    foreign += count
                    tables.add(label)
    except Error:  # said of the database
        return
    if foreign:
        yield fault(
            f"{foreign} of {rows} sealed values that were looked at are sealed under a master key that is not here "
            f"({', '.join(sorted(tables))}).",
            "ADHERENTS_MASTER_KEY should hold every key that sealed something; verify_vault and rotate_keys name the rows.",
        )
    else:
        yield ok(
            f"{len(held)} here, and {rows} sealed values are under them" if rows else "nothing is sealed yet"
        )


def _connection() -> Remarks:
    try:
        connection.ensure_connection()
        connection.check_database_version_supported()  # Django itself asks once a process
    except NotSupportedError as error:
        yield fault(f"The server is too old: {error}", "Upgrade it.")
    except Error as error:
        yield from _certificate() if _speaks_tls() else ()
        yield reason(str(error))


def reason(said: str) -> Remark:
    """What libpq or the server said, in words."""
    for pattern, words, hint in REASONS:
        if re.search(pattern, said, re.IGNORECASE):
            return fault(words, hint)
    return fault(f"No connection: {said}")


def _speaks_tls() -> bool:
    url = urlsplit(databases.database_url())
    mode = parse_qs(url.query).get("sslmode", [""])[0]
    return bool(url.hostname) and mode in {"verify-ca", "verify-full"}


def _certificate() -> Remarks:
    """In words of our own: libpq only says that verifying failed."""
    url = urlsplit(databases.database_url())
    options = parse_qs(url.query)
    authority = options.get("sslrootcert", ["system"])[0]
    yield from tls.look(
        url.hostname or "",
        url.port or 5432,
        authority=None if authority == "system" else authority,
        names_host=options["sslmode"][0] == "verify-full",
        postgresql=True,
    )


def _postgresql() -> Remarks:
    with connection.cursor() as cursor:
        before = timezone.now()
        cursor.execute("SELECT clock_timestamp()")
        (theirs,) = cursor.fetchone()
        after = timezone.now()
        cursor.execute(
            "SELECT current_setting('server_version'), pg_is_in_recovery(), current_setting('transaction_read_only'), "
            "current_setting('server_encoding'), has_schema_privilege(current_schema(), 'CREATE'), "
            "has_database_privilege(current_database(), 'TEMP')"
        )
        version, is_copy, read_only, encoding, may_create, may_stage = cursor.fetchone()
    yield ok(f"PostgreSQL {version}")
    yield from about_clocks("the database", theirs, before, after)
    if is_copy or read_only == "on":
        yield fault(
            "Nothing can be written: it is a copy, or read-only.", f"Name the primary server in {SETTING}."
        )
    if encoding != "UTF8":
        yield fault(
            f"Its encoding is {encoding}: names would be refused.", "Make the database with ENCODING 'UTF8'."
        )
    if not may_create:
        yield fault(
            "The user may make no tables: adherents migrate would fail.", "GRANT CREATE ON SCHEMA … TO …"
        )
    if not may_stage:
        yield fault(
            "The user may make no temporary tables: import_members would fail.",
            "GRANT TEMPORARY ON DATABASE … TO …",
        )
    yield from _pooler()
    if _speaks_tls():
        yield from _certificate()


def _pooler() -> Remarks:
    """Whether a pooler is in between, and leaves a transaction to the portal. In any other mode than statement mode it does."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid(), current_setting('synchronous_commit')")
            session, commits = cursor.fetchone()
    except Error as error:
        if "statement pooling" not in str(error):
            raise
        yield fault(
            "A pooler in statement mode is in between: it takes transactions apart.",
            "Set pool_mode = transaction in PgBouncer.",
        )
        return
    if session != connection.connection.info.backend_pid:  # it gives its clients numbers of its own
        yield ok("through a pooler")
        if connection.settings_dict["OPTIONS"].get("prepare_threshold") is not None:
            yield warning(
                "Statements are prepared in the session, which another transaction does not have.",
                f"Take prepare_threshold out of {SETTING}.",
            )
    if commits == "off":
        yield warning(
            "synchronous_commit is off: what was acknowledged may be lost with the server.",
            "ALTER ROLE … SET synchronous_commit = on",
        )


def _sqlite() -> Remarks:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sqlite_version()")
        (version,) = cursor.fetchone()
    yield ok(f"SQLite {version}")
    file = Path(str(connection.settings_dict["NAME"]))
    # Beside the file, SQLite writes its log of what is not yet in it.
    closed = [str(path) for path in (file, file.parent) if path.exists() and not os.access(path, os.W_OK)]
    if closed:
        yield fault(
            f"Nothing can be written: {closed[0]} is read-only.", "chown it to the service's account."
        )


def _tables() -> Remarks:
    try:
        executor = MigrationExecutor(connection)
        pending = [migration for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    except InconsistentMigrationHistory as error:
        yield fault(f"The migrations were applied in another order: {error}", "Restore the backup of before.")
        return
    if pending:
        first = ", ".join(str(migration) for migration in pending[:3])
        yield fault(
            f"{len(pending)} migrations are pending ({first}{'…' if len(pending) > 3 else ''}).",
            "Back the database up, then run: adherents migrate",
        )
    ours = {app for app, _ in executor.loader.disk_migrations}
    newer = [
        f"{app}.{name}"
        for app, name in executor.loader.applied_migrations
        if app in ours and (app, name) not in executor.loader.disk_migrations
    ]
    if newer:
        yield warning(
            f"A newer version made these tables: {', '.join(sorted(newer)[:3])}.",
            "Install that version again, or restore the database that this one had.",
        )
