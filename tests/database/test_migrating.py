"""Migrations beside a portal that serves: they wait for no lock for long, and build indexes out of the way."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, models
from django.db.migrations.state import ModelState, ProjectState
from scripts.frozen_migrations import changed, frozen

from adherents.config.management.commands import migrate
from adherents.database.operations import AddIndexConcurrently, RemoveIndexConcurrently
from tests.config.installation import once

INDEX = models.Index(fields=["colour"], name="things_colour")


def states() -> tuple[ProjectState, ProjectState]:
    before = ProjectState()
    before.add_model(
        ModelState(
            "mail", "Thing", [("id", models.AutoField(primary_key=True)), ("colour", models.TextField())]
        )
    )
    after = before.clone()
    AddIndexConcurrently("Thing", INDEX).state_forwards("mail", after)
    return before, after


@pytest.fixture
def table(transactional_db: None) -> Iterator[tuple[ProjectState, ProjectState]]:
    before, after = states()
    thing = before.apps.get_model("mail", "Thing")
    with connection.schema_editor() as editor:
        editor.create_model(thing)
    yield before, after
    with connection.schema_editor() as editor:
        editor.delete_model(thing)


def indexes() -> dict[str, Any]:
    with connection.cursor() as cursor:
        return connection.introspection.get_constraints(cursor, "mail_thing")


def apply(operation: Any, before: ProjectState, after: ProjectState, *, backwards: bool = False) -> None:
    with connection.schema_editor(atomic=False) as editor:
        if backwards:
            operation.database_backwards("mail", editor, after, before)
        else:
            operation.database_forwards("mail", editor, before, after)


@pytest.mark.django_db(transaction=True)
def test_an_index_is_added_and_removed_on_each_database(table: tuple[ProjectState, ProjectState]) -> None:
    before, after = table
    add, remove = AddIndexConcurrently("Thing", INDEX), RemoveIndexConcurrently("Thing", INDEX.name)
    apply(add, before, after)
    assert INDEX.name in indexes()
    apply(add, before, after, backwards=True)
    assert INDEX.name not in indexes()
    apply(remove, after, before, backwards=True)
    assert INDEX.name in indexes()
    apply(remove, after, before)
    assert INDEX.name not in indexes()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_an_index_whose_building_was_broken_off_is_built_again(
    table: tuple[ProjectState, ProjectState],
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO mail_thing (colour) VALUES ('red'), ('red')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            cursor.cursor.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {INDEX.name} ON mail_thing (colour)")
    assert INDEX.name in indexes()
    apply(AddIndexConcurrently("Thing", INDEX), *table)
    assert not indexes()[INDEX.name]["unique"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = %s::regclass", [INDEX.name])
        assert cursor.fetchone() == (True,)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_table_in_use_is_given_up_and_nobody_waits_behind(
    table: tuple[ProjectState, ProjectState], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, _ = table
    thing = before.apps.get_model("mail", "Thing")
    monkeypatch.setattr(migrate, "LOCK_SECONDS", 0.2)
    field = models.TextField(null=True)
    field.set_attributes_from_name("shape")
    values = connection.get_connection_params()
    reader = psycopg.connect(
        **{name: values[name] for name in ("dbname", "host", "port", "user", "password") if name in values}
    )
    with reader, connection.execute_wrapper(migrate.gives_up_soon):
        reader.execute("SELECT * FROM mail_thing")
        with (
            pytest.raises(OperationalError, match="lock timeout"),
            connection.schema_editor(atomic=True) as editor,
        ):
            editor.add_field(thing, field)
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)


class TestTryingAgain:
    """The command, whose statements fail as PostgreSQL makes them fail."""

    @pytest.fixture(autouse=True)
    def _on_postgresql(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connection, "vendor", "postgresql")
        monkeypatch.setattr(migrate, "PAUSES", (0, 0))

    def failing(self, monkeypatch: pytest.MonkeyPatch, *errors: Exception) -> list[Exception]:
        left = list(errors)

        def handle(*_: Any, **__: Any) -> None:
            if left:
                raise left.pop(0)

        monkeypatch.setattr(migrate.migrate.Command, "handle", handle)
        return left

    def busy(self) -> OperationalError:
        error = OperationalError("canceling statement due to lock timeout")
        error.__cause__ = psycopg.errors.LockNotAvailable()
        return error

    def test_it_tries_again_while_a_table_is_in_use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        left = self.failing(monkeypatch, self.busy(), self.busy())
        call_command("migrate", skip_checks=True)
        assert left == []

    def test_it_says_so_in_words_when_it_stays_in_use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.failing(monkeypatch, *(self.busy() for _ in range(3)))
        with pytest.raises(CommandError, match="run the command again"):
            call_command("migrate", skip_checks=True)

    def test_another_failure_is_told_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        left = self.failing(monkeypatch, OperationalError("no such table"), self.busy())
        with pytest.raises(OperationalError, match="no such table"):
            call_command("migrate", skip_checks=True)
        assert len(left) == 1


@once
def test_what_was_released_never_changes() -> None:
    assert len(frozen()) >= 10
    assert changed() == []
