"""What an administrateur reads of the webhooks."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from adherents.accounts.models import Account
from adherents.feed.models import Announcement
from adherents.feed.services import last_position
from adherents.webhooks.models import Endpoint, EndpointState

_TONES = {EndpointState.LIVE: "success", EndpointState.PAUSED: "neutral", EndpointState.SET_ASIDE: "refusal"}


@dataclass(frozen=True)
class EndpointLine:
    """`behind`: how many events of the feed it has not come to. `tone`: of the badge."""

    endpoint: Endpoint
    behind: int

    @property
    def host(self) -> str:
        return urlsplit(self.endpoint.url).netloc

    @property
    def tone(self) -> str:
        failing = self.endpoint.state == EndpointState.LIVE and self.endpoint.failing_since is not None
        return "warning" if failing else _TONES[EndpointState(self.endpoint.state)]


def endpoint_lines() -> list[EndpointLine]:
    """By name."""
    last = last_position()
    return [
        EndpointLine(endpoint, last - endpoint.position) for endpoint in Endpoint.objects.order_by("name")
    ]


def line_of(endpoint: Endpoint) -> EndpointLine:
    return EndpointLine(endpoint, last_position() - endpoint.position)


def blocking(endpoint: Endpoint) -> Announcement | None:
    """The event that it is to take next."""
    waiting = Announcement.objects.after(endpoint.position)
    return (waiting.filter(type__in=endpoint.types) if endpoint.types else waiting).first()


def set_aside(account: Account) -> int:
    """In the menu."""
    return Endpoint.objects.set_aside().count()
