"""What an agent types to say why: kept while it is typed, like everything else that is written here."""

from django import forms
from django.http import HttpRequest

from adherents.drafts.form_sheets import Sheet
from adherents.drafts.kinds import DraftKind


def reason_draft(request: HttpRequest, form: type[forms.Form], about: int | str = "") -> Sheet:
    """Of the form on this page, about this member or agent: what its fields of text hold."""
    page = request.resolver_match.url_name if request.resolver_match else ""
    typed = [name for name, field in form.base_fields.items() if isinstance(field, forms.CharField)]
    return Sheet(request, DraftKind.REASON, *typed, about=f"{page}:{about}")
