"""Which kinds of documents and which languages « Suivant » gives to an agent."""

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.accounts.services.acts import ActRefused, check_act
from adherents.accounts.services.agents import AgentActRefused, NotAnyMore
from adherents.desk.models import Specialty
from adherents.insurer.profile import profile
from adherents.journal.events import Event
from adherents.journal.services import record


class NoSuchSpecialty(AgentActRefused):
    message = _("Choisissez dans la liste.")


def set_specialty(*, agent: Account, by: Account, kinds: Sequence[str], languages: Sequence[str]) -> None:
    """From the next « Suivant » on, give this agent these kinds and languages only. None of them, or all, means everything.

    Raises an `AgentActRefused`.
    """
    every_kind = list(profile().documents.kind_labels)
    every_language = [str(code) for code, _name in settings.LANGUAGES]
    if not set(kinds) <= set(every_kind) or not set(languages) <= set(every_language):
        raise NoSuchSpecialty
    chosen = {
        "kinds": _or_all([kind for kind in every_kind if kind in kinds], every_kind),
        "languages": _or_all([code for code in every_language if code in languages], every_language),
    }
    with transaction.atomic():
        try:
            by = check_act(agent=by, act=Act.MANAGE_AGENTS)
        except ActRefused as error:
            raise NotAnyMore from error
        if any(chosen.values()):
            Specialty.objects.update_or_create(account=agent, defaults=chosen)
        else:
            Specialty.objects.filter(account=agent).delete()
        details = {name: " ".join(codes) for name, codes in chosen.items()}
        record(Event.AGENT_SPECIALTY_CHANGED, subject=agent.subject, actor=by.actor, **details)


def _or_all(chosen: list[str], every: list[str]) -> list[str]:
    return [] if len(chosen) == len(every) else chosen
