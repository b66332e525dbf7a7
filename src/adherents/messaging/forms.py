"""Forms for messages and for the answers kept ready."""

import re
import uuid
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import TABLE, Act
from adherents.members.search_query import normalise_number
from adherents.messaging import placeholders
from adherents.messaging.models import LONGEST_BODY, LONGEST_SUBJECT, CannedAnswer
from adherents.messaging.services.canned_answers import TitleTaken
from adherents.messaging.services.circulars import OtherCount, TooMany
from adherents.messaging.services.threads import Unfilled, check_filled
from adherents.ui.fields import FilesField, LinesField

MOST_NUMBERS = (
    10_000  # that a person may paste: more than may be written to, so that those are named which cannot be
)
LONGEST_LIST = 200_000
LONGEST_NUMBER = 40  # the register has none so long
_BETWEEN = re.compile(r"[\t\r\n;,\"']+")
_GROUP = 4  # characters of a number that stand together, where it is written with spaces
_HEAD = {"NUMERO_ADHERENT", "NUMERO", "N°"}  # of a column


class BodyField(LinesField):
    """What is written."""

    def __init__(self, **options: Any) -> None:
        rows, key = options.pop("rows", 6), options.pop("key", "")
        super().__init__(
            max_length=LONGEST_BODY,
            widget=forms.Textarea({"rows": rows, **({"data-key": key} if key else {})}),
            error_messages={
                "required": _("Écrivez votre message."),
                "max_length": _("Raccourcissez ce message : 5000 caractères au plus."),
            },
            **options,
        )


class SubjectField(forms.CharField):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=LONGEST_SUBJECT,
            widget=forms.TextInput({"autocomplete": "off"}),
            error_messages={
                "required": _("Dites en quelques mots de quoi il s’agit."),
                "max_length": _("Raccourcissez l’objet : 120 caractères au plus."),
            },
            **options,
        )


class MessageForm(forms.Form):
    """A message in a thread."""

    body = BodyField(label=_("Votre message"))
    files = FilesField(label=_("Joindre des fichiers (facultatif)"))  # type: ignore[assignment]


class NewThreadForm(forms.Form):
    """The first message of a thread, and what it is about."""

    subject = SubjectField(
        label=_("Objet"), help_text=_("Par exemple : remboursement d’une paire de lunettes.")
    )
    body = BodyField(label=_("Votre message"), rows=8)
    files = FilesField(label=_("Joindre des fichiers (facultatif)"))  # type: ignore[assignment]


class AnswerForm(forms.Form):
    """An agent's answer. `after` is the last message that was on the screen."""

    body = BodyField(label=_("Réponse à l’adhérent"), rows=9, key="r")
    files = FilesField(label=_("Joindre des fichiers (facultatif)"))  # type: ignore[assignment]
    after = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class CloseForm(forms.Form):
    after = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class StartForm(forms.Form):
    """An agent writes first."""

    subject = SubjectField(label=_("Objet"), help_text=_("L’adhérent le lit. Il n’est dans aucun mail."))
    body = BodyField(label=_("Message à l’adhérent"), rows=9, key="r")
    files = FilesField(label=_("Joindre des fichiers (facultatif)"))  # type: ignore[assignment]

    def clean_body(self) -> str:
        """Checked here so that its error is shown with the others."""
        body: str = self.cleaned_data["body"]
        try:
            check_filled(body)
        except Unfilled as refusal:
            raise forms.ValidationError(str(refusal.message)) from refusal
        return body


def _numbers_in(piece: str) -> list[str]:
    """« 7010 0001 » is one, as the portal and the card write it; « 70100001 70100002 » are two."""
    words = piece.split(" ")
    return [piece] if all(len(word) <= _GROUP for word in words) else words


