"""What a thief of the database would read."""

from itertools import chain
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import BinaryField, ExpressionWrapper, F, Model, QuerySet

from adherents.crypto.fields import EncryptedTextField


def every_row() -> dict[str, list[tuple[Any, ...]]]:
    """All the rows of all the models, by the model's name and in the order of their keys; sealed cells as they are."""
    rows_by_model = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            key = model._meta.pk.column
            cursor.execute(f'SELECT * FROM "{model._meta.db_table}" ORDER BY "{key}"')
            rows_by_model[model.__name__] = [
                tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row)
                for row in cursor.fetchall()
            ]
    return rows_by_model


def everything_stored() -> bytes:
    """All the bytes of all the tables, sealed ones as they are."""
    cells = chain.from_iterable(chain.from_iterable(every_row().values()))
    return b"\n".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in cells)


def as_stored(rows: QuerySet[Any]) -> list[dict[str, object]]:
    """Each row with all its columns as the database has them, sealed ones too."""
    columns = rows.model._meta.concrete_fields
    sealed = [column.attname for column in columns if isinstance(column, EncryptedTextField)]
    plain = [column.attname for column in columns if column.attname not in sealed]
    raw = {f"sealed_{name}": ExpressionWrapper(F(name), output_field=BinaryField()) for name in sealed}
    return [
        {
            name.removeprefix("sealed_"): bytes(cell) if isinstance(cell, memoryview) else cell
            for name, cell in row.items()
        }
        for row in rows.values(*plain, **raw)
    ]


def stored(row: Model, column: str) -> bytes:
    """What the database has in one column of this row now."""
    (cells,) = as_stored(type(row)._base_manager.filter(pk=row.pk))
    cell = cells[column]
    assert isinstance(cell, bytes)
    return cell
