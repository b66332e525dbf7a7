"""The filters of the journal: typed as people know them, kept as the journal names them."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from adherents.desk.selectors.journal import MOST_AGENTS, actors_meant, subjects_meant
from adherents.ui.fields import DayField

LONGEST = 200


class JournalFilterForm(forms.Form):
    """Which entries: one event, who did it, on whom or what, in which days. Nothing has to be said."""

    event = forms.ChoiceField(label=gettext_lazy("Événement"), required=False)
    actor = forms.CharField(
        label=gettext_lazy("Qui"),
        required=False,
        max_length=LONGEST,
        help_text=gettext_lazy("Nom ou e-mail d’un agent, parti ou non, ou nom d’un système."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    subject = forms.CharField(
        label=gettext_lazy("Sur qui, sur quoi"),
        required=False,
        max_length=LONGEST,
        help_text=gettext_lazy("N° adhérent, n° d’accusé de dépôt, ou objet tel que le journal le nomme."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    since = DayField(label=gettext_lazy("Du"), required=False)
    until = DayField(label=gettext_lazy("Au"), required=False)
    before = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, events: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["event"].choices = [("", gettext_lazy("Tous")), *events]  # type: ignore[attr-defined]
        self.actors: list[str] = []
        self.subjects: list[str] = []

    def clean_actor(self) -> str:
        text = str(self.cleaned_data["actor"]).strip()
        if not text:
            return ""
        self.actors = actors_meant(text)
        if not self.actors:
            raise ValidationError(_("Ni agent ni système ne s’appelle ainsi."))
        if len(self.actors) > MOST_AGENTS:
            raise ValidationError(
                _("Plus de %(most)s agents s’appellent ainsi : précisez.") % {"most": MOST_AGENTS}
            )
        return ",".join(self.actors)

    def clean_subject(self) -> str:
        text = str(self.cleaned_data["subject"]).strip()
        if not text:
            return ""
        self.subjects = subjects_meant(text)
        if not self.subjects:
            raise ValidationError(_("Aucun adhérent ni aucun envoi n’a ce numéro."))
        return ",".join(self.subjects)

    def clean(self) -> dict[str, Any]:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            self.add_error("until", _("Ce jour est avant le premier."))
        return self.cleaned_data

    def value(self, name: str) -> Any:
        return self.cleaned_data.get(name) if self.is_bound else None

    def day(self, name: str) -> date | None:
        found: date | None = self.value(name)
        return found

    @property
    def address(self) -> dict[str, str]:
        """What stands in the page's address: plain identifiers and days, nothing that was typed."""
        said = {name: self.value(name) for name in ("event", "actor", "subject", "since", "until")}
        return {name: str(value) for name, value in said.items() if value}
