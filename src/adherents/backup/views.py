"""After a restore: what is held, how many objects have no row, and the button that lets the portal destroy again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act, acts_of
from adherents.backup.forms import LiftForm
from adherents.backup.selectors import after_restore
from adherents.backup.services import lifting
from adherents.desk.reason_drafts import reason_draft


@allowed_to(Act.LIFT_HOLDS)
@require_http_methods(["GET", "HEAD", "POST"])
def after_restore_page(request: HttpRequest) -> HttpResponse:
    """Read what is held; a POST lifts it."""
    by, state = account_of(request), after_restore()
    typed = request.POST if request.method == "POST" else None
    shown = state.restoration.unowned if state.restoration else None
    draft = reason_draft(request, LiftForm, state.restoration.pk if state.restoration else "")
    form = LiftForm(typed, initial={"unowned": shown} | draft.begin())
    if form.is_valid():
        try:
            lifting.lift(by=by, **form.cleaned_data)
        except lifting.LiftRefused as refusal:
            messages.error(request, str(refusal.message))
        else:
            draft.done()
            messages.success(request, _("Les effacements sont permis à nouveau."))
        return redirect("backup:after_restore")
    context = {"may": acts_of(by), "state": state, "form": form, "draft": draft}
    return render(request, "backup/after_restore.html", context)


@allowed_to(Act.LIFT_HOLDS)
@require_POST
def count_again(request: HttpRequest) -> HttpResponse:
    """The worker counts the objects that have no row; the page says when it has."""
    lifting.ask_for_count()
    messages.info(request, _("Le compte est demandé : rechargez cette page dans un moment."))
    return redirect("backup:after_restore")
