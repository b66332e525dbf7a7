"""What a thief of the database would read."""

from django.apps import apps
from django.db import connection


def everything_stored() -> bytes:
    """All the bytes of all the tables, sealed ones as they are."""
    stored: list[bytes] = []
    with connection.cursor() as cursor:
        for table in sorted({model._meta.db_table for model in apps.get_models()}):
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                stored += [
                    bytes(cell) if isinstance(cell, bytes | memoryview) else str(cell).encode()
                    for cell in row
                ]
    return b"\n".join(stored)
