"""What an agent types to say why: kept while it is typed, like everything else that is written here."""

from django.http import HttpRequest

from adherents.drafts.form_sheets import Sheet
from adherents.drafts.kinds import DraftKind


def reason_draft(request: HttpRequest, about: int | str = "", *fields: str) -> Sheet:
    """Of the form on this page, about this member or agent. `fields`: those of text beside the reason."""
    page = request.resolver_match.url_name if request.resolver_match else ""
    return Sheet(request, DraftKind.REASON, "reason", *fields, about=f"{page}:{about}")
