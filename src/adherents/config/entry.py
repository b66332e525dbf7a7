"""The addresses that lead to different rooms."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from adherents.accounts.decorators import account_of
from adherents.accounts.next_page import takes_a_password
from adherents.accounts.views.member import sign_in_page
from adherents.portal.views.member import member_home


@takes_a_password("password")
@require_http_methods(["GET", "HEAD", "POST"])
def member_entry(request: HttpRequest) -> HttpResponseBase:
    """`/adherent/`: sign in, then the member's home. An agent's place is the desk."""
    if request.method == "POST" or not request.user.is_authenticated:
        return sign_in_page(request)
    if account_of(request).is_agent:
        return redirect("casework:queue")
    return member_home(request)


@require_safe
def to_sign_in(request: HttpRequest) -> HttpResponseBase:
    return redirect("accounts:sign_in")
