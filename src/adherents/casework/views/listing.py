"""The list of the queue as a file."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_POST

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.next_page import gives_a_file
from adherents.accounts.permissions import Act
from adherents.accounts.services.acts import ActRefused
from adherents.casework.listing.selectors import file_name
from adherents.casework.services.exporting import export_queue
from adherents.casework.views.queue import asked_of
from adherents.ui import spreadsheet
from adherents.vault.names import attachment_header


@allowed_to(Act.EXPORT_QUEUE)
@gives_a_file
@require_POST
def queue_csv(request: HttpRequest) -> HttpResponseBase:
    """All that the page's filters leave, for a spreadsheet; each row is read as it leaves."""
    agent = account_of(request)
    try:
        lines = export_queue(agent=agent, listed=asked_of(agent, request.POST).listed)
    except ActRefused as error:
        raise PermissionDenied from error
    return StreamingHttpResponse(
        (line.encode() for line in lines),
        content_type=spreadsheet.CONTENT_TYPE,
        headers={"Content-Disposition": attachment_header(file_name()), "Cache-Control": "no-store"},
    )
