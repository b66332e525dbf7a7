"""The queue's forms: its filters, a decision's reason and words, the agent that an item goes to."""

import uuid
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.casework.models import MOST_REASONS, Age, Availability, Filters
from adherents.casework.models.saved_filters import NAME_CHARACTERS
from adherents.casework.services.deciding import (
    DayIsPast,
    DayTooLate,
    NoSuchReason,
    TooManyReasons,
    last_day_to_ask,
)
from adherents.desk.selectors.absences import away_words
from adherents.insurer.profile import profile
from adherents.insurer.treatment import Reason
from adherents.members.models import Member
from adherents.ui.fields import DayField, FilterField
from adherents.vault.forms import PlaceForm

WORDS_CHARACTERS = 1500
HANDED_CHARACTERS = 300


class QueueForm(forms.Form):
    """The filters of the queue, for its page and for « suivant ». A value that is not understood filters nothing.

    `narrows`: the agent treats some kinds or languages only, and may list the others too.
    """

    kind = FilterField(label=_("Type"))
    age = FilterField(label=_("Échéance"), choices=[("", _("Toutes")), *Age.choices])
    place = FilterField(label=_("État"), choices=[("", _("Tous")), *Availability.choices])
    agent = FilterField(label=_("Agent"))
    extent = FilterField(label=_("Étendue"), choices=[("", _("Ce que je traite")), ("all", _("Tout"))])

    def __init__(
        self,
        *args: Any,
        kinds: dict[str, str],
        agents: list[Account] | None = None,
        narrows: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if not narrows:
            del self.fields["extent"]
        people = [(str(agent.pk), agent.shown_name) for agent in agents or []]
        self.fields["kind"].choices = [("", _("Tous")), *kinds.items()]  # type: ignore[attr-defined]
        self.fields["agent"].choices = [("", _("Tous")), *people]  # type: ignore[attr-defined]

    def value(self, name: str) -> str:
        self.is_valid()
        return str(self.cleaned_data.get(name) or "")

    @property
    def wanted(self) -> Filters:
        return Filters(kind=self.value("kind"), age=self.value("age"))


class SavedFilterForm(forms.Form):
    """The name under which the present filter is kept."""

    name = forms.CharField(
        label=_("Nom du filtre"),
        help_text=_("Par exemple « RIB en retard ». Pas de nom d’adhérent."),
        max_length=NAME_CHARACTERS,
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": _("Donnez un nom à ce filtre.")},
    )


class KindForm(forms.Form):
    """Which kind of document it is, where the member did not know."""

    KEY = "Y"

    kind = forms.ChoiceField(
        label=_("L’adhérent ne sait pas de quel document il s’agit"),
        widget=forms.Select({"data-key": KEY, "aria-keyshortcuts": KEY}),
        error_messages={
            "required": _("Choisissez d’abord le type de ce document."),
            "invalid_choice": _("Choisissez un type de la liste."),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(kind.code, kind.label) for kind in profile().documents.kinds]
        self.fields["kind"].choices = [("", _("Choisissez son type…")), *kinds]  # type: ignore[attr-defined]


class ReasonsField(forms.CharField):
    """One or several of the profile's reasons: their codes with a space between, as a list."""

    codes: set[str] = set()

    def __init__(self) -> None:
        chosen = NoSuchReason.message
        super().__init__(widget=forms.HiddenInput, error_messages={"required": chosen, "invalid": chosen})

    def clean(self, value: Any) -> list[str]:
        given = list(dict.fromkeys(str(super().clean(value)).split()))
        if not self.codes >= set(given):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        if len(given) > MOST_REASONS:
            raise forms.ValidationError(TooManyReasons.message, code="too_many")
        return given


class AttachmentForm(PlaceForm):
    """What an attachment is, and for whom, when an agent makes it a document to treat."""

    def __init__(self, data: Any = None, *, member: Member) -> None:
        super().__init__(data, member=member)
        self.fields["kind"].widget.attrs["autofocus"] = True


class WordsForm(forms.Form):
    """Why a document is refused or incomplete, and what to do: the words that its member reads, in each language."""

    reason = ReasonsField()
    words_fr = forms.CharField(
        label=_("Ce que l’adhérent lit en français"),
        max_length=WORDS_CHARACTERS,
        widget=forms.Textarea({"rows": 4, "lang": "fr"}),
        error_messages={"required": _("Dites à l’adhérent pourquoi, et quoi faire.")},
    )
    words_en = forms.CharField(
        label=_("Ce qu’il lit en anglais"),
        required=False,
        max_length=WORDS_CHARACTERS,
        widget=forms.Textarea({"rows": 3, "lang": "en"}),
    )

    def __init__(self, *args: Any, reasons: list[Reason], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].codes = {reason.code for reason in reasons}  # type: ignore[attr-defined]
        if not self.is_bound:
            self.fields["words_fr"].widget.attrs["autofocus"] = True

    @property
    def decided(self) -> dict[str, Any]:
        """As the services of a decision take it, once the form is valid."""
        first, *others = self.cleaned_data["reason"]
        return self.cleaned_data | {"reason": first, "other_reasons": others}


class CorrectionForm(WordsForm):
    """The same, with the last day on which the other document is expected."""

    field_order = [
        "reason",
        "until",
        "words_fr",
        "words_en",
    ]  # as on the page: errors are listed in this order
    until = DayField(
        label=_("À envoyer avant le"),
        error_messages={
            "required": _("Choisissez un jour à venir."),
            "invalid": _("Choisissez un jour à venir."),
            "early": DayIsPast.message,
            "late": DayTooLate.message,
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        until = self.fields["until"]
        assert isinstance(until, DayField)
        # Checked here too, so that its error is shown together with the others.
        until.between(timezone.localdate() + timedelta(days=1), last_day_to_ask())


class GiveForm(forms.Form):
    """The agent that a document is given to. `no_agent`: the words of the choice « no agent », where it can be chosen."""

    to = forms.ChoiceField(
        label=_("À qui"), required=False, error_messages={"invalid_choice": _("Choisissez un agent.")}
    )

    def __init__(
        self, *args: Any, agents: list[Account], no_agent: str | Promise = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._agents = {str(agent.pk): agent for agent in agents}
        away = away_words(agents)
        people = [
            (key, f"{agent.shown_name} ({away[agent.pk]})" if agent.pk in away else agent.shown_name)
            for key, agent in self._agents.items()
        ]
        field = self.fields["to"]
        field.choices = [("", no_agent or _("Choisissez")), *people]  # type: ignore[attr-defined]
        field.required = not no_agent
        field.error_messages["required"] = _("Choisissez un agent.")
        if not self.is_bound:
            field.widget.attrs["autofocus"] = True

    def clean_to(self) -> Account | None:
        return self._agents.get(self.cleaned_data["to"])


class HandOverForm(GiveForm):
    """The same, with a word for the colleague."""

    words = forms.CharField(
        label=_("Un mot pour votre collègue"),
        help_text=_("Il le lit avec le document ; il s’efface avec la décision. L’adhérent ne le voit pas."),
        required=False,
        max_length=HANDED_CHARACTERS,
        widget=forms.TextInput({"autocomplete": "off"}),
    )


class ShareForm(forms.Form):
    """The items that are ticked on « Répartition », and what becomes of them: given to an agent, or back to all."""

    act = forms.ChoiceField(
        choices=[("assign", ""), ("release", "")], widget=forms.HiddenInput, required=False
    )
    item = forms.TypedMultipleChoiceField(
        label=_("Documents"),
        coerce=uuid.UUID,
        widget=forms.MultipleHiddenInput,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice", "invalid"), _("Cochez au moins un document.")
        ),
    )
    to = forms.ChoiceField(
        label=_("À qui"), required=False, error_messages={"invalid_choice": _("Choisissez un agent.")}
    )

    def __init__(self, data: Any = None, *, agents: list[Account], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self._agents = {str(agent.pk): agent for agent in agents}
        away = away_words(agents)
        people = [
            (key, f"{agent.shown_name} ({away[agent.pk]})" if agent.pk in away else agent.shown_name)
            for key, agent in self._agents.items()
        ]
        self.fields["to"].choices = [("", _("Choisissez")), *people]  # type: ignore[attr-defined]
        ticked = data.getlist("item") if data is not None else []
        self.fields["item"].choices = [(key, key) for key in ticked if _is_uuid(key)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """To give needs somebody to give to."""
        cleaned: dict[str, Any] = super().clean() or {}
        cleaned["to"] = self._agents.get(cleaned.get("to", ""))
        if cleaned.get("act") != "release" and cleaned["to"] is None and "to" not in self.errors:
            self.add_error("to", _("Choisissez un agent."))
        return cleaned


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
