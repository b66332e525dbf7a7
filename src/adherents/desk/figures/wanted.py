"""Which figures are asked for: of the last weeks, of a group of agents, of a kind of document."""

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.utils import timezone

from adherents.desk.figures.waits import monday_of

SPANS = (4, 13, 26, 52, 104)  # weeks, the running one among them
DAYS = 31  # today among them
# The filter's value for « by agents without a group »; "" means every group. No group is called so: a group's name is stored
# without spaces around it.
NO_TEAM = " "


@dataclass(frozen=True)
class FiguresFilter:
    """What is counted: that of the weeks up to now, of a group of agents and of a kind, or "" for all."""

    weeks: int = 13
    team: str = ""
    kind: str = ""

    @property
    def last(self) -> date:
        return timezone.localdate()

    @property
    def first(self) -> date:
        return monday_of(self.last) - timedelta(weeks=self.weeks - 1)

    @property
    def mondays(self) -> list[date]:
        return [self.first + timedelta(weeks=rank) for rank in range(self.weeks)]

    @property
    def days(self) -> list[date]:
        """The last ones, whatever weeks are asked for."""
        return [self.last - timedelta(days=DAYS - 1 - rank) for rank in range(DAYS)]

    @property
    def query(self) -> str:
        """The same, in an address."""
        chosen = {"weeks": self.weeks, "team": self.team, "kind": self.kind}
        return urlencode({name: value for name, value in chosen.items() if value})
