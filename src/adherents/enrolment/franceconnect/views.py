"""The pages of FranceConnect: there and back, the link that a member confirms or undoes."""

import logging
import time
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.account.models import Login
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from adherents.accounts import allauth_internals as allauth
from adherents.accounts import sessions
from adherents.accounts.browser import address_of, carry_trip, client_of, drop_trip, trip_of
from adherents.accounts.decorators import account_of, member_required, proven_lately
from adherents.accounts.limits import hit
from adherents.accounts.models import Account
from adherents.accounts.next_page import AGAIN, page_wanted, sign_in_address
from adherents.accounts.openid import trip as trips
from adherents.accounts.openid.provider import provider_of
from adherents.accounts.openid.refusals import OpenIdReason, OpenIdRefused
from adherents.accounts.openid.tokens import read_id_token, read_userinfo
from adherents.accounts.openid.trip import RelyingParty, Trip
from adherents.accounts.services import single_use
from adherents.accounts.services.lock import Locked
from adherents.accounts.services.sign_in import Expired
from adherents.enrolment.franceconnect import services
from adherents.enrolment.franceconnect.services import (
    FranceConnectPerson,
    FranceConnectRefused,
    LinkNotConfirmed,
    NothingToLink,
)
from adherents.enrolment.franceconnect.words import words_for
from adherents.insurer.franceconnect import FranceConnect
from adherents.insurer.profile import profile
from adherents.members.pivot import NoPivot, pivot_of
from adherents.ui.pages import page

COOKIE = f"{settings.COOKIE_PREFIX}franceconnect"
ASKED_FOR = "openid identite_pivot"
ENOUGH = ("eidas1", "eidas2", "eidas3")
TO_LINK = "relier"  # where a trip leads that a member began to link the account
OURS = {OpenIdReason.AWAY, OpenIdReason.MISCONFIGURED}
log = logging.getLogger("adherents.enrolment")


@require_safe
def leave_for(request: HttpRequest) -> HttpResponse:
    """« S’identifier avec FranceConnect »."""
    return _leave(request, page_wanted(request), "login" if request.GET.get(AGAIN) == "1" else "")


@member_required
@require_safe
@proven_lately
def leave_to_link(request: HttpRequest) -> HttpResponse:
    """The same from « Données personnelles », for a member who has just proved to be one."""
    return _leave(request, TO_LINK)


def _leave(request: HttpRequest, wanted: str, prompt: str = "") -> HttpResponse:
    known = _known()
    hit("sign_in", address=address_of(request))
    trip = trips.begin(wanted=wanted)
    try:
        there = _party(known).way_there(trip, scopes=ASKED_FOR, acr_values=("eidas1",), prompt=prompt)
    except OpenIdRefused as refusal:
        return _not_believed(request, refusal)
    response = redirect(there)
    carry_trip(request, response, trip, COOKIE)
    return response


@sensitive_variables()
@require_safe
def come_back(request: HttpRequest) -> HttpResponse:
    """Back with a code: who FranceConnect says it is, verified, signs in on the path of every other sign-in."""
    known = _known()
    hit("sign_in", address=address_of(request))
    trip = trip_of(request, COOKIE)
    try:
        response = _settled(request, known, trip)
    except OpenIdRefused as refusal:
        response = _not_believed(request, refusal)
    except LinkNotConfirmed as refusal:
        response = _must_confirm(request, refusal.account)
    except FranceConnectRefused as refusal:
        response = _refused(request, refusal.message)
    except Locked as locked:
        response = render(request, "accounts/locked.html", {"until": locked.until, "waits": locked.waits})
    except Expired:
        response = render(request, "accounts/expired.html")
    if trip is not None:
        drop_trip(request, response, trip, COOKIE)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _settled(request: HttpRequest, known: FranceConnect, trip: Trip | None) -> HttpResponse:
    """Raises `OpenIdRefused`, a `FranceConnectRefused`, `Locked` or `Expired`. The state is used up first."""
    if trip is None or not single_use.use(token=f"trip {trip.state}", expires_at=trip.ends_at):
        raise OpenIdRefused(OpenIdReason.STATE)
    party = _party(known)
    party.check_answer_is_of_provider(request.GET.get("iss"))
    code = request.GET.get("code", "")
    if "error" in request.GET or not code:
        raise OpenIdRefused(OpenIdReason.CANCELLED)
    tokens = party.tokens_for(code, trip)
    claims = read_id_token(
        tokens.id_token,
        provider=party.provider,
        client_id=known.client_id,
        nonce=trip.nonce,
        acr_values=ENOUGH,
    )
    sub = str(claims["sub"])
    if not 0 < len(sub) <= 255:
        raise OpenIdRefused(OpenIdReason.TOKEN, "sub")
    told = read_userinfo(
        party.userinfo_for(tokens), provider=party.provider, client_id=known.client_id, sub=sub
    )
    try:
        person = FranceConnectPerson(known.issuer, sub, pivot_of(told))
    except NoPivot as error:
        raise OpenIdRefused(OpenIdReason.TOKEN, f"no pivot: {error}") from error
    if trip.wanted == TO_LINK:
        return _linked(request, person)
    account = services.arrive(person=person, client=client_of(request))
    return _signed_in(request, account, trip, _way_out(party, str(tokens.id_token)))


