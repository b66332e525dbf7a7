"""Migrations that keep the portal serving while they run: an index is built beside the writes, not in their way.

Such a migration says `atomic = False`, and holds nothing else. On SQLite, which has one writer at a time anyway, the index is
built as usual.
"""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently as AddOnPostgresql
from django.contrib.postgres.operations import RemoveIndexConcurrently as RemoveOnPostgresql
from django.db.migrations.operations import AddIndex, RemoveIndex

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
