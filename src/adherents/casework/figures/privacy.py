"""Whose figures nobody else reads: a group of one agent is that agent."""

from django.db.models import Count

from adherents.accounts.models import Account
from adherents.accounts.permissions import TABLE, Act
from adherents.casework.models import Tally

FEWEST = 2  # agents of whom a figure may tell


def closed_teams(reader: Account) -> set[str]:
    """The groups whose figures this reader is not shown: those of fewer than two agents, unless it is their own.

    Where that is one group only, the smallest of the others is closed with it: what is left of the total would be it. An
    agent who was suspended counts, for what they decided is there. Two queries.
    """
    names = set(Tally.objects.order_by().values_list("team", flat=True).distinct())
    agents = Account.objects.filter(role__in=TABLE[Act.TREAT]).order_by()
    sizes = dict(agents.values_list("team").annotate(count=Count("pk")))
    own = {reader.team} if sizes.get(reader.team, 0) == 1 else set()
    closed = {name for name in names - own if sizes.get(name, 0) < FEWEST}
    if len(closed) == 1:
        others = sorted(names - closed - own, key=lambda name: (sizes[name], name))
        closed.update(others[:1])
    return closed
