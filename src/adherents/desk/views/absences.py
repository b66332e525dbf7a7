"""« Absences »: an agent's own days off, and the others' for who looks after agents."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act, acts_of
from adherents.desk.agent_forms import AbsenceForm
from adherents.desk.models import Absence
from adherents.desk.selectors import absences
from adherents.desk.services import absences as service
from adherents.desk.services.absences import AbsenceRefused


@allowed_to(Act.TREAT)
@require_http_methods(["GET", "HEAD", "POST"])
def absences_page(request: HttpRequest) -> HttpResponse:
    """Those that are not over, and one more."""
    by = account_of(request)
    may = acts_of(by)
    colleagues = absences.colleagues_of(by)
    people = [by, *(colleagues if Act.PLAN_ABSENCES in may else [])]
    form = AbsenceForm(
        request.POST if request.method == "POST" else None,
        people=people,
        substitutes=[by, *colleagues] if len(people) > 1 else colleagues,
        initial={"agent": request.GET.get("agent", "")},
    )
    if form.is_valid():
        try:
            service.note_absence(by=by, **form.cleaned_data)
        except AbsenceRefused as refusal:
            form.add_error(refusal.field or None, str(refusal.message))
        else:
            messages.success(request, _("Absence notée."))
            return redirect("desk:absences")
    lines = absences.to_come(reader=by)
    return render(request, "desk/absences.html", {"may": may, "form": form, "lines": lines})


@allowed_to(Act.TREAT)
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Back, or not leaving."""
    absence = get_object_or_404(Absence.objects.select_related("account"), pk=pk)
    try:
        service.end_absence(by=account_of(request), absence=absence)
    except AbsenceRefused as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("Absence finie : ce qui est réservé à cet agent lui revient."))
    return redirect("desk:absences")
