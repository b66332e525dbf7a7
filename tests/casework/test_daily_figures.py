"""What was decided, day by day: a table and a plot of the last month."""

import pytest

from adherents.members.models import Member
from tests.casework.test_figures import Clock, clock, heads_browser, several  # noqa: F401

pytestmark = pytest.mark.django_db


def test_the_last_days_are_told_day_by_day_whatever_weeks_are_asked_for(
    member: Member,
    clock: Clock,  # noqa: F811  the fixture
) -> None:
    several(member, clock)
    head = heads_browser()

    def days(query: str) -> dict[str, str]:
        table = head.get(f"/gestion/chiffres/{query}").context["figures"].table("jours")
        assert len(table.rows) == 31
        assert (table.rows[0][0].raw, table.rows[-1][0].raw) == ("07/11/2026", "07/12/2026")
        return {row[0].raw: row[1].raw for row in table.rows if row[1].raw != "0"}

    assert days("?weeks=4") == days("?weeks=104") == {"23/11/2026": "6", "30/11/2026": "6"}
    assert days("?kind=devis") == {"23/11/2026": "1", "30/11/2026": "1"}
    rows = head.get("/gestion/chiffres/jours/csv/?team=Optique").content.decode().splitlines()
    assert rows[0] == "\ufeffJour;Décisions;Accepté;Refusé;Correction demandée;Dans les délais (%)"
    assert sum(int(row.split(";")[1]) for row in rows[1:]) == 4