def _linked(request: HttpRequest, person: FranceConnectPerson) -> HttpResponse:
    if not request.user.is_authenticated or account_of(request).is_agent:
        return redirect(sign_in_address())
    services.link_own(account=account_of(request), person=person)
    messages.success(request, _("Votre compte est relié à FranceConnect. Un mail vous le confirme."))
    return redirect(page("personal_data"))


def _signed_in(request: HttpRequest, account: Account, trip: Trip, way_out: str) -> HttpResponse:
    if request.user.is_authenticated and request.user.pk != account.pk:
        logout(request)
    allauth.record_proof(
        request, account, "franceconnect", reauthenticated=True, **{sessions.WAY_OUT: way_out}
    )
    response: HttpResponse = allauth.sign_in(request, Login(user=account, redirect_url=trip.wanted))
    return response


def _way_out(party: RelyingParty, id_token: str) -> str:
    """The address that signing out goes through, sealed: it names the session over there. "" where there is none."""
    there = party.provider.facts().end_session_endpoint
    if not there:
        return ""
    asked = {
        "id_token_hint": id_token,
        "state": get_random_string(32),
        "post_logout_redirect_uri": settings.BASE_URL + reverse("accounts:signed_out"),
    }
    return sessions.sealed_way_out(f"{there}?{urlencode(asked)}")


def _must_confirm(request: HttpRequest, account: Account) -> HttpResponse:
    """« Un compte existe déjà à votre nom »: their holder finishes the link, in one of the ways that opened it before."""
    token = trips.sealed_note(str(account.pk), "franceconnect confirm")
    context = {
        "token": token,
        "sign_in": sign_in_address(reverse("enrolment:franceconnect_confirm")),
        "has_address": bool(account.email),
    }
    return render(request, "enrolment/franceconnect_exists.html", context)


@require_POST
def mail_link(request: HttpRequest) -> HttpResponse:
    """To the address on file, for who has no password any more. The page that follows is that of « Mot de passe oublié »."""
    _known()
    hit("forgotten", address=address_of(request))
    pk = trips.opened_note(request.POST.get("token", ""), "franceconnect confirm")
    account = Account.objects.members().filter(pk=int(pk)).first() if pk.isdecimal() else None
    if account is not None:
        services.send_link(account=account, client=client_of(request))
    return redirect("accounts:sent")


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_page(request: HttpRequest) -> HttpResponse:
    """The holder of the account, who has just signed in in another way, links it. Raises `ReauthenticationRequired`."""
    account = account_of(request)
    proofs = [entry["at"] for entry in get_authentication_records(request, account)]
    if not proofs or time.time() - proofs[-1] > settings.ACCOUNT_REAUTHENTICATION_TIMEOUT:
        raise ReauthenticationRequired
    if request.method == "POST":
        try:
            services.confirm(account=account)
        except NothingToLink:
            pass
        else:
            messages.success(request, _("Votre compte est relié à FranceConnect. Un mail vous le confirme."))
        return redirect(page("personal_data"))
    if not services.waiting_for(account).exists():
        return redirect(page("personal_data"))
    return render(request, "enrolment/franceconnect_confirm.html")


@member_required
@require_http_methods(["GET", "HEAD", "POST"])
@proven_lately
def unlink_page(request: HttpRequest) -> HttpResponse:
    """« Délier »: FranceConnect opens the account no more."""
    account = account_of(request)
    if request.method == "POST":
        try:
            services.unlink(account=account)
        except NothingToLink:
            pass
        else:
            messages.success(request, _("FranceConnect n’ouvre plus votre compte."))
        return redirect(page("personal_data"))
    return render(request, "enrolment/franceconnect_unlink.html", {"account": account})


def _known() -> FranceConnect:
    known = profile().franceconnect
    if known is None:
        raise Http404
    return known


def _party(known: FranceConnect) -> RelyingParty:
    return RelyingParty(
        provider=provider_of(known.issuer),
        client_id=known.client_id,
        secret=settings.ADHERENTS_FRANCECONNECT_SECRET,
        come_back=settings.BASE_URL + reverse("enrolment:franceconnect_return"),
    )


def _not_believed(request: HttpRequest, refusal: OpenIdRefused) -> HttpResponse:
    services.note_refused(why=refusal.why.value)
    log.warning("sign-in by FranceConnect refused: %s", refusal)
    status = HTTPStatus.SERVICE_UNAVAILABLE if refusal.why in OURS else HTTPStatus.BAD_REQUEST
    return _refused(request, words_for(refusal.why), status)


def _refused(request: HttpRequest, words: Any, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> HttpResponse:
    return render(request, "enrolment/franceconnect_refused.html", {"words": words}, status=status)
