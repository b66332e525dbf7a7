"""Whose figures nobody else reads: a group of one agent is that agent."""

from collections.abc import Iterable

from django.db.models import Count

from adherents.accounts.models import SYSTEMS, Account
from adherents.accounts.permissions import TABLE, Act

FEWEST = 2  # agents of whom a figure may tell


def closed_teams(reader: Account, counted: Iterable[set[str]]) -> set[str]:
    """The groups whose figures this reader is not shown: those of fewer than two agents, unless it is their own.

    `counted`: the groups in which anything was ever counted, for each kind of figures apart. Where those that are closed in one
    of them have one agent together, the smallest of its others is closed with them: what is left of the total would be that
    agent. A group that everybody left hides nobody; what programs did (`SYSTEMS`) is nobody's. An agent who was suspended
    counts, for what they did is there. One query.
    """
    agents = Account.objects.filter(role__in=TABLE[Act.TREAT]).order_by()
    sizes = dict(agents.values_list("team").annotate(count=Count("pk")))
    own = {reader.team} if sizes.get(reader.team, 0) == 1 else set()
    return set().union(*(_closed(names - own - {SYSTEMS}, sizes) for names in counted))


def _closed(names: set[str], sizes: dict[str, int]) -> set[str]:
    closed = {name for name in names if sizes.get(name, 0) < FEWEST}
    if closed and sum(sizes.get(name, 0) for name in closed) < FEWEST:
        others = sorted(names - closed, key=lambda name: (sizes[name], name))
        closed.update(others[:1])
    return closed
