"""« Alerte du matin »: whether this responsable has the mail of what breaks its promise tomorrow."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act, acts_of
from adherents.accounts.services.acts import ActRefused
from adherents.casework.models import MorningAlert
from adherents.casework.services import morning_alerts
from adherents.insurer.profile import profile


@allowed_to(Act.MORNING_ALERT)
@require_http_methods(["GET", "HEAD", "POST"])
def morning_alert(request: HttpRequest) -> HttpResponse:
    """What it is, whether it comes, and the button that changes this (`wanted`, empty for no)."""
    agent = account_of(request)
    if request.method == "POST":
        wanted = bool(request.POST.get("wanted"))
        try:
            morning_alerts.choose(agent=agent, wanted=wanted)
        except ActRefused as error:
            raise PermissionDenied from error
        said = (
            _("Vous recevrez l’alerte du matin.") if wanted else _("Vous ne recevez plus l’alerte du matin.")
        )
        messages.success(request, said)
        return redirect("casework:morning_alert")
    context = {
        "may": acts_of(agent),
        "wanted": MorningAlert.objects.filter(account=agent).exists(),
        "hour": profile().casework.morning_hour,
    }
    return render(request, "casework/morning_alert.html", context)
