"""Which tables a backup holds, in which order, and their columns."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.apps.registry import Apps
from django.db import models
from django.db.models import BinaryField, ExpressionWrapper, F

from adherents.crypto.fields import EncryptedTextField

if TYPE_CHECKING:
    Field = models.Field[Any, Any]

# They end with the portal that is lost: sessions, counts of a minute, signs of life.
LEFT_OUT = {"accounts.session", "accounts.endedsession", "accounts.ratecounter", "work.heartbeat", "work.sweepturn"}


def saved_models(apps: Apps) -> list[type[models.Model]]:
    """Every table that has rows to keep, each after those that it refers to."""
    models_left = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.label_lower not in LEFT_OUT
    ]
    models_left.sort(key=lambda model: model._meta.label_lower)
    ordered: list[type[models.Model]] = []
    while models_left:
        # Tables that refer to each other in a circle come all at once: the database looks at the end of the transaction.
        free = [model for model in models_left if not _refers_to(model) & set(models_left) - {model}]
        ordered += free or models_left
        models_left = [model for model in models_left if model not in ordered]
    return ordered


def emptied_models(apps: Apps) -> list[type[models.Model]]:
    """Every table, also those that are not saved."""
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    ]


def columns_of(model: type[models.Model]) -> "list[Field]":
    return [field for field in model._meta.concrete_fields if not getattr(field, "generated", False)]


def stored_rows(model: type[models.Model], database: str, at_once: int = 2000) -> Iterator[tuple[Any, ...]]:
    """The rows in the order of their keys, sealed columns as they are; some at a time, whatever their number."""
    columns: list[Any] = [
        ExpressionWrapper(F(field.attname), output_field=BinaryField())
        if isinstance(field, EncryptedTextField)
        else field.attname
        for field in columns_of(model)
    ]
    rows = model._base_manager.using(database).order_by("pk").values_list(*columns)
    return rows.iterator(chunk_size=at_once)


def _refers_to(model: type[models.Model]) -> set[type[models.Model]]:
    return {related for field in model._meta.concrete_fields for related in _models([field.related_model])}


def _models(named: Iterable[Any]) -> Iterator[type[models.Model]]:
    return (related for related in named if isinstance(related, type))
