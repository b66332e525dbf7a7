from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import pytest
import time_machine

from tests.webhooks.receiver import Receiver, receiving

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as travelled:
        yield travelled


@pytest.fixture
def near(settings: Any) -> None:
    """The setting allows this machine."""
    settings.ADHERENTS_WEBHOOK_NETWORKS = [ip_network("127.0.0.0/8")]


@pytest.fixture
def receiver(near: None) -> Iterator[Receiver]:
    with receiving() as there:
        yield there
