"""What goes with the files: what they are, for whom, and a few words. And what checks a receipt, or finds a document."""

import re
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.utils.translation import gettext_lazy as _

from adherents.insurer.profile import profile
from adherents.members.models import Beneficiary, Member
from adherents.ui.fields import FilesField
from adherents.vault.models import Document, DocumentQuerySet, Sending, State
from adherents.vault.selectors.search import narrowed

LONGEST_NOTE = 1000


class BeneficiaryField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class SendForm(forms.Form):
    """The form around the files. The files themselves were received before it is read (`uploads.py`)."""

    kind = forms.ChoiceField(
        label=_("Quel document ?"),
        error_messages={
            "required": _("Choisissez dans la liste ce que vous envoyez."),
            "invalid_choice": _("Choisissez dans la liste ce que vous envoyez."),
        },
    )
    beneficiary = BeneficiaryField(
        label=_("Pour qui ?"),
        queryset=Beneficiary.objects.none(),
        required=False,
        error_messages={"invalid_choice": _("Choisissez dans la liste la personne concernée.")},
    )
    files = FilesField(label=_("Vos fichiers"))  # type: ignore[assignment]
    gather = forms.BooleanField(
        label=_("Réunir les photos en un seul PDF"),
        help_text=_(
            "Une page par photo, à l’endroit. Vos photos restent gardées telles que vous les envoyez."
        ),
        required=False,
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
            known |= {"kind": like.kind, "beneficiary": like.beneficiary_id}
        super().__init__(data, initial=known)
        kinds = [(kind.code, kind.label) for kind in profile().documents.kinds]
        self.fields["kind"].choices = [("", _("Choisissez…")), *kinds]  # type: ignore[attr-defined]
        covered = Beneficiary.objects.of(member).present()
        beneficiary = self.fields["beneficiary"]
        assert isinstance(beneficiary, BeneficiaryField)
        beneficiary.queryset = covered
        beneficiary.empty_label = _("%(name)s (vous)") % {"name": member.name}
        if not covered.exists():
            del self.fields["beneficiary"]


class CheckForm(forms.Form):
    """A receipt as a file, or its number with the fingerprint of a file that was in the deposit."""

    receipt = forms.FileField(
        label=_("Votre accusé de dépôt"),
        help_text=_("Le PDF ou le JSON tel qu’il a été téléchargé, 1 Mo au plus."),
        required=False,
        allow_empty_file=True,
        max_length=1000,
        widget=forms.FileInput({"accept": ".pdf,.json,application/pdf,application/json"}),
    )
    number = forms.CharField(
        label=_("Numéro de l’accusé de dépôt"),
        help_text=_("Si vous n’avez plus l’accusé lui-même, par exemple D-2026-000123."),
        required=False,
        max_length=40,
    )
    sha256 = forms.CharField(
        label=_("Empreinte SHA-256 du fichier que vous avez gardé"),
        help_text=_("64 chiffres et lettres de a à f."),
        required=False,
        max_length=500,
    )

    def clean_number(self) -> str:
        return "".join(str(self.cleaned_data["number"]).split()).upper()

    def clean_sha256(self) -> str:
        """What a tool printed is taken too: « empreinte  fichier.pdf », capitals, spaces every few digits."""
        typed = str(self.cleaned_data["sha256"]).lower()
        if not typed.strip():
            return ""
        for text in (typed, re.sub(r"[\s:]", "", typed)):
            if found := re.search(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", text):
                return found[0]
        raise forms.ValidationError(
            _("Une empreinte SHA-256 a 64 chiffres et lettres de a à f. Copiez-la entière.")
        )

    def clean(self) -> None:
        """What is missing is told beside what is wrong."""
        if self.cleaned_data.get("receipt") or self.has_error("receipt") or self.has_error("number"):
            return
        if not self.cleaned_data["number"]:
            self.add_error("receipt", _("Choisissez l’accusé de dépôt à vérifier, ou indiquez son numéro."))
        elif not self.has_error("sha256") and not self.cleaned_data["sha256"]:
            self.add_error(
                "sha256", _("Avec un numéro, il faut l’empreinte d’un des fichiers que vous aviez envoyés.")
            )


class FindForm(forms.Form):
    """Every field may stay empty. A wrong value is told, and narrows nothing."""

    words = forms.CharField(label=_("Nom du fichier ou n° d’accusé"), required=False, max_length=200)
    kind = forms.ChoiceField(label=_("Quel document ?"), required=False)
    state = forms.ChoiceField(label=_("État"), required=False)
    since = forms.DateField(
        label=_("Envoyé depuis le"),
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Écrivez la date en chiffres, par exemple 03/05/2026.")},
    )
    until = forms.DateField(
        label=_("Jusqu’au"),
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Écrivez la date en chiffres, par exemple 03/05/2026.")},
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        kinds = [(kind.code, kind.label) for kind in profile().documents.kinds]
        self.fields["kind"].choices = [("", _("Tous")), *kinds]  # type: ignore[attr-defined]
        self.fields["state"].choices = [("", _("Tous")), *State.choices]  # type: ignore[attr-defined]
        self.is_valid()

    @property
    def asked(self) -> dict[str, Any]:
        """What is looked for: only what was filled in, and rightly."""
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def query(self) -> str:
        """What to keep in the links from one page to another."""
        return urlencode({name: str(value) for name, value in self.asked.items()})

    def narrow(self, documents: DocumentQuerySet) -> DocumentQuerySet:
        """Those of `documents` that are looked for."""
        return narrowed(documents, self.asked)
