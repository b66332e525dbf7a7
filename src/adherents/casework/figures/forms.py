"""The form that filters the figures."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from adherents.desk.figures.wanted import SPANS, FiguresFilter
from adherents.ui.fields import FilterField


class FiguresForm(forms.Form):
    """Which decisions and messages are counted. A value that is not understood filters nothing."""

    weeks = FilterField(label=_("Période"))
    team = FilterField(label=_("Groupe"))
    kind = FilterField(label=_("Type"))

    def __init__(self, data: dict[str, Any], *, kinds: dict[str, str], teams: dict[str, str]) -> None:
        super().__init__({"weeks": str(FiguresFilter.weeks)} | data)
        spans = [(str(weeks), _("%(weeks)s dernières semaines") % {"weeks": weeks}) for weeks in SPANS]
        self.fields["weeks"].choices = spans  # type: ignore[attr-defined]
        self.fields["team"].choices = [("", _("Tous")), *teams.items()]  # type: ignore[attr-defined]
        self.fields["kind"].choices = [("", _("Tous")), *kinds.items()]  # type: ignore[attr-defined]

    @property
    def wanted(self) -> FiguresFilter:
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        return FiguresFilter(**given | {"weeks": int(given.get("weeks", FiguresFilter.weeks))})
