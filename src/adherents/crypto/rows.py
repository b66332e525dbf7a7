"""Rows that have sealed columns: read with one that was altered among them, updated, given another identity."""

import logging
from collections.abc import Iterator
from typing import Any, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from adherents.crypto.fields import EncryptedTextField, SealedValue
from adherents.crypto.keys import CannotOpen

Row = TypeVar("Row", bound=models.Model)
log = logging.getLogger("adherents.crypto")
ALTERED = _("Ce texte ne s’ouvre pas : ses données ont été altérées.")  # to show in its place


class SealedQuerySet(models.QuerySet[Row]):
    """The rows of a model that has encrypted columns: `update` leaves no value bound to what its row no longer is."""

    def update(self, **kwargs: Any) -> int:
        """As Django's. Raises `TypeError` where a column changes to which a sealed one is bound that is not written with it."""
        changed = {getattr(self.model._meta.get_field(name), "attname", name) for name in kwargs}
        for column in encrypted_columns(self.model):
            if changed.intersection(column.bound_to) and column.attname not in changed:
                raise TypeError(f"{column} is bound to what changes, and must be sealed anew with it")
        return super().update(**kwargs)


def encrypted_columns(model: type[models.Model]) -> Iterator[EncryptedTextField]:
    return (column for column in model._meta.concrete_fields if isinstance(column, EncryptedTextField))


def open_all(row: models.Model) -> None:
    """Open what the row has sealed, so that nothing of it fails later. Raises `CannotOpen`."""
    for column in encrypted_columns(type(row)):
        if column.attname in row.__dict__:
            getattr(row, column.attname)


def readable(row: models.Model, column: str, otherwise: str = "") -> str:
    """The clear text, or `otherwise` where it does not open, which is logged: one altered row hides no other one.

    To show, and to compare. What acts on a value reads the attribute, and fails.
    """
    try:
        return str(getattr(row, column))
    except CannotOpen:
        columns_logged = row.__dict__.setdefault("_logged_columns", set())
        if column not in columns_logged:  # a page may ask for it several times
            columns_logged.add(column)
            tell_closed(row, column)
        return otherwise


def tell_closed(row: models.Model, column: str) -> None:
    """Log that a value was altered, or is another row's (or that its master key is not here), and which."""
    log.error("a sealed value does not open", extra={"row": f"{row._meta.label} {row.pk}", "column": column})


def moved(row: models.Model, column: str, *identity: object) -> bytes:
    """The row's value, sealed for the identity that the row takes (`bound_to`, in its order), to be written with it.

    A value that does not open stays as it is, and still does not open.
    """
    encrypted = row._meta.get_field(column)
    assert isinstance(encrypted, EncryptedTextField)
    try:
        return encrypted.seal(str(getattr(row, column)), *identity, pk=row.pk)
    except CannotOpen:
        held = row.__dict__.get(column)
        if not isinstance(held, SealedValue):
            raise
        tell_closed(row, column)
        return held.stored
