"""The form that goes with the files (kind, person, a few words), and the form that finds a document."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.utils.translation import gettext_lazy as _

from adherents.insurer.profile import profile
from adherents.insurer.treatment import UNKNOWN_KIND
from adherents.members.models import Beneficiary, Member
from adherents.ui.fields import DayField, FilesField, FilterField
from adherents.vault.models import Document, DocumentQuerySet, Sending, State
from adherents.vault.selectors.search import narrowed

LONGEST_NOTE = 1000


class BeneficiaryField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class KindChoices(forms.RadioSelect):
    """The kinds as large buttons, each with its picture."""

    template_name = "vault/elements/kind_choices.html"

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(*args, **kwargs)
        pictures = {kind.code: kind.picture for kind in profile().documents.kinds}
        option["picture"] = pictures.get(str(option["value"]), "unknown")
        return option


class SendForm(forms.Form):
    """The form around the files. The files themselves were received before it is read (`uploads/handlers.py`)."""

    files = FilesField(label=_("Vos fichiers"))  # type: ignore[assignment]
    gather = forms.BooleanField(
        label=_("Réunir les photos en un seul PDF"),
        help_text=_(
            "Une page par photo, à l’endroit. Vos photos restent gardées telles que vous les envoyez."
        ),
        required=False,
    )
    kind = forms.ChoiceField(
        label=_("Quel document ?"),
        required=False,
        widget=KindChoices,
        error_messages={"invalid_choice": _("Choisissez dans la liste ce que vous envoyez.")},
    )
    beneficiary = BeneficiaryField(
        label=_("Pour qui ?"),
        queryset=Beneficiary.objects.none(),
        required=False,
        error_messages={"invalid_choice": _("Choisissez dans la liste la personne concernée.")},
    )
    note = forms.CharField(
        label=_("Un mot pour le conseiller (facultatif)"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea({"rows": 3}),
        error_messages={"max_length": _("Raccourcissez ce mot : 1000 caractères au plus.")},
    )

    def __init__(
        self,
        data: Any = None,
        *,
        member: Member,
        replaced: Document | None = None,
        sending: Sending | None = None,
    ) -> None:
        """What `sending` says to begin with; before it says a kind, the kind and the person of the document to replace."""
        known: dict[str, object] = {}
        if sending:
            known |= {"note": sending.note, "gather": sending.gather}
        like = sending if sending and sending.kind else replaced
        if like:
            # What an agent could not place either is not proposed again; what the member chooses on this page stays.
            known |= {"kind": "" if like is replaced and like.kind == UNKNOWN_KIND else like.kind}
            known |= {"beneficiary": like.beneficiary_id}
        super().__init__(data, initial=known)
        kinds = [(kind.code, kind.label) for kind in profile().documents.kinds]
        self.fields["kind"].choices = [*kinds, (UNKNOWN_KIND, _("Je ne sais pas"))]  # type: ignore[attr-defined]
        covered = Beneficiary.objects.of(member).present()
        beneficiary = self.fields["beneficiary"]
        assert isinstance(beneficiary, BeneficiaryField)
        beneficiary.queryset = covered
        beneficiary.empty_label = _("%(name)s (vous)") % {"name": member.name}
        if not covered.exists():
            del self.fields["beneficiary"]

    def clean_kind(self) -> str:
        """Never blocks: an agent says which kind it is where the member does not."""
        return self.cleaned_data["kind"] or UNKNOWN_KIND


class PlaceForm(forms.Form):
    """What a paper is and for whom, where an agent says it."""

    kind = forms.ChoiceField(
        label=_("Type"),
        error_messages={
            "required": _("Choisissez un type de la liste."),
            "invalid_choice": _("Choisissez un type de la liste."),
        },
    )
    beneficiary = BeneficiaryField(
        label=_("Pour qui"),
        queryset=Beneficiary.objects.none(),
        required=False,
        error_messages={"invalid_choice": _("Choisissez dans la liste la personne concernée.")},
    )

    def __init__(self, data: Any = None, *, member: Member, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        kinds = profile().documents.kind_labels
        self.fields["kind"].choices = [("", _("Choisissez son type…")), *kinds.items()]  # type: ignore[attr-defined]
        beneficiary = self.fields["beneficiary"]
        assert isinstance(beneficiary, BeneficiaryField)
        beneficiary.queryset = Beneficiary.objects.of(member).present()
        beneficiary.empty_label = _("%(name)s (l’adhérent)") % {"name": member.name}


class FindForm(forms.Form):
    """Every field may stay empty. A wrong value is shown as an error, and narrows nothing."""

    words = forms.CharField(label=_("Nom du fichier ou n° d’accusé"), required=False, max_length=200)
    kind = FilterField(label=_("Quel document ?"))
    state = FilterField(label=_("État"))
    since = DayField(label=_("Envoyé depuis le"), required=False)
    until = DayField(label=_("Jusqu’au"), required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        kinds = profile().documents.kind_labels
        self.fields["kind"].choices = [("", _("Tous")), *kinds.items()]  # type: ignore[attr-defined]
        self.fields["state"].choices = [("", _("Tous")), *State.choices]  # type: ignore[attr-defined]
        self.is_valid()

    @property
    def asked(self) -> dict[str, Any]:
        """The fields that were filled in with right values."""
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def query(self) -> str:
        """What to keep in the links from one page to another."""
        return urlencode({name: str(value) for name, value in self.asked.items()})

    def narrow(self, documents: DocumentQuerySet) -> DocumentQuerySet:
        """The documents of `documents` that the form looks for."""
        return narrowed(documents, self.asked)
