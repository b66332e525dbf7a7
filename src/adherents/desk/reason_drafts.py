"""The reason that an agent types is kept while it is typed, like every other text of this portal."""

from django import forms
from django.http import HttpRequest

from adherents.drafts.form_sheets import Sheet
from adherents.drafts.kinds import DraftKind


def reason_draft(request: HttpRequest, form: type[forms.Form], about: int | str = "") -> Sheet:
    """The draft of the form on this page, about this member or agent: the words of its text fields."""
    page = request.resolver_match.url_name if request.resolver_match else ""
    typed = [name for name, field in form.base_fields.items() if isinstance(field, forms.CharField)]
    return Sheet(request, DraftKind.REASON, *typed, about=f"{page}:{about}")
