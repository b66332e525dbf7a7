"""The pages of a first connection: by five facts and a mail, or by the code in a letter."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from adherents.accounts.browser import (
    address_of,
    carry_link,
    client_of,
    drop_link,
    link_mark,
    link_of,
    offer_number,
)
from adherents.accounts.limits import hit
from adherents.accounts.next_page import takes_a_password
from adherents.accounts.services import letter, passwords
from adherents.accounts.services.access_link import DeadLink
from adherents.accounts.services.letter import WrongLetterCode
from adherents.accounts.services.lock import Locked
from adherents.accounts.services.passwords import PasswordChangedMeanwhile, WeakPassword
from adherents.enrolment.forms import FirstConnectionForm, LetterCodeForm, LetterPasswordForm
from adherents.enrolment.services import activation, confirming
from adherents.enrolment.services.first_connection import claim_identity
from adherents.ui.criteria import password_criteria

TICKET_COOKIE = f"{settings.COOKIE_PREFIX}courrier"
ADDRESS_COOKIE = f"{settings.COOKIE_PREFIX}adresse"


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def first_connection_page(request: HttpRequest) -> HttpResponse:
    """« Première connexion »: the page that follows is always the same, for a member or a stranger (G8)."""
    form = FirstConnectionForm(request.POST or None)
    if not form.is_valid():
        return render(request, "enrolment/first_connection.html", {"form": form})
    claim = form.claim()
    hit("first_connection", address=address_of(request), identifier=claim.nir, person=claim.person)
    claim_identity(claim=claim, client=client_of(request))
    return redirect("accounts:sent")


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def code_page(request: HttpRequest) -> HttpResponse:
    """« J’ai reçu un code par courrier »: one answer to whatever is wrong (G10)."""
    form = LetterCodeForm(request.POST or None)
    if form.is_valid():
        hit("letter", address=address_of(request), identifier=form.cleaned_data["code"])
        try:
            ticket = letter.open_letter(**form.cleaned_data, client=client_of(request))
        except WrongLetterCode:
            form.add_error(
                None, _("Ce code et cette date de naissance n’ouvrent pas d’accès. Vérifiez les deux.")
            )
        except Locked as lock:
            return render(request, "accounts/locked.html", {"until": lock.until, "waits": True})
        else:
            response = redirect("enrolment:code_password")
            carry_link(request, response, ticket, TICKET_COOKIE)
            return response
    return render(request, "enrolment/code.html", {"form": form})


@takes_a_password("password", "confirmation")
@require_http_methods(["GET", "HEAD", "POST"])
def code_password_page(request: HttpRequest) -> HttpResponse:
    """The page behind the code: the new password twice, an address or none."""
    ticket = link_of(request, TICKET_COOKIE)
    hit("link", address=address_of(request))
    form = LetterPasswordForm(request.POST or None)
    try:
        account = letter.opened(ticket=ticket).account
        if form.is_valid():
            opened = activation.open_by_letter(
                ticket=ticket,
                password=form.cleaned_data["password"],
                address=form.cleaned_data["email"],
                client=client_of(request),
            )
            opened_for = {"account": opened.account, "address": form.cleaned_data["email"]}
            response = render(request, "enrolment/opened.html", opened_for)
            offer_number(response, opened.account.identifier)
            drop_link(request, response, ticket, TICKET_COOKIE)
            return response
        if form.is_bound and form.typed("password"):
            passwords.check_new(account=account, password=form.typed("password"))
    except (DeadLink, PasswordChangedMeanwhile):
        response = render(request, "enrolment/dead_code.html", status=410)
        drop_link(request, response, ticket, TICKET_COOKIE)
        return response
    except Locked as lock:
        return render(request, "accounts/locked.html", {"until": lock.until, "waits": True})
    except WeakPassword as refusal:
        form.add_weaknesses(refusal.weaknesses)
    context = {
        "form": form,
        "criteria": password_criteria(),
        "mark": link_mark(ticket),
        "identifier": account.identifier,  # it is printed in the letter, beside the code
    }
    return render(request, "enrolment/code_password.html", context)


@require_safe
def address_link(request: HttpRequest, token: str) -> HttpResponse:
    """The address in the mail: changes nothing, and takes the token out of the address bar (G6)."""
    response = redirect("enrolment:confirm_address")
    response.headers["Referrer-Policy"] = "no-referrer"
    carry_link(request, response, token, ADDRESS_COOKIE)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def confirm_address_page(request: HttpRequest) -> HttpResponse:
    """« Confirmer cette adresse »: a button, since mail scanners open links (G10)."""
    token = link_of(request, ADDRESS_COOKIE)
    hit("link", address=address_of(request))
    try:
        row = confirming.open_address(token=token)
        if request.method != "POST":
            context = {"address": row.address, "mark": link_mark(token)}
            return render(request, "enrolment/confirm_address.html", context)
        confirming.confirm(token=token, client=client_of(request))
        addresses = {"address": row.address, "former_address": row.instead_of}
        response = render(request, "enrolment/address_confirmed.html", addresses)
    except DeadLink:
        response = render(request, "enrolment/dead_address.html", status=410)
    except Locked as lock:
        return render(request, "accounts/locked.html", {"until": lock.until, "waits": lock.waits})
    drop_link(request, response, token, ADDRESS_COOKIE)
    return response
