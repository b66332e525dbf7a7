"""The forms of a first connection: they validate what was typed, nothing else."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy, pgettext_lazy

from adherents.accounts.forms import NewPasswordMixin
from adherents.accounts.services.letter import read_code
from adherents.members import nir
from adherents.members.claims import Claim
from adherents.members.departments import department_in
from adherents.ui.fields import BirthDateField, NirInput

NO_DEPARTMENT = gettext_lazy(
    "Écrivez le numéro ou le nom du département, par exemple 38, 2A, 974 ou Val-de-Marne ; 99 si né à l’étranger."
)


class FirstConnectionForm(forms.Form):
    """Five facts about oneself, in the guide's order and words (G8)."""

    nir = forms.CharField(
        label=gettext_lazy("N° Sécurité sociale"),
        help_text=gettext_lazy("Saisir le numéro de sécurité sociale complet, y compris la clé"),
        max_length=120,
        widget=NirInput(),
        error_messages={"required": gettext_lazy("Indiquez votre numéro de sécurité sociale.")},
    )
    birth_date = BirthDateField(allow_unknown=True)
    department = forms.CharField(
        label=gettext_lazy("Département de naissance"),
        help_text=gettext_lazy(
            "Saisir votre département de naissance, sinon celui enregistré dans votre numéro de sécurité sociale"
        ),
        max_length=60,
        widget=forms.TextInput({"autocomplete": "off", "size": 24}),
        error_messages={
            "required": gettext_lazy(
                "Indiquez votre département de naissance, par exemple 38 (99 si né à l’étranger)."
            ),
            "max_length": NO_DEPARTMENT,
        },
    )
    name = forms.CharField(
        label=pgettext_lazy("personne", "Nom"),
        max_length=120,
        widget=forms.TextInput({"autocomplete": "family-name", "spellcheck": "false"}),
        error_messages={"required": gettext_lazy("Indiquez votre nom.")},
    )
    first_name = forms.CharField(
        label=gettext_lazy("Prénom"),
        max_length=120,
        widget=forms.TextInput({"autocomplete": "given-name", "spellcheck": "false"}),
        error_messages={"required": gettext_lazy("Indiquez votre prénom.")},
    )

    def clean_nir(self) -> str:
        try:
            return nir.parse(self.cleaned_data["nir"]).text
        except nir.WrongNir as error:
            raise ValidationError(str(error.message), code=error.code) from error

    def clean_department(self) -> str:
        try:
            return department_in(self.cleaned_data["department"])
        except ValueError as error:
            raise ValidationError(NO_DEPARTMENT) from error

    def claim(self) -> Claim:
        """What a valid form says."""
        return Claim(**{field: self.cleaned_data[field] for field in self.fields})


class LetterCodeForm(forms.Form):
    """The code of a letter, and the birth date (G7). The form refuses a code of the wrong shape; the service checks it."""

    code = forms.CharField(
        label=gettext_lazy("Code reçu par courrier"),
        help_text=gettext_lazy(
            "Douze lettres et chiffres, comme 7K2M‑Q8XD‑04RT. Les tirets sont facultatifs."
        ),
        max_length=40,
        widget=forms.TextInput(
            {"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
        ),
        error_messages={"required": gettext_lazy("Recopiez le code qui est dans le courrier.")},
    )
    birth_date = BirthDateField(allow_unknown=True)

    def clean_code(self) -> str:
        code = read_code(self.cleaned_data["code"])
        if not code:
            raise ValidationError(
                gettext_lazy("Le code compte douze lettres et chiffres : vérifiez qu’il n’en manque pas.")
            )
        return code


class NewAddressForm(forms.Form):
    """« Modifier mon adresse e-mail »: the new one."""

    email = forms.EmailField(
        label=gettext_lazy("Nouvelle adresse e-mail"),
        help_text=gettext_lazy("Un message y part : elle compte dès que vous suivez son lien."),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "email"}),
        error_messages={
            "required": gettext_lazy("Indiquez votre nouvelle adresse e-mail."),
            "invalid": gettext_lazy("Écrivez une adresse complète, comme nom@exemple.fr."),
        },
    )


class AddressReportForm(forms.Form):
    """« Ce n’était pas moi »: the birth date, as behind any link (G7)."""

    birth_date = BirthDateField(allow_unknown=True)


class LetterPasswordForm(NewPasswordMixin):
    """The page behind the code: the new password twice, and an address for those who have one."""

    email = forms.EmailField(
        label=gettext_lazy("Votre adresse e-mail"),
        help_text=gettext_lazy(
            "Facultatif. Un message y part tout de suite : elle compte dès que vous suivez son lien."
        ),
        required=False,
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "email"}),
        error_messages={
            "invalid": gettext_lazy("Écrivez une adresse complète, comme nom@exemple.fr, ou laissez vide.")
        },
    )
    field_order = ["password", "confirmation", "email"]
