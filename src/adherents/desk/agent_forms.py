"""The forms of the pages about agents: who, which role, which group, and why."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import AGENT_ROLES, Account
from adherents.accounts.services.agents import AlreadyThere, is_there
from adherents.desk.forms import ActForm, ReasonForm
from adherents.desk.models import Specialty
from adherents.desk.reasons import ReasonField
from adherents.desk.services.absences import EndsInThePast, EndsTooLate
from adherents.desk.services.specialties import NoSuchSpecialty
from adherents.insurer.profile import profile
from adherents.ui.fields import DayField
from adherents.ui.typed_days import A_YEAR

ROLES = [(role.value, role.label) for role in AGENT_ROLES]


class TeamField(forms.CharField):
    """A group, typed or chosen among those that there are."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Groupe"),
            help_text=_(
                "Pour les chiffres et la répartition : « Optique », « Équipe du matin ». Peut rester vide."
            ),
            max_length=60,
            required=False,
            widget=forms.TextInput({"list": "groupes", "autocomplete": "off"}),
        )


class InvitationForm(ReasonForm):
    """A new agent."""

    email = forms.EmailField(
        label=_("Adresse e-mail"),
        help_text=_("Professionnelle et personnelle à l’agent : elle sera son identifiant."),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "off"}),
        error_messages={
            "required": _("Indiquez l’adresse de l’agent."),
            "invalid": _("Écrivez une adresse complète, comme nom@exemple.fr."),
        },
    )
    name = forms.CharField(
        label=_("Nom affiché"),
        max_length=80,
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": _("Indiquez le nom de l’agent.")},
    )
    role = forms.ChoiceField(label=_("Rôle"), choices=ROLES)
    team = TeamField()
    language = forms.ChoiceField(label=_("Langue de ses mails"), choices=[])
    field_order = ["email", "name", "role", "team", "language", "reason"]
    first = refused_at = "email"

    def clean_email(self) -> str:
        """Checked here so that its error is shown with the others; the service settles between two who invite at once."""
        email: str = self.cleaned_data["email"]
        if is_there(email):
            raise forms.ValidationError(AlreadyThere.message)
        return email

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = settings.LANGUAGES  # type: ignore[attr-defined]
        if len(settings.LANGUAGES) == 1:
            self.fields["language"].widget = forms.HiddenInput()
            self.fields["language"].initial = settings.LANGUAGES[0][0]


class RoleForm(ReasonForm):
    """Another role."""

    role = forms.ChoiceField(label=_("Nouveau rôle"), choices=ROLES)
    field_order = ["role", "reason"]
    first = "role"
    as_it_is = ("role",)


class TeamForm(ActForm):
    """Another group; "" for none."""

    as_it_is = ("team",)

    team = TeamField()


class SpecialtyForm(ActForm):
    """The kinds and the languages that an agent treats: none that is ticked stands for all."""

    kinds = forms.MultipleChoiceField(
        label=_("Types de documents"),
        help_text=_("Rien de coché : tous, et ceux qui viendront."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": NoSuchSpecialty.message},
    )
    languages = forms.MultipleChoiceField(
        label=_("Langues des adhérents"),
        help_text=_("Rien de coché : toutes."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": NoSuchSpecialty.message},
    )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if isinstance(self.about, Account):
            now = Specialty.objects.of(self.about)
            self.initial.update({"kinds": now.kinds, "languages": now.languages})
        self.fields["kinds"].choices = list(profile().documents.kind_labels.items())  # type: ignore[attr-defined]
        self.fields["languages"].choices = settings.LANGUAGES  # type: ignore[attr-defined]
        if len(settings.LANGUAGES) == 1:
            self.fields["languages"].widget = forms.MultipleHiddenInput()


class AbsenceForm(forms.Form):
    """Days off, and who stands in. `people`: those whose absence may be noted, who notes it first; `substitutes`: who may stand
    in.
    """

    agent = forms.ChoiceField(
        label=_("Qui"), error_messages={"invalid_choice": _("Choisissez un agent.")}, required=False
    )
    begins_on = DayField(
        label=_("Premier jour"), error_messages={"required": _("Choisissez le premier jour.")}
    )
    ends_on = DayField(
        label=_("Dernier jour"),
        error_messages={
            "required": _("Choisissez le dernier jour."),
            "early": EndsInThePast.message,
            "late": EndsTooLate.message,
        },
    )
    substitute = forms.ChoiceField(
        label=_("Remplaçant"),
        help_text=_(
            "Il reçoit pendant ce temps ce qui est réservé à l’absent. Sans remplaçant, c’est à prendre par tous."
        ),
        required=False,
        error_messages={"invalid_choice": _("Choisissez un agent.")},
    )

    def __init__(
        self, data: Any = None, *, people: list[Account], substitutes: list[Account], **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self._me = people[0]
        self._people = {str(person.pk): person for person in (*people, *substitutes)}
        self.fields["agent"].choices = [(str(person.pk), person.shown_name) for person in people]  # type: ignore[attr-defined]
        if len(people) == 1:
            self.fields["agent"].widget = forms.HiddenInput()
        others = [(str(person.pk), person.shown_name) for person in substitutes]
        self.fields["substitute"].choices = [("", _("Personne : à qui le prend")), *others]  # type: ignore[attr-defined]
        ends_on = self.fields["ends_on"]
        assert isinstance(ends_on, DayField)
        # Checked here too, so that its error is shown together with the others.
        ends_on.between(localdate(), localdate() + A_YEAR)

    def clean_agent(self) -> Account:
        return self._people.get(self.cleaned_data["agent"], self._me)

    def clean_substitute(self) -> Account | None:
        return self._people.get(self.cleaned_data["substitute"])


class FactorAnswerForm(ReasonForm):
    """The second person's answer. The button that was pressed says which."""

    answer = forms.ChoiceField(choices=[("approve", ""), ("refuse", "")], widget=forms.HiddenInput)
    reason = ReasonField(
        help_text=_(
            "Gardé au journal, tel quel. Dites comment vous savez que c’est bien l’agent qui demande."
        ),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
