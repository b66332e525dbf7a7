"""What an agent notes, what they ask of a colleague, and what the colleague answers."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.notes.models import LONGEST_NAME, LONGEST_WORDS, Occasion
from adherents.notes.services.notes import NoTime, TooOld
from adherents.notes.services.opinions import DayIsOver, OpinionDayTooLate, last_day_to_ask
from adherents.notes.services.retention import over_since
from adherents.ui.fields import DayField, LinesField, MomentField


class WrittenField(LinesField):
    """Words of an agent for another."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=LONGEST_WORDS,
            widget=forms.Textarea({"rows": 5}),
            error_messages={
                "required": _("Écrivez quelques mots."),
                "max_length": _("Raccourcissez : 3000 caractères au plus."),
            },
            **options,
        )


class WriteNoteForm(forms.Form):
    """A note; of a call or a visit, also when it was and with whom."""

    occasion = forms.ChoiceField(label=_("Ce que c’est"), choices=Occasion.choices, initial=Occasion.REMARK)
    with_whom = forms.CharField(
        label=_("Avec qui"),
        required=False,
        max_length=LONGEST_NAME,
        help_text=_("Pour un appel ou un passage : « l’adhérente », « son fils », « l’opticien »."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    happened_at = MomentField(
        label=_("Quand"),
        required=False,
        help_text=_("Pour un appel ou un passage."),
        error_messages={"invalid": NoTime.message, "early": TooOld.message, "late": NoTime.message},
    )
    words = WrittenField(
        label=_("Note interne"),
        help_text=_(
            "Le service seul la lit, jamais l’adhérent. Il peut la demander par écrit : restez factuel."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        happened_at = self.fields["happened_at"]
        assert isinstance(happened_at, MomentField)
        happened_at.between(over_since(), timezone.now())

    def clean(self) -> dict[str, Any]:
        """A call needs its moment. Checked here, so that its error is shown together with the others."""
        cleaned: dict[str, Any] = super().clean() or {}
        is_call = cleaned.get("occasion", Occasion.REMARK) != Occasion.REMARK
        if is_call and cleaned.get("happened_at") is None and "happened_at" not in self.errors:
            self.add_error("happened_at", NoTime.message)
        return cleaned


class AskOpinionForm(forms.Form):
    """Whom, what, and by when."""

    colleague = forms.ChoiceField(
        label=_("À qui"),
        error_messages={
            "required": _("Choisissez un collègue."),
            "invalid_choice": _("Choisissez un collègue."),
        },
    )
    question = WrittenField(label=_("Votre question"))
    due_on = DayField(
        label=_("Réponse souhaitée avant le"),
        error_messages={
            "required": DayIsOver.message,
            "invalid": DayIsOver.message,
            "early": DayIsOver.message,
            "late": OpinionDayTooLate.message,
        },
    )

    def __init__(self, *args: Any, colleagues: list[Account], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._people = {str(account.pk): account for account in colleagues}
        people = [(key, _with_team(account)) for key, account in self._people.items()]
        self.fields["colleague"].choices = [("", _("Choisissez")), *people]  # type: ignore[attr-defined]
        due_on = self.fields["due_on"]
        assert isinstance(due_on, DayField)
        # Checked here too, so that its error is shown together with the others.
        due_on.between(timezone.localdate(), last_day_to_ask())

    def clean_colleague(self) -> Account:
        return self._people[self.cleaned_data["colleague"]]


def _with_team(account: Account) -> str:
    """« Hélène Roux (Médecin-conseil) »."""
    return f"{account.shown_name} ({account.team})" if account.team else account.shown_name


class GiveOpinionForm(forms.Form):
    """What the colleague answers."""

    answer = WrittenField(
        label=_("Votre avis"),
        help_text=_("Ceux qui traitent le document le lisent : une conclusion, sans détail médical."),
    )
