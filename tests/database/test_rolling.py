"""A column that is added, filled and then required while the version before writes; what that version needs of the tables."""

import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddField, AlterField
from django.db.migrations.state import ModelState, ProjectState

from adherents.config.management.commands import migrate
from adherents.database import filling
from adherents.database.filling import Fill
from adherents.database.operations import RequireColumn

FILL = Fill("mail_thing", "loud", "colour IN ('red', 'orange')")
MAYBE = models.BooleanField(null=True)
DEFAULT = models.BooleanField(null=True, default=False, db_default=False)
REQUIRED = models.BooleanField(default=False, db_default=False)


def states(*operations: Any) -> list[ProjectState]:
    """Before each of these operations, and after the last."""
    found = [ProjectState()]
    found[0].add_model(
        ModelState(
            "mail", "Thing", [("id", models.AutoField(primary_key=True)), ("colour", models.TextField())]
        )
    )
    for operation in operations:
        found.append(found[-1].clone())
        operation.state_forwards("mail", found[-1])
    return found


OPERATIONS = [
    AddField("Thing", "loud", MAYBE),
    AlterField("Thing", "loud", DEFAULT),
    RequireColumn("Thing", "loud", REQUIRED),
]
STATES = states(*OPERATIONS)


def apply(number: int, *, backwards: bool = False) -> None:
    operation, before, after = OPERATIONS[number], STATES[number], STATES[number + 1]
    with connection.schema_editor(atomic=not isinstance(operation, RequireColumn)) as editor:
        if backwards:
            operation.database_backwards("mail", editor, after, before)
        else:
            operation.database_forwards("mail", editor, before, after)


def write(*colours: str) -> None:
    """As the version that does not know the new column."""
    with connection.cursor() as cursor:
        for colour in colours:
            cursor.execute("INSERT INTO mail_thing (colour) VALUES (%s)", [colour])


