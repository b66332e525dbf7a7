"""A model field whose text is encrypted in the database, clear in Python, and bound to its row."""

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from django.core import checks
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.constants import LOOKUP_SEP
from django.db.models.query_utils import DeferredAttribute
from django.db.models.sql.compiler import SQLCompiler

from adherents.crypto.keys import ROW, keyring

_PURPOSE = "row"


class SealedValue:
    """A value as the database has it. Its row opens it when the attribute is read; nothing else can be done with it."""

    __slots__ = ("stored",)

    def __init__(self, stored: bytes) -> None:
        self.stored = stored

    def __repr__(self) -> str:
        return "<Sealed>"

    def __str__(self) -> NoReturn:
        raise TypeError("a sealed value is opened by its row, and by nothing else")


class _OpenedByItsRow(DeferredAttribute):
    """The clear text, opened with the row's own attributes when it is first read. Raises `CannotOpen`."""

    field: "EncryptedTextField"

    def __get__(self, row: models.Model | None, cls: type[models.Model] | None = None) -> Any:
        if row is None:
            return self
        held, name = row.__dict__, self.field.attname
        if name not in held:
            held[name] = self._deferred(row)
        if isinstance(held[name], SealedValue):
            held[name] = self.field.open_of(row, held[name].stored)
        return held[name]

    def __set__(self, row: models.Model, value: object) -> None:
        if not isinstance(value, str | SealedValue | None) and value != b"":
            raise TypeError(f"{self.field} holds text, not {type(value).__name__}")
        row.__dict__[self.field.attname] = "" if value == b"" else value

    def _deferred(self, row: models.Model) -> str:
        """Opened with what the database has beside it now: the attributes in hand may be older than it."""
        paths = self.field.bound_to
        rows = type(row)._base_manager.db_manager(row._state.db).only(self.field.attname, *paths)
        related = [path.rpartition(LOOKUP_SEP)[0] for path in paths if LOOKUP_SEP in path]
        fresh = (rows.select_related(*related) if related else rows).get(pk=row.pk)
        return str(getattr(fresh, self.field.attname))


