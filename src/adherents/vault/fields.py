"""A column to find a document by its name."""

from typing import Any

from django.db import models

from adherents.members import names


class NameKeyField(models.CharField):  # type: ignore[type-arg]
    """The row's name without accents, case and punctuation: what a search by name looks into. Follows the name by itself."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        key = name_key(getattr(model_instance, "name", ""))
        setattr(model_instance, self.attname, key)
        return key


def name_key(name: str) -> str:
    """« Relevé d’été.pdf » as it is searched: `releve d ete pdf`."""
    return names.normalise(name)[:200]
