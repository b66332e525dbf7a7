"""Writing what is counted: one more in the transaction of the act, and counting a week again."""

from collections.abc import Sequence

from django.db import connection, models
from django.db.models import F

from adherents.database.transactions import needs_transaction

Cell = tuple[tuple[str, object], ...]


@needs_transaction
def add_to_tally(model: type[models.Model], cell: Cell, columns: Sequence[str], number: int = 1) -> None:
    """Add one in these columns of a cell's row, or take one away (`number` -1), in the caller's transaction.

    The first one makes the row. What was never counted is not taken away. Call it last: others of the same cell wait for the end
    of the transaction.
    """
    rows = model._default_manager.filter(**dict(cell))
    if number < 0:
        counted = {f"{column}__gt": 0 for column in columns}
        rows.filter(**counted).update(**{column: F(column) - 1 for column in columns})
        return
    one_more = {column: F(column) + 1 for column in columns}
    if not rows.update(**one_more):
        model._default_manager.bulk_create([model(**dict(cell))], ignore_conflicts=True)
        rows.update(**one_more)


@needs_transaction
def hold_back_tallies(*tables: type[models.Model]) -> None:
    """Let nobody else add to these tallies until the end, in the caller's transaction. SQLite has one writer in any case."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for model in tables:
                table = connection.ops.quote_name(model._meta.db_table)
                cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
