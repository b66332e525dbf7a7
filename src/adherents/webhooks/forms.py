from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from adherents.desk.forms import ReasonForm
from adherents.feed.event_types import EventType
from adherents.feed.services import KEPT_FOR
from adherents.ui.fields import MomentField
from adherents.webhooks.networks import LONGEST_URL
from adherents.webhooks.services.endpoints import EndpointRefused, check_address


class EndpointForm(ReasonForm):
    """A new webhook."""

    name = forms.CharField(
        label=_("Nom"),
        help_text=_("Celui du logiciel qui est prévenu : « Gestion des prestations »."),
        max_length=60,
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": _("Donnez-lui un nom.")},
    )
    url = forms.CharField(
        label=_("Adresse à appeler"),
        help_text=_("Elle commence par https:// et mène à un serveur qui répond en moins de dix secondes."),
        max_length=LONGEST_URL,
        widget=forms.TextInput({"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Indiquez l’adresse à appeler.")},
    )
    types = forms.MultipleChoiceField(
        label=_("Événements"),
        help_text=_("Aucun coché : tous."),
        choices=[(kind.value, kind.value) for kind in EventType],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    field_order = ["name", "url", "types", "reason"]
    first = "name"

    def clean_url(self) -> str:
        """Checked here so that its error is shown with the others."""
        url: str = self.cleaned_data["url"]
        try:
            check_address(url)
        except EndpointRefused as refusal:
            raise forms.ValidationError(str(refusal.message)) from None
        return url


class PassOverForm(ReasonForm):
    """`position`: which event the person has seen."""

    position = forms.IntegerField(required=False, widget=forms.HiddenInput)


class SecretsForm(ReasonForm):
    """`secrets_seen`: which secrets it had when the person opened the page."""

    secrets_seen = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)


class ReplayForm(ReasonForm):
    """From when on. It begins with yesterday."""

    since = MomentField(
        label=_("Depuis"),
        help_text=_(
            "Trente jours en arrière au plus. Le destinataire reconnaît à son identifiant un événement déjà pris."
        ),
        error_messages={
            "required": _("Indiquez le jour et l’heure."),
            "early": _("Choisissez un moment des trente derniers jours."),
            "late": _("Choisissez un moment des trente derniers jours."),
        },
    )
    field_order = ["since", "reason"]
    first = "since"

    def __init__(self, data: Any = None, *, about: Any = None, initial: dict[str, Any] | None = None) -> None:
        now = timezone.localtime()
        super().__init__(data, about=about, initial={"since": now - timedelta(days=1)} | (initial or {}))
        since = self.fields["since"]
        assert isinstance(since, MomentField)
        since.between(now - KEPT_FOR, now)
