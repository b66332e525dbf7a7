"""The days on which an agent does not work, and who stands in for them.

Nothing is moved: what is kept for the absent is read with these days (`AbsenceQuerySet.stand_ins`), and comes back by itself.
"""

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import TABLE, Act
from adherents.database.transactions import needs_transaction
from adherents.desk.models import Absence
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.ui.typed_days import A_YEAR


class AbsenceRefused(Exception):
    """Why it cannot be planned or ended, in words for the agent. `field`: the field of the form to correct."""

    message: str | Promise = _("Seul un responsable ou un administrateur note l’absence d’un autre agent.")
    field = ""


class EndsInThePast(AbsenceRefused):
    message = _("Choisissez aujourd’hui ou un jour à venir.")
    field = "ends_on"


class EndsBeforeItBegins(AbsenceRefused):
    message = _("Le dernier jour vient après le premier.")
    field = "ends_on"


class EndsTooLate(AbsenceRefused):
    message = _("Choisissez un jour d’ici un an.")
    field = "ends_on"


class AwayAlready(AbsenceRefused):
    message = _("Une absence est déjà notée sur une partie de ces jours.")
    field = "begins_on"


class CannotStandIn(AbsenceRefused):
    message = _("Choisissez un autre agent, qui traite des documents.")
    field = "substitute"


class EndedAlready(AbsenceRefused):
    message = _("Cette absence est déjà finie ou retirée.")


def note_absence(
    *, by: Account, agent: Account, begins_on: date, ends_on: date, substitute: Account | None = None
) -> Absence:
    """Note that `agent` is away from the first day to the last, both included: their own absence, or another's.

    `substitute` None: what is kept for them is open to all meanwhile. Raises an `AbsenceRefused`.
    """
    check_days(begins_on, ends_on)
    with transaction.atomic():
        rows = _lock(by, agent, substitute)
        _check_may(rows, by, agent)
        if agent.pk not in rows:
            raise AbsenceRefused
        if substitute is not None and (substitute.pk == agent.pk or substitute.pk not in rows):
            raise CannotStandIn
        theirs = Absence.objects.filter(account=agent)
        if theirs.filter(begins_on__lte=ends_on, ends_on__gte=begins_on).exists():
            raise AwayAlready
        absence = Absence.objects.create(
            account=agent, begins_on=begins_on, ends_on=ends_on, substitute=substitute
        )
        instead = {"substitute": substitute.actor} if substitute else {}
        days = {"begins_on": begins_on.isoformat(), "ends_on": ends_on.isoformat()}
        record(Event.ABSENCE_PLANNED, subject=agent.subject, actor=by.actor, **days, **instead)
    return absence


def end_absence(*, by: Account, absence: Absence) -> None:
    """The agent is back today, or does not leave. Raises an `AbsenceRefused`."""
    today = timezone.localdate()
    with transaction.atomic():
        _check_may(_lock(by, absence.account), by, absence.account)
        row = Absence.objects.select_for_update().filter(pk=absence.pk, ends_on__gte=today).first()
        if row is None:
            raise EndedAlready
        if row.begins_on >= today:
            row.delete()
        else:
            row.ends_on = today - timedelta(days=1)
            row.save(update_fields=["ends_on"])
        record(Event.ABSENCE_ENDED, subject=absence.account.subject, actor=by.actor)


def check_days(begins_on: date, ends_on: date) -> None:
    """Raise the `AbsenceRefused` for days that cannot be."""
    today = timezone.localdate()
    if ends_on < today:
        raise EndsInThePast
    if ends_on < begins_on:
        raise EndsBeforeItBegins
    if ends_on > today + A_YEAR:
        raise EndsTooLate


@needs_transaction
def _lock(*people: Account | None) -> dict[int, Account]:
    """Those of them who treat documents, by their keys, under lock in one order. Must be called in a transaction."""
    wanted = {person.pk for person in people if person is not None}
    rows = Account.objects.select_for_update(no_key=True).filter(pk__in=wanted, closed_at=None)
    return {row.pk: row for row in rows.order_by("pk") if row.role in TABLE[Act.TREAT]}


def _check_may(rows: dict[int, Account], by: Account, agent: Account) -> None:
    """One's own absence, or a responsable's or administrateur's act on another's."""
    current = rows.get(by.pk)
    if current is None or (by.pk != agent.pk and current.role not in TABLE[Act.PLAN_ABSENCES]):
        raise AbsenceRefused
