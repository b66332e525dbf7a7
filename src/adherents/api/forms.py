"""The administrateur's forms: a system that may call, and why something is done with it."""

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from adherents.api.models import CALLS_A_MINUTE, LONGEST_NAME
from adherents.api.scopes import SCOPE_WORDS, Scope
from adherents.api.services.clients import KEY_DAYS, NotANetwork, networks_in
from adherents.desk.reasons import ReasonField

MOST_CALLS, MOST_DAYS = 1_000_000, 4000


class ClientForm(forms.Form):
    """A new system."""

    name = forms.CharField(
        label=_("Nom"),
        help_text=_("Minuscules, chiffres et tirets, comme « coeur-de-gestion » : c’est son client_id."),
        max_length=LONGEST_NAME,
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": _("Donnez un nom à ce système.")},
    )
    scopes = forms.MultipleChoiceField(
        label=_("Droits"),
        choices=[(scope.value, words) for scope, words in SCOPE_WORDS.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choisissez au moins un droit.")},
    )
    networks = forms.CharField(
        label=_("Adresses autorisées"),
        help_text=_("Par exemple 192.0.2.0/24. Vide : d’où que vienne l’appel."),
        required=False,
        max_length=500,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    calls_a_minute = forms.IntegerField(
        label=_("Appels par minute, au plus"),
        initial=CALLS_A_MINUTE,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_CALLS)],
    )
    key_days = forms.IntegerField(
        label=_("Durée de la clé, en jours"),
        initial=KEY_DAYS,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS)],
    )

    def clean_scopes(self) -> list[Scope]:
        return [Scope(name) for name in self.cleaned_data["scopes"]]

    def clean_networks(self) -> list[str]:
        """Checked here, so that its error is shown together with the others."""
        try:
            return networks_in(self.cleaned_data["networks"])
        except NotANetwork as refusal:
            raise forms.ValidationError(str(refusal.message)) from refusal


class ClientReasonForm(forms.Form):
    """Why a system is suspended, or may call again: kept in the journal, word for word."""

    reason = ReasonField(
        help_text=_("Gardé au journal, tel quel. Ni nom, ni numéro, ni adresse."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