class NumbersField(forms.CharField):
    """Numbers of members, as a list or a column of a spreadsheet is pasted: one a line, or between commas or semicolons."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        words = [
            normalise_number(word) for piece in _BETWEEN.split(text or "") for word in _numbers_in(piece)
        ]
        return [word for word in words if word and word not in _HEAD]

    def validate(self, value: Any) -> None:
        super().validate(value)
        if len(value) > MOST_NUMBERS:
            raise forms.ValidationError(str(TooMany.message))
        if any(len(word) > LONGEST_NUMBER for word in value):
            raise forms.ValidationError(
                _("Ce n’est pas une liste de numéros d’adhérents : l’un d’eux est trop long.")
            )

    def run_validators(self, value: Any) -> None:
        """Its length is that of what was typed, which the browser and `MOST_NUMBERS` bound."""


class CircularForm(StartForm):
    """What is written, and to whom."""

    files = None  # type: ignore[assignment]  # the same words for all, and no file
    numbers = NumbersField(
        label=_("Numéros d’adhérents"),
        help_text=_(
            "Collez une liste ou une colonne de tableur : un numéro par ligne, ou séparés par des virgules."
        ),
        widget=forms.Textarea({"rows": 6, "autocomplete": "off", "maxlength": LONGEST_LIST}),
        error_messages={"required": _("Collez les numéros des adhérents à qui écrire.")},
    )
    field_order = ("numbers", "subject", "body")


class ConfirmForm(forms.Form):
    """How many members will read it, as counted by the one who sends it; `key` makes two presses one."""

    confirmed = forms.IntegerField(
        label=_("Tapez le nombre d’adhérents pour confirmer"),
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": OtherCount.message, "invalid": OtherCount.message},
    )
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


class NoteForm(forms.Form):
    """A note that the member never sees. It stands beside the answer on one page: its ids are its own."""

    def __init__(self, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, auto_id="note_%s", initial=initial)

    body = BodyField(
        label=_("Note interne"),
        help_text=_("Pour le service seul : l’adhérent ne la verra jamais."),
        rows=3,
        key="n",
    )


class AgentField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.shown_name)


class TransferForm(forms.Form):
    """The agent that the thread goes to; none means all of them."""

    agent = AgentField(
        label=_("Transférer à"),
        queryset=Account.objects.none(),
        required=False,
        empty_label=_("Tous : sans conseiller"),
        error_messages={"invalid_choice": _("Choisissez quelqu’un de la liste.")},
    )

    def __init__(self, data: Any = None, *, agent: Account) -> None:
        super().__init__(data)
        field = self.fields["agent"]
        assert isinstance(field, AgentField)
        field.queryset = who_may_follow().exclude(pk=agent.pk)


def who_may_follow() -> QuerySet[Account]:
    """The agents that a thread can be handed over to."""
    may = Account.objects.filter(role__in=TABLE[Act.MESSAGES], closed_at__isnull=True)
    return may.order_by("identifier")


class CannedAnswerForm(forms.Form):
    """An answer kept ready. Only the fields that are known are accepted."""

    title = forms.CharField(
        label=_("Titre"),
        help_text=_("Pour la retrouver dans la liste ; l’adhérent ne le voit pas."),
        max_length=80,
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": _("Donnez-lui un titre."), "max_length": _("80 caractères au plus.")},
    )
    fr = BodyField(label=_("En français"), rows=9)
    en = BodyField(label=_("En anglais"), rows=9)

    def __init__(self, *args: Any, kept: CannedAnswer | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._others = CannedAnswer.objects.exclude(pk=kept.pk) if kept else CannedAnswer.objects.all()

    def clean_title(self) -> str:
        """Checked here so that its error is shown with the others; the service settles between two who write at once."""
        title: str = self.cleaned_data["title"]
        if self._others.filter(title=title).exists():
            raise forms.ValidationError(TitleTaken.message)
        return title

    def clean_fr(self) -> str:
        return self._with_known_fields("fr")

    def clean_en(self) -> str:
        return self._with_known_fields("en")

    def _with_known_fields(self, name: str) -> str:
        text = str(self.cleaned_data[name])
        wrong = [_unknown_placeholder(unknown) for unknown in dict.fromkeys(placeholders.unknown_in(text))]
        if wrong:
            raise forms.ValidationError(wrong)
        return text


def _unknown_placeholder(unknown: str) -> forms.ValidationError:
    """`unknown`: what stands between braces; "" for a brace that holds nothing."""
    if not unknown:
        return forms.ValidationError(_("Une accolade n’entoure aucun champ : fermez-la, ou effacez-la."))
    words = _("« {%(name)s} » n’est pas un champ connu. Les champs possibles sont dans la liste, à côté.")
    return forms.ValidationError(words, params={"name": unknown})
