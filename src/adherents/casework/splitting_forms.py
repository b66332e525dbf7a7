"""Into which parts a document is split: the pages, the kind and the person of each."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from adherents.insurer.profile import profile
from adherents.members.models import Beneficiary
from adherents.vault.models import Document
from adherents.vault.selectors.listing import THEMSELVES
from adherents.vault.services.filing import Place
from adherents.vault.services.splitting import FEWEST, MOST, Slice

_PAGES = re.compile(r"(\d{1,4})(?:\s*(?:[-–—à]|to)\s*(\d{1,4}))?")


class SplitForm(forms.Form):
    """A row for each part: `pages_1`, `kind_1`, `person_1`… A row without pages is no part. `slices`: what was asked for."""

    def __init__(self, *args: Any, document: Document, rows: int = FEWEST, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.document, self.count = document, document.page_count or 0
        self.numbers = range(1, max(FEWEST, min(rows, self.count, MOST)) + 1)
        self.slices: list[Slice] = []
        kinds = [(kind.code, kind.label) for kind in profile().documents.kinds]
        people = [(THEMSELVES, document.member.name)]
        people += [(str(person.pk), person.name) for person in Beneficiary.objects.of(document.member)]
        begins = {} if self.is_bound else {"autofocus": True}
        known = {code for code, _label in kinds}
        for number in self.numbers:
            self.fields[f"pages_{number}"] = forms.CharField(
                label=_("Pages"), required=False, max_length=20, initial=self._first_pages(number),
                widget=forms.TextInput({"inputmode": "text", "autocomplete": "off", "size": 6}
                    | (begins if number == 1 else {})),
            )  # fmt: skip
            self.fields[f"kind_{number}"] = forms.ChoiceField(
                label=_("Type"), required=False, choices=[("", _("Choisissez son type…")), *kinds],
                initial=document.kind if document.kind in known else "",
                error_messages={"invalid_choice": gettext_lazy("Choisissez un type de la liste.")},
            )  # fmt: skip
            self.fields[f"person_{number}"] = forms.ChoiceField(
                label=_("Pour qui ?"),
                required=False, choices=people, initial=str(document.beneficiary_id or THEMSELVES),
                error_messages={"invalid_choice": gettext_lazy("Choisissez une personne de la liste.")},
            )  # fmt: skip

    def _first_pages(self, number: int) -> str:
        """To begin with: a page each, and what is left in the last part."""
        if number < len(self.numbers) or number == self.count:
            return str(number)
        return f"{number}-{self.count}"

    @property
    def parts(self) -> list[dict[str, Any]]:
        """The rows, for the template."""
        return [
            {"number": number, "fields": [self[f"{name}_{number}"] for name in ("pages", "kind", "person")]}
            for number in self.numbers
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        taken: dict[int, int] = {}
        for number in self.numbers:
            text = cleaned.get(f"pages_{number}", "").strip()
            if text and (pages := self._pages(number, text)):
                for page in pages:
                    if page in taken:
                        words = _("La page %(page)s est déjà dans la partie %(part)s.")
                        self.add_error(f"pages_{number}", words % {"page": page, "part": taken[page]})
                        break
                    taken[page] = number
                self._add(number, pages, cleaned)
        if not self.errors:
            self._check_whole(taken)
        return cleaned

    def _pages(self, number: int, text: str) -> range | None:
        read = _PAGES.fullmatch(text)
        if read is None:
            self.add_error(f"pages_{number}", _("Écrivez une page, ou deux avec un tiret : « 1 », « 2-4 »."))
            return None
        first, last = int(read[1]), int(read[2] or read[1])
        if not 1 <= first <= last <= self.count:
            words = _("Ce document a %(count)s pages : écrivez-les de la première à la dernière.")
            self.add_error(f"pages_{number}", words % {"count": self.count})
            return None
        return range(first, last + 1)

    def _add(self, number: int, pages: range, cleaned: dict[str, Any]) -> None:
        kind, person = cleaned.get(f"kind_{number}"), cleaned.get(f"person_{number}")
        if kind == "":
            self.add_error(f"kind_{number}", _("Choisissez un type de la liste."))
        if kind and person is not None:
            whom = None if person in {"", THEMSELVES} else int(person)
            self.slices.append(Slice(pages[0], pages[-1], Place(kind, whom)))

    def _check_whole(self, taken: dict[int, int]) -> None:
        left = [page for page in range(1, self.count + 1) if page not in taken]
        last = f"pages_{self.numbers[-1]}"
        if left:
            words = _("La page %(page)s n’est dans aucune partie : un verso blanc va avec sa feuille.")
            self.add_error(last, words % {"page": left[0]})
        elif len(self.slices) < FEWEST:
            self.add_error(last, _("Il faut deux parties au moins."))
