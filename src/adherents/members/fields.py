"""A column to search by its beginning, with an index, on each database."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import OrderBy
from django.db.models.lookups import BuiltinLookup
from django.db.models.sql.compiler import SQLCompiler

_Params = tuple[str | int, ...]
_LAST_CHARACTER = "\U0010ffff"


class SearchKeyField(models.CharField):  # type: ignore[type-arg]
    """Text that was normalised to be found again. `__prefix` finds it by its beginning, through a plain index.

    Django's `startswith` does not use one on SQLite, where LIKE ignores case. On PostgreSQL the index needs
    the `varchar_pattern_ops` class (a LIKE does not use an index in the collation of a language).
    """


@SearchKeyField.register_lookup
class Prefix(BuiltinLookup):
    """`key__prefix="dup"`: the keys that begin with `dup`, letter case counted."""

    lookup_name = "prefix"

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, _Params]:
        column, params = self.process_lhs(compiler, connection)
        return f"({column} >= %s AND {column} < %s)", (*params, self.rhs, *params, self.rhs + _LAST_CHARACTER)

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, _Params]:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} LIKE %s", (*params, connection.ops.prep_for_like_query(self.rhs) + "%")


class InKeyOrder(OrderBy):
    """A `SearchKeyField` in the order of its index, so that the first of many are read without sorting them all."""

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Any:
        # The order of `varchar_pattern_ops`. Django looks for ASC or DESC in what it orders by.
        return self.as_sql(compiler, connection, template="%(expression)s USING ~<~ /* ASC */")
