"""Two keep or share a filter at one moment, on a real PostgreSQL: never one more than there may be."""

from functools import partial

import pytest

from adherents.accounts.models import Role
from adherents.casework.models import SavedFilter
from adherents.casework.services import saving_filters
from adherents.casework.services.saving_filters import save_filter, share_filter
from tests.at_once import at_once, kinds
from tests.casework.queueing import adviser

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("whole_journal"),
]


def test_two_tabs_keep_no_more_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving_filters, "MOST_KEPT", 3)
    agent = adviser(0)
    acts = [partial(save_filter, agent=agent, name=f"n° {rank}", query="kind=rib") for rank in range(8)]
    assert kinds(at_once(acts)) == {"SavedFilter": 3, "TooManyKept": 5}


def test_responsables_share_no_more_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving_filters, "MOST_SHARED", 3)
    heads = [adviser(rank, Role.SUPERVISOR) for rank in range(8)]
    saved = [save_filter(agent=head, name="Pour tous", query="kind=rib") for head in heads]
    acts = [partial(share_filter, agent=one.account, saved=one, shared=True) for one in saved]
    assert kinds(at_once(acts)) == {"NoneType": 3, "TooManyShared": 5}
    assert SavedFilter.objects.filter(is_shared=True).count() == 3