class EncryptedTextField(models.BinaryField):  # type: ignore[type-arg]
    """Text sealed with AES-256-GCM, bound to its column and to its row: moved to another row, it does not open.

    `bound_to` names the columns of the row that say whose the value is (`"account_id"`, `"member__number"`), which are the
    associated data beside `app.Model.field`. They must be known when the row is inserted and not change after; where a row has
    nothing of the kind, a random column (`seal_id`). One that is null stands for the primary key. Who changes one of them
    writes the value anew in the same statement (`rows.moved`); `rows.SealedQuerySet` holds `update` to that.

    A value is opened when its attribute is first read. It cannot be searched (store a `blind_index` beside it for that), nor
    selected by `values`, nor written by `update` but as bytes that `seal` gave. The empty string is kept as no bytes at all.
    """

    description = "Encrypted text"
    descriptor_class = _OpenedByItsRow
    # The column is the same whatever its values are bound to: a change of this needs no migration of the table.
    non_db_attrs = (*models.BinaryField.non_db_attrs, "bound_to")

    if TYPE_CHECKING:
        _pyi_private_set_type: str
        _pyi_private_get_type: str  # type: ignore[assignment]

    def __init__(self, *args: Any, bound_to: Sequence[str] = (), **kwargs: Any) -> None:
        self.bound_to = tuple(bound_to)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | ({"bound_to": self.bound_to} if self.bound_to else {})

    def check(self, **kwargs: Any) -> list[Any]:
        unbound = checks.Error(
            "An encrypted column says which columns of its row its values are bound to (bound_to).",
            obj=self,
            id="crypto.E001",
        )
        return [*super().check(**kwargs), *([] if self.bound_to else [unbound])]

    def _check_str_default_value(self) -> list[Any]:
        return []  # unlike BinaryField's, a default here is text

    def get_default(self) -> Any:
        return super().get_default() or ""

    def seal(self, clear: str, *identity: object, pk: object = None) -> bytes:
        """Seal for the row that has this identity: the values of `bound_to` in their order, and its primary key if it has one."""
        if not clear:
            return b""
        return keyring().seal(_PURPOSE, clear.encode(), self._associated(identity, pk), version=ROW)

    def open(self, sealed: bytes, *identity: object, pk: object = None) -> str:
        """Undo `seal`. Raises `CannotOpen` where the value is another row's, another column's, or altered."""
        if not sealed:
            return ""
        return keyring().open(_PURPOSE, sealed, self._associated(identity, pk), version=ROW).decode()

    def open_of(self, row: models.Model, sealed: bytes) -> str:
        """Raises `CannotOpen` where these bytes were not sealed for this row."""
        return self.open(sealed, *self.identity_of(row), pk=row.pk) if sealed else ""

    def identity_of(self, row: models.Model) -> list[object]:
        """What the row says of itself, in the order of `bound_to`."""
        return [self._value(row, path, column) for path, column in self._columns]

    def pre_save(self, model_instance: models.Model, add: bool) -> bytes:
        """Sealed for the row as it is now. A value that is still sealed is opened first: so a row that took another identity
        since it was read is refused with `CannotOpen`, and nothing is lost."""
        clear = getattr(model_instance, self.attname)
        if clear is None:
            raise TypeError(f"{self} has no value")
        return self.seal(clear, *self.identity_of(model_instance), pk=model_instance.pk) if clear else b""

    def from_db_value(
        self, value: Any, expression: Any, connection: BaseDatabaseWrapper
    ) -> SealedValue | str | None:
        if value is None:
            return None
        return SealedValue(bytes(value)) if value else ""

    def get_prep_value(self, value: Any) -> Any:
        if value is None or isinstance(value, bytes | memoryview):
            return value
        if value == "":
            return b""
        raise TypeError(f"{self}: only its row seals a value; it can be neither searched nor updated as text")

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        return super().get_db_prep_value(self.get_prep_value(value), connection, prepared)

    def get_placeholder(self, value: Any, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Any:
        if hasattr(value, "as_sql"):
            raise TypeError(f"{self}: an expression of the database is sealed for no row")
        return super().get_placeholder(value, compiler, connection)  # type: ignore[misc]

    def select_format(self, compiler: SQLCompiler, sql: str, params: Any) -> Any:
        if not compiler.query.default_cols:  # `values` and `values_list`: there is no row to open it
            raise TypeError(f"{self}: only its row opens a value; read the rows, not the column")
        return super().select_format(compiler, sql, params)

    def value_to_string(self, obj: models.Model) -> NoReturn:
        raise TypeError(f"{self} is not dumped: `adherents backup` keeps it sealed")

    def to_python(self, value: Any) -> Any:
        return value

    @cached_property
    def _columns(self) -> list[tuple[list[str], "models.Field[Any, Any]"]]:
        """For each of `bound_to`, the attributes that lead to it, and the column that it is in the end."""
        columns = []
        for path in self.bound_to:
            model: Any = self.model
            *through, last = path.split(LOOKUP_SEP)
            for name in through:
                model = model._meta.get_field(name).related_model
            columns.append(([*through, last], model._meta.get_field(last)))
        return columns

    @staticmethod
    def _value(row: Any, path: list[str], column: "models.Field[Any, Any]") -> object:
        for name in path:
            row = getattr(row, name)
        # As the database will give it back: a UUID may have been set as text.
        return column.to_python(row)

    @cached_property
    def _place(self) -> str:
        return f"{self.model._meta.label}.{self.attname}\n"

    def _associated(self, identity: Sequence[object], pk: object) -> bytes:
        """Each part with its length before it, so that no two identities are written alike."""
        if not self.bound_to or len(identity) != len(self.bound_to):
            raise TypeError(f"{self} is bound to {self.bound_to or 'nothing'}")
        text = self._place
        for value in identity:
            mark = ""
            if value is None:
                if pk is None:
                    raise TypeError(f"{self}: this row does not say yet whose it is ({self.bound_to})")
                mark, value = "pk ", pk
            part = value if type(value) is str else _written(value)
            text += f"{mark}{len(part)}:{part},"
        return text.encode()


def _written(value: object) -> str:
    """The same text for the same value, on every database and whether it was just made or read."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, str | int | uuid.UUID):
        return str(value)
    if isinstance(value, list):
        return json.dumps(value)
    raise TypeError(f"{type(value).__name__} is not written alike everywhere: bind to something else")
