"""A model field whose text is encrypted in the database and clear in Python."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from adherents.crypto.keys import keyring


class EncryptedTextField(models.BinaryField):  # type: ignore[type-arg]
    """Text sealed with AES-256-GCM, bound to its column (associated data: `app.Model.field`).

    It cannot be searched: store a `blind_index` beside it for that. The empty string is kept as no bytes at all.
    """

    description = "Encrypted text"

    def _check_str_default_value(self) -> list[Any]:
        return []  # unlike BinaryField's, a default here is text

    def get_prep_value(self, value: Any) -> Any:
        if value is None or isinstance(value, bytes | memoryview):
            return value
        return self.seal(value)

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        return super().get_db_prep_value(self.get_prep_value(value), connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> str | None:
        return None if value is None else self.open(bytes(value))

    def seal(self, clear: str) -> bytes:
        return keyring().seal("field", clear.encode(), self._associated()) if clear else b""

    def open(self, sealed: bytes) -> str:
        return keyring().open("field", sealed, self._associated()).decode() if sealed else ""

    def value_to_string(self, obj: models.Model) -> str:
        return self.value_from_object(obj) or ""

    def to_python(self, value: Any) -> Any:
        return value

    def _associated(self) -> bytes:
        return f"{self.model._meta.label}.{self.name}".encode()
