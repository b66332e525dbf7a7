"""Migrations that keep the portal serving while they run: what reads a whole table does it beside the writes, not in their way.

Such a migration says `atomic = False`, and holds nothing else. On SQLite, which has one writer at a time anyway, it is done as
usual.
"""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently as AddOnPostgresql
from django.contrib.postgres.operations import RemoveIndexConcurrently as RemoveOnPostgresql
from django.db import transaction
from django.db.migrations.operations import AddConstraint, AddIndex, AlterField, RemoveIndex

VALID = """
    SELECT indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE relname = %s AND pg_table_is_visible(pg_class.oid)
"""


class AddIndexConcurrently(AddOnPostgresql):
    """Begun again after it was broken off: PostgreSQL leaves an index there that is not valid and helps no query."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)
            return
        if not schema_editor.collect_sql:
            self._drop_what_is_not_valid(schema_editor)
        super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            AddIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)
            return
        super().database_backwards(app_label, schema_editor, from_state, to_state)

    def _drop_what_is_not_valid(self, schema_editor: Any) -> None:
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(VALID, [self.index.name])
            if cursor.fetchone() == (False,):
                name = schema_editor.quote_name(self.index.name)
                cursor.execute(f"DROP INDEX CONCURRENTLY {name}")


class RemoveIndexConcurrently(RemoveOnPostgresql):
    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            RemoveIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)
            return
        super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            RemoveIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)
            return
        super().database_backwards(app_label, schema_editor, from_state, to_state)


class RequireColumn(AlterField):
    """A column that has a value in every row gets NOT NULL. Its rows are read while others write: a constraint is proved first,
    and PostgreSQL believes it. Each statement holds its lock for a moment, in a transaction of its own.

    Begun again after it was broken off, it begins anew.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        connection = schema_editor.connection
        model = to_state.apps.get_model(app_label, self.model_name)
        if connection.vendor != "postgresql":
            # SQLite writes the table anew: in one transaction, or there is none for a moment.
            with transaction.atomic(using=connection.alias):
                super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        if not self.allow_migrate_model(connection.alias, model):
            return
        table = schema_editor.quote_name(model._meta.db_table)
        column = schema_editor.quote_name(model._meta.get_field(self.name).column)
        proof = schema_editor.quote_name(f"{self.model_name_lower}_{self.name}_is_filled")
        for change in (
            f"DROP CONSTRAINT IF EXISTS {proof}",
            f"ADD CONSTRAINT {proof} CHECK ({column} IS NOT NULL) NOT VALID",
            f"VALIDATE CONSTRAINT {proof}",
            f"ALTER COLUMN {column} SET NOT NULL",
            f"DROP CONSTRAINT {proof}",
        ):
            with transaction.atomic(using=connection.alias):
                schema_editor.execute(f"ALTER TABLE {table} {change}")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        with transaction.atomic(using=schema_editor.connection.alias):
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class AddConstraintBeside(AddConstraint):
    """A condition that new rows must meet at once, and that the old ones are read for while others write. Alone with its like in
    a migration that says `atomic = False`.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        connection = schema_editor.connection
        model = to_state.apps.get_model(app_label, self.model_name)
        if connection.vendor != "postgresql":
            with transaction.atomic(using=connection.alias):
                super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        if not self.allow_migrate_model(connection.alias, model):
            return
        table = schema_editor.quote_name(model._meta.db_table)
        name = schema_editor.quote_name(self.constraint.name)
        added = self.constraint.create_sql(model, schema_editor)
        for change in (
            f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}",
            f"{added} NOT VALID",
            f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}",
        ):
            with transaction.atomic(using=connection.alias):
                schema_editor.execute(change)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        with transaction.atomic(using=schema_editor.connection.alias):
            super().database_backwards(app_label, schema_editor, from_state, to_state)
