"""Which documents of a sending become one, in which order, and of which kind it is."""

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from adherents.insurer.profile import profile
from adherents.vault.models import Document
from adherents.vault.services.joining import FEWEST


class JoinForm(forms.Form):
    """A place for each document: `place_<id>`; one without a place stays by itself. `chosen`: those that have one, in order."""

    def __init__(self, *args: Any, documents: Sequence[Document], kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.documents = list(documents)
        self.chosen: list[uuid.UUID] = []
        begins = {} if self.is_bound else {"autofocus": True}
        for number, document in enumerate(self.documents, start=1):
            self.fields[f"place_{document.pk}"] = forms.IntegerField(
                label=_("Place"), required=False, min_value=1, max_value=len(self.documents), initial=number,
                error_messages=dict.fromkeys(
                    ("invalid", "min_value", "max_value"),
                    _("Écrivez un nombre de 1 à %(count)s, ou rien.") % {"count": len(self.documents)},
                ),
                widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off", "size": 3}
                    | (begins if number == 1 else {})),
            )  # fmt: skip
        kinds = [(kind.code, kind.label) for kind in profile().documents.kinds]
        self.fields["kind"] = forms.ChoiceField(
            label=_("Type du document réuni"),
            choices=[("", _("Choisissez son type…")), *kinds],
            initial=kind,
            error_messages=dict.fromkeys(
                ("required", "invalid_choice"), gettext_lazy("Choisissez un type de la liste.")
            ),
        )

    @property
    def rows(self) -> list[tuple[Document, forms.BoundField]]:
        """Each document with its place, for the template."""
        return [(document, self[f"place_{document.pk}"]) for document in self.documents]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        taken: dict[int, uuid.UUID] = {}
        for document in self.documents:
            place = cleaned.get(f"place_{document.pk}")
            if place is None:
                continue
            if place in taken:
                self.add_error(
                    f"place_{document.pk}", _("La place %(place)s est déjà prise.") % {"place": place}
                )
            taken.setdefault(place, document.pk)
        self.chosen = [taken[place] for place in sorted(taken)]
        if not self.errors and len(self.chosen) < FEWEST:
            last = f"place_{self.documents[-1].pk}"
            self.add_error(last, _("Il faut deux documents au moins."))
        return cleaned
