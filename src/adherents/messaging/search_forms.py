"""What narrows the conversations of the desk: typed as people know it, kept as plain identifiers."""

import uuid
from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from adherents.accounts.models import AGENT_ROLES, Account
from adherents.accounts.permissions import Act, roles_that_may
from adherents.insurer.profile import profile
from adherents.members.models import FOUND_AT_MOST, Member
from adherents.members.selectors import find
from adherents.messaging.finding import NO_DOCUMENT, ThreadPlace, ThreadState
from adherents.ui.fields import DayField

LONGEST = 120
MEMBER = "member:"  # in the address: a member by key, as the journal names them


class FindThreadsForm(forms.Form):
    """Which conversations: whose, about what, in which state, followed and answered by whom, in which days. Nothing has to be
    said.
    """

    member = forms.CharField(
        label=gettext_lazy("Adhérent"),
        required=False,
        max_length=LONGEST,
        help_text=gettext_lazy("N° adhérent ou nom."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    kind = forms.ChoiceField(label=gettext_lazy("À propos de"), required=False)
    state = forms.ChoiceField(
        label=gettext_lazy("État"),
        required=False,
        choices=[("", gettext_lazy("Tous")), *ThreadState.choices],
    )
    agent = forms.ChoiceField(label=gettext_lazy("Suivie par"), required=False)
    author = forms.ChoiceField(label=gettext_lazy("A répondu"), required=False)
    since = DayField(
        label=gettext_lazy("Du"), required=False, help_text=gettext_lazy("Jour du dernier message.")
    )
    until = DayField(label=gettext_lazy("Au"), required=False)
    before = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.members: list[int] = []
        self.place: ThreadPlace | None = None
        everything, everybody = ("", gettext_lazy("Tout")), ("", gettext_lazy("Tous"))
        kinds = [(NO_DOCUMENT, gettext_lazy("Aucun document")), *profile().documents.kind_labels.items()]
        agents = list(Account.objects.filter(role__in=AGENT_ROLES).order_by("identifier"))
        may = roles_that_may(Act.MESSAGES)
        at_work = [one for one in agents if one.role in may and one.closed_at is None]
        self.fields["kind"].choices = [everything, *kinds]  # type: ignore[attr-defined]
        self.fields["agent"].choices = [everybody, *_named(at_work)]  # type: ignore[attr-defined]
        # Who has left may have answered.
        self.fields["author"].choices = [everybody, *_named(agents)]  # type: ignore[attr-defined]

    def clean_member(self) -> str:
        text = str(self.cleaned_data["member"]).strip()
        if not text:
            return ""
        self.members = _members_meant(text)
        if not self.members:
            raise ValidationError(_("Aucun adhérent n’a ce numéro ni ce nom."))
        if len(self.members) >= FOUND_AT_MOST:
            raise ValidationError(_("Trop d’adhérents s’appellent ainsi : précisez."))
        return ",".join(f"{MEMBER}{pk}" for pk in self.members)

    def clean_before(self) -> str:
        """A place that is not understood is the beginning."""
        text = str(self.cleaned_data["before"])
        try:
            moment, _sign, key = text.partition("_")
            at = datetime.fromisoformat(moment)
            self.place = ThreadPlace(at.astimezone(UTC), uuid.UUID(key)) if at.tzinfo else None
        except (ValueError, OverflowError):  # beyond the years that there are
            return ""
        return text

    def clean(self) -> dict[str, Any]:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            self.add_error("until", _("Ce jour est avant le premier."))
        return self.cleaned_data

    def value(self, name: str) -> str:
        """As it was chosen; "" where nothing was."""
        return str(self.cleaned_data.get(name) or "") if self.is_bound else ""

    def day(self, name: str) -> date | None:
        found: date | None = self.cleaned_data.get(name) if self.is_bound else None
        return found

    @property
    def address(self) -> dict[str, str]:
        """What stands in the page's address: plain identifiers and days, nothing that was typed."""
        if not self.is_bound or self.errors:
            return {}
        said = {name: self.value(name) for name in self.fields if name != "before"}
        return {name: value for name, value in said.items() if value}


def _named(agents: list[Account]) -> list[tuple[str, str]]:
    return [(str(agent.pk), agent.shown_name) for agent in agents]


def _members_meant(text: str) -> list[int]:
    """The keys of the members with this number or name, in order; or those that an address names."""
    words = text.split(",")
    keys = [word.removeprefix(MEMBER) for word in words if word.startswith(MEMBER)]
    if len(keys) == len(words) and all(key.isdecimal() and len(key) < 19 for key in keys):
        known = Member.objects.filter(pk__in=map(int, keys[:FOUND_AT_MOST])).order_by("pk")
        return list(known.values_list("pk", flat=True))
    return sorted({hit.member.pk for hit in find(text)})
