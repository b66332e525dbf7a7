"""The desk's forms: nearly every act asks why."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.desk.reasons import ReasonField
from adherents.desk.services.account_actions import SameAddress, is_same_address
from adherents.members.models import Member


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


class JournalFilterForm(forms.Form):
    """The filters of the journal."""

    event = forms.ChoiceField(label=_("Événement"), required=False)
    subject = forms.CharField(label=_("Objet"), required=False, max_length=80)
    actor = forms.CharField(label=_("Auteur"), required=False, max_length=80)
    before = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, events: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["event"].choices = [("", _("Tous")), *events]  # type: ignore[attr-defined]
