from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from adherents.desk.forms import ReasonForm
from adherents.feed.event_types import NOT_YET, EventType
from adherents.feed.services import KEPT_FOR
from adherents.webhooks.networks import LONGEST_URL
from adherents.webhooks.services.endpoints import EndpointRefused, check_address

_TYPED = "%Y-%m-%dT%H:%M"


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
        choices=[(kind.value, kind.value) for kind in EventType if kind not in NOT_YET],
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

    since = forms.DateTimeField(
        label=_("Depuis"),
        help_text=_(
            "Trente jours en arrière au plus. Le destinataire reconnaît à son identifiant un événement déjà pris."
        ),
        input_formats=[_TYPED],
        widget=forms.DateTimeInput({"type": "datetime-local"}, format=_TYPED),
        error_messages={
            "required": _("Indiquez le jour et l’heure."),
            "invalid": _("Indiquez le jour et l’heure."),
        },
    )
    field_order = ["since", "reason"]
    first = "since"

    def __init__(self, data: Any = None, *, about: Any = None, initial: dict[str, Any] | None = None) -> None:
        yesterday = timezone.localtime() - timedelta(days=1)
        super().__init__(data, about=about, initial={"since": yesterday} | (initial or {}))

    def clean_since(self) -> datetime:
        since: datetime = self.cleaned_data["since"]
        if not timezone.now() - KEPT_FOR <= since <= timezone.now():
            raise forms.ValidationError(_("Choisissez un moment des trente derniers jours."))
        return since
