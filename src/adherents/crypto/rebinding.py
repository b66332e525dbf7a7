"""For migrations only: what was sealed for its column alone is sealed anew for its row, once.

That older form is opened nowhere else: whoever could write to the database would put it back.
"""

import logging
from collections.abc import Callable
from itertools import chain
from typing import Any

from django.db import models

from adherents.crypto.fields import EncryptedTextField
from adherents.crypto.keys import ALONE, CannotOpen, keyring
from adherents.crypto.rotation import Stored, each_row
from adherents.crypto.rows import encrypted_columns

log = logging.getLogger("adherents.crypto")


def bind_to_rows(model: type[models.Model], *, clear_of: Callable[[str, Stored], str] | None = None) -> None:
    """Seal each value of the model's encrypted columns for its row, as the model at this point of the migrations says.

    `clear_of`: what becomes of a clear text, given its row as stored. A value that does not open is logged, and stays closed.
    Idempotent, a few hundred rows at once.
    """
    columns = list(encrypted_columns(model))
    paths = list(dict.fromkeys(chain.from_iterable(column.bound_to for column in columns)))

    def anew(row: Stored) -> Stored:
        change: Stored = {}
        for column in columns:
            if row[column.attname][:1] != ALONE:
                continue
            identity = [row[path] for path in column.bound_to]
            try:
                clear = _clear(column, row, clear_of)
            except CannotOpen:
                place = {"row": f"{model._meta.label} {row['pk']}", "column": column.attname}
                log.error("a sealed value does not open", extra=place)
                continue
            change[column.attname] = column.seal(clear, *identity, pk=row["pk"])
        return change

    names = [column.attname for column in columns]
    for _turned in each_row(model._base_manager.all(), names, anew, beside=paths):
        pass


def _clear(column: EncryptedTextField, row: Stored, clear_of: Callable[[str, Stored], str] | None) -> str:
    place = f"{column.model._meta.label}.{column.name}".encode()
    try:
        clear = keyring().open("field", row[column.attname], place).decode()
    except ValueError as error:
        raise CannotOpen("no text") from error
    return clear_of(clear, row) if clear_of else clear


def bind_all(apps: Any, *labels: str) -> None:
    """`bind_to_rows` for these models (`members.Member`), with the registry that a migration is given."""
    for label in labels:
        bind_to_rows(apps.get_model(label))
