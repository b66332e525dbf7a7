"""The feed: what happened, in an order that never changes."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Query

from adherents.api.decorators import Routes
from adherents.api.problems import Problem, Refused
from adherents.api.resources.events import EventPage, event_resource
from adherents.api.scopes import Scope
from adherents.feed.cursors import NotACursor
from adherents.feed.services import PositionGone, read

routes = Routes("events")
MOST = 1000


@routes.add(
    "GET",
    "events",
    scope=Scope.EVENTS_READ,
    name="events.list",
    response=EventPage,
    refuses=[Problem.BAD_CURSOR, Problem.POSITION_GONE],
)
def events(
    request: HttpRequest,
    after: Annotated[
        str, Query(max_length=300, description="the `next` of the answer before; empty: the oldest")
    ] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> EventPage:
    """What happened after a position, of the last thirty days. No event is ever missing, nor comes twice, nor before another one
    of its subject.

    410: what came after this position is not there any more, because it is older than thirty days (`reason` is `forgotten`) or
    because the portal was restored from a backup (`restored`: what you read after the backup may have to be done again). `start`
    is the position to go on from.
    """
    try:
        page = read(after=after, limit=limit)
    except NotACursor:
        raise Refused(Problem.BAD_CURSOR) from None
    except PositionGone as gone:
        more = {"reason": gone.why.value, "start": str(gone.start)}
        raise Refused(Problem.POSITION_GONE, more=more) from None
    return EventPage(items=[event_resource(event) for event in page.items], next=str(page.next))
