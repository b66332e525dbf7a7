"""Who is away, and who stands in: read here, drawn by the templates. Nothing is written."""

from django.utils.translation import gettext as _

from adherents.accounts.models import Account
from adherents.accounts.permissions import TABLE, Act
from adherents.desk.models import Absence
from adherents.ui.moments import day


def colleagues_of(agent: Account) -> list[Account]:
    """The others who treat documents, by name."""
    others = Account.objects.filter(role__in=TABLE[Act.TREAT], closed_at=None).exclude(pk=agent.pk)
    return sorted(others, key=lambda account: account.shown_name.casefold())


def to_come(*, reader: Account) -> list[Absence]:
    """The absences that are not over: everybody's for who may plan them, one's own and those that one covers otherwise."""
    rows = Absence.objects.to_come().prefetch_related("account", "substitute")
    if reader.role in TABLE[Act.PLAN_ABSENCES]:
        return list(rows)
    return [row for row in rows if reader.pk in (row.account_id, row.substitute_id)]


def concerning(agent: Account) -> list[Absence]:
    """Today's absence of this agent, and those of whom they stand in for, through another substitute too. Two queries at most."""
    stand_ins = Absence.objects.stand_ins()
    about = [away for away, instead in stand_ins.items() if agent.pk in (away, instead)]
    if not about:
        return []
    return list(Absence.objects.on().filter(account__in=about).prefetch_related("account").order_by("pk"))


def away_words(people: list[Account]) -> dict[int, str]:
    """« absent jusqu’au 12/12/2026 » for those of them who are away today. One query."""
    rows = Absence.objects.on().filter(account__in=[person.pk for person in people])
    return {row.account_id: _("absent jusqu’au %(day)s") % {"day": day(row.ends_on)} for row in rows}
