"""The mailed links that set no password: a new second factor, and « ce n’était pas moi »."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from adherents.accounts.browser import (
    FACTOR_COOKIE,
    REPORT_COOKIE,
    address_of,
    carry_link,
    drop_link,
    link_mark,
    link_of,
)
from adherents.accounts.limits import hit
from adherents.accounts.mails import for_account
from adherents.accounts.services import compromise
from adherents.accounts.services.access_link import DeadLink


@require_safe
def follow_factor_link(request: HttpRequest, token: str) -> HttpResponse:
    """The address in the mail: changes nothing. The password is asked for first, then the page that adds a factor."""
    response = redirect("accounts:agent_sign_in")
    response.headers["Referrer-Policy"] = "no-referrer"
    carry_link(request, response, token, FACTOR_COOKIE)
    return response


@require_safe
def follow_report(request: HttpRequest, token: str) -> HttpResponse:
    """The address in the mail of a new device: changes nothing, since mail scanners open it too."""
    response = redirect("accounts:report_page")
    response.headers["Referrer-Policy"] = "no-referrer"
    carry_link(request, response, token, REPORT_COOKIE)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def report_page(request: HttpRequest) -> HttpResponse:
    """« Ce n’était pas moi »: says what will happen, and does it when asked to."""
    token = link_of(request, REPORT_COOKIE)
    hit("link", address=address_of(request))
    try:
        link = compromise.open_report(token=token)
        if request.method != "POST":
            owner = for_account(link.account)
            shown = {"at": link.created_at, "name": owner["for_name"], "number": owner["for_number"]}
            return render(request, "accounts/report.html", shown | {"mark": link_mark(token)})
        account = compromise.shut_out(token=token)
    except DeadLink:
        response = render(request, "accounts/dead_report.html", status=410)
    else:
        response = render(request, "accounts/reported.html", {"agent": account.is_agent})
    drop_link(request, response, token, REPORT_COOKIE)
    return response
