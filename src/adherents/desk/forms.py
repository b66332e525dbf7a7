"""The desk's forms: nearly every act asks why."""

from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.desk.reasons import ReasonField
from adherents.desk.services.account_actions import SameAddress, is_same_address
from adherents.members.models import Beneficiary, Member
from adherents.ui.fields import DayField, FilesField, FilterField
from adherents.ui.typed_days import A_YEAR
from adherents.vault.forms import PlaceForm
from adherents.vault.models import Document, State
from adherents.vault.origins import Channel
from adherents.vault.selectors.listing import (
    JOINED,
    NO_STATE,
    RELOCATED,
    SET_ASIDE,
    SPLIT,
    THEMSELVES,
    DocumentCounts,
    Narrowing,
)


class ActForm(forms.Form):
    """The form of an act. `about`: the member or the agent that it is about.

    `first`: the field that takes the focus on a fresh page. `as_it_is`: the fields that begin with what this person has now.
    `refused_at`: the field beside which a refusal is shown; None: above them all.
    """

    first = ""
    as_it_is: tuple[str, ...] = ()
    refused_at: str | None = None

    def __init__(
        self,
        data: Any = None,
        *,
        about: Member | Account | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        now = {name: getattr(about, name) for name in self.as_it_is}
        super().__init__(data, initial=now | (initial or {}))
        self.about = about
        if self.first and not self.is_bound:
            self.fields[self.first].widget.attrs["autofocus"] = True


class ReasonForm(ActForm):
    """Why: kept in the journal, word for word."""

    first = "reason"

    reason = ReasonField(
        help_text=_("Gardé au journal, tel quel. Ni nom, ni numéro, ni adresse."),
        widget=forms.TextInput({"list": "motifs", "autocomplete": "off"}),
    )


class ChangeEmailForm(ReasonForm):
    """Another address for a member (G10)."""

    email = forms.EmailField(
        label=_("Nouvelle adresse e-mail"),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "off"}),
        error_messages={
            "required": _("Indiquez la nouvelle adresse."),
            "invalid": _("Écrivez une adresse complète, comme nom@exemple.fr."),
        },
    )
    field_order = ["email", "reason"]
    first = refused_at = "email"

    def clean_email(self) -> str:
        """Checked here so that its error is shown with the others."""
        email: str = self.cleaned_data["email"]
        if isinstance(self.about, Member) and is_same_address(self.about, email):
            raise forms.ValidationError(SameAddress.message)
        return email


LONGEST_ON_ITS_WAY = A_YEAR  # a day that is further back is a slip


class EnterDepositForm(PlaceForm):
    """What came for a member otherwise than by the portal: how, when, what it is and for whom. Files: as in `SendForm`."""

    field_order = ["channel", "received_on", "kind", "beneficiary", "files", "gather"]
    files = FilesField(label=_("Fichiers numérisés"))  # type: ignore[assignment]
    channel = forms.ChoiceField(
        label=_("Comment sont-ils arrivés ?"),
        choices=[choice for choice in Channel.choices if choice[0]],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Dites comment ces papiers sont arrivés."),
            "invalid_choice": _("Dites comment ces papiers sont arrivés."),
        },
    )
    received_on = DayField(
        label=_("Reçu le"),
        help_text=_("Le délai de réponse compte depuis ce jour."),
        error_messages={
            "required": _("Indiquez le jour où ces papiers sont arrivés."),
            "early": _("Vérifiez l’année : ce jour remonte à plus d’un an."),
            "late": _("Ce jour n’est pas encore arrivé."),
        },
    )
    gather = forms.BooleanField(label=_("Réunir les images en un seul document"), required=False)

    def __init__(self, data: Any = None, *, member: Member) -> None:
        super().__init__(data, member=member, initial={"received_on": timezone.localdate()})
        received_on = self.fields["received_on"]
        assert isinstance(received_on, DayField)
        received_on.between(timezone.localdate() - LONGEST_ON_ITS_WAY, timezone.localdate())


class DocumentsForm(forms.Form):
    """Which of a member's documents: each choice says how many there are. A value that is not understood narrows nothing."""

    kind = FilterField(label=_("Type"))
    person = FilterField(label=_("Pour qui"))
    state = FilterField(label=_("État"))
    year = FilterField(label=_("Année"))

    def __init__(self, data: Any, *, counts: DocumentCounts, covered: list[Beneficiary]) -> None:
        super().__init__(data)
        people = {str(person.pk): person.name for person in covered}
        states = {code: str(label) for code, label in State.choices}
        names: dict[str, dict[str, Any]] = {
            "kind": {code: Document(kind=code).kind_label for code in counts.kinds},
            "person": people | {THEMSELVES: _("L’adhérent")},
            "state": states
            | {
                SET_ASIDE: _("Mis de côté"),
                NO_STATE: _("Sans décision attendue"),
                SPLIT: _("Réparti"),
                JOINED: _("Réuni"),
                RELOCATED: _("Classé dans un autre dossier"),
                "withdrawn": _("Effacé"),
            },
            "year": {},
        }
        numbers = {
            "kind": counts.kinds,
            "person": counts.people,
            "state": counts.states,
            "year": counts.years,
        }
        for name, counted in numbers.items():
            codes = sorted(counted, reverse=name == "year", key=lambda code: str(names[name].get(code, code)))
            choices = [(code, f"{names[name].get(code, code)} ({counted[code]})") for code in codes]
            self.fields[name].choices = [("", _("Tous")), *choices]  # type: ignore[attr-defined]
        self.is_valid()

    @property
    def asked(self) -> Narrowing:
        return Narrowing(**{name: self.cleaned_data.get(name) or "" for name in self.fields})

    @property
    def query(self) -> str:
        """What to keep in the links from one page to another."""
        asked = asdict(self.asked)
        return urlencode({name: value for name, value in asked.items() if value})