def things() -> list[tuple[str, bool | None]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT colour, loud FROM mail_thing ORDER BY id")
        return [(colour, None if loud is None else bool(loud)) for colour, loud in cursor.fetchall()]


@pytest.fixture
def added(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A table with five old rows, whose new column is not filled yet, and batches of two."""
    monkeypatch.setattr(filling, "BATCH", 2)
    thing = STATES[0].apps.get_model("mail", "Thing")
    with connection.schema_editor() as editor:
        editor.create_model(thing)
    write("red", "blue", "orange", "green", "red")
    apply(0)
    apply(1)
    yield
    with connection.schema_editor() as editor:
        editor.delete_model(thing)


@pytest.mark.django_db(transaction=True)
def test_old_rows_are_filled_and_the_version_before_writes_at_each_step(added: None) -> None:
    write("red")
    assert things() == [(colour, None) for colour in ("red", "blue", "orange", "green", "red")] + [
        ("red", False)
    ]
    assert FILL.run(connection) == 5
    filled = [
        ("red", True),
        ("blue", False),
        ("orange", True),
        ("green", False),
        ("red", True),
        ("red", False),
    ]
    assert things() == filled
    apply(2)
    write("orange")
    assert things() == [*filled, ("orange", False)]
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE mail_thing SET loud = NULL")
    apply(2, backwards=True)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE mail_thing SET loud = NULL")


@pytest.mark.django_db(transaction=True)
def test_what_was_stopped_goes_on_where_it_was(added: None, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def stopped(seconds: float) -> None:
        seen.append(seconds)
        raise KeyboardInterrupt

    monkeypatch.setattr(filling.time, "sleep", stopped)
    with pytest.raises(KeyboardInterrupt):
        FILL.run(connection)
    assert [loud for _, loud in things()] == [True, False, None, None, None]
    monkeypatch.setattr(filling.time, "sleep", seen.append)
    assert FILL.run(connection) == 3
    assert FILL.run(connection) == 0
    assert all(pause > 0 for pause in seen), "half of the time is the portal's"


def waiting_for_nothing(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """In each transaction, and never in a session, which a pooler gives to somebody else."""
    if context["connection"].in_atomic_block:
        context["connection"].connection.execute("SET LOCAL lock_timeout = '1ms'")
    return execute(sql, params, many, context)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_row_that_a_transaction_holds_is_filled_later_and_not_waited_for(added: None) -> None:
    values = connection.get_connection_params()
    named = {name: values[name] for name in ("dbname", "host", "port", "user", "password") if name in values}
    with psycopg.connect(**named) as worker:
        worker.execute("SELECT 1 FROM mail_thing WHERE id = (SELECT min(id) FROM mail_thing) FOR UPDATE")
        threading.Timer(0.5, worker.rollback).start()
        with connection.execute_wrapper(waiting_for_nothing):
            assert FILL.run(connection) == 5
    assert all(loud is not None for _, loud in things())


@pytest.mark.any_database
@pytest.mark.django_db(transaction=True)
def test_sqlite_is_never_without_the_table_that_it_writes_anew(added: None) -> None:
    FILL.run(connection)
    outside: list[str] = []

    def noted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("DROP", "ALTER")) and not connection.in_atomic_block:
            outside.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(noted):
        apply(2)
        apply(2, backwards=True)
    assert outside == []


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_requiring_waits_for_no_reader_and_can_be_broken_off(
    added: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that are still empty are refused, and nothing half-done stands in the way of the next time."""
    with pytest.raises(IntegrityError):
        apply(2)
    FILL.run(connection)
    statements: list[str] = []

    def noted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(noted), connection.execute_wrapper(migrate.gives_up_soon):
        apply(2)
    order = [word for sql in statements for word in ("NOT VALID", "VALIDATE", "SET NOT NULL") if word in sql]
    assert order == ["NOT VALID", "VALIDATE", "SET NOT NULL"]
    with connection.cursor() as cursor:
        assert not [
            name
            for name in connection.introspection.get_constraints(cursor, "mail_thing")
            if "filled" in name
        ]


@pytest.mark.any_database
def test_migrate_fills_before_it_begins_the_migration_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(Fill, "run", lambda self, connection: order.append("filled") or 3)
    command = migrate.Command()
    command._connection, command.verbosity = connection, 0
    migration = type("Migration", (), {"filled_before": [FILL]})()
    command.migration_progress_callback("apply_start", migration, True)
    command.migration_progress_callback("apply_success", migration, False)
    assert order == []
    command.migration_progress_callback("apply_start", migration, False)
    assert order == ["filled"]


@pytest.mark.django_db(transaction=True)
def test_the_column_of_urgent_mails_comes_and_goes_over_rows(settings: Any) -> None:
    """The real one, through the command: rows of the version before are filled by what they are."""
    from adherents.mail.models import OutboxMail

    call_command("migrate", "mail", "0004", verbosity=0)
    try:
        before = MigrationLoader(connection).project_state([("mail", "0004_cause")]).apps
        for name in ("accounts/reset_link", "accounts/locked"):
            before.get_model("mail", "OutboxMail").objects.create(
                name=name, recipient="", language="fr", context=""
            )
    finally:
        call_command("migrate", "mail", verbosity=0)
    assert dict(OutboxMail.objects.values_list("name", "urgent")) == {
        "accounts/reset_link": True,
        "accounts/locked": False,
    }


@pytest.mark.any_database
def test_the_version_before_can_read_and_write_every_table_of_this_one() -> None:
    """0.1.0 had one migration in each of ten rooms. What it wrote and read is there, and it owes nothing that came since."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    ours = {
        app
        for (app, _), node in loader.disk_migrations.items()
        if type(node).__module__.startswith("adherents.")
    }
    since = {"api", "backup", "desk", "feed", "folder", "notes", "reading", "webhooks", "work"}
    assert len(ours - since) == 10
    before = loader.project_state([(app, "0001_initial") for app in sorted(ours - since)]).apps
    now = loader.project_state().apps
    for old in before.get_models(include_auto_created=True):
        if old._meta.app_label not in ours:
            continue
        new = now.get_model(old._meta.app_label, old._meta.model_name)
        assert new._meta.db_table == old._meta.db_table
        columns = {field.column: field for field in new._meta.local_concrete_fields}
        for field in old._meta.local_concrete_fields:
            kept = columns.pop(field.column)
            assert kept.db_type(connection) == field.db_type(connection), field
            assert kept.null or not field.null, field
        for field in columns.values():
            assert field.null or field.has_db_default(), (
                f"{field} is required of a version that does not know it"
            )
