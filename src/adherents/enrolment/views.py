"""The page of a first connection."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from adherents.accounts.browser import address_of, client_of
from adherents.accounts.limits import knock
from adherents.enrolment.forms import FirstConnectionForm
from adherents.enrolment.services.first_connection import claim_identity


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def first_connection_page(request: HttpRequest) -> HttpResponse:
    """« Première connexion »: afterwards always the same page, whoever asked (G8)."""
    form = FirstConnectionForm(request.POST or None)
    if not form.is_valid():
        return render(request, "enrolment/first_connection.html", {"form": form})
    claim = form.claim()
    knock("first_connection", address=address_of(request), identifier=claim.nir)
    claim_identity(claim=claim, client=client_of(request))
    return redirect("accounts:sent")
