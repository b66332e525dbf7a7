"""The addresses of the directory: there, back from there, and signed out by it."""

import logging
from http import HTTPStatus
from urllib.parse import urlencode

from allauth.account.models import Login
from django.conf import settings
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from adherents.accounts import allauth_internals as allauth
from adherents.accounts.browser import address_of, carry_trip, client_of, drop_trip, trip_of
from adherents.accounts.by_directory import directory
from adherents.accounts.decorators import account_of
from adherents.accounts.directory import services
from adherents.accounts.directory.person import DirectoryPerson, person_of
from adherents.accounts.directory.services import DirectoryRefused, TokenUsed
from adherents.accounts.directory.words import words_for
from adherents.accounts.limits import hit
from adherents.accounts.models import Account
from adherents.accounts.next_page import AGAIN, agents_page_wanted
from adherents.accounts.openid import trip as trips
from adherents.accounts.openid.provider import provider_of
from adherents.accounts.openid.refusals import OpenIdReason, OpenIdRefused
from adherents.accounts.openid.tokens import read_id_token, read_logout_token
from adherents.accounts.openid.trip import RelyingParty, Trip
from adherents.accounts.second_factor import session
from adherents.accounts.services import lock, single_use
from adherents.accounts.services.lock import Locked
from adherents.insurer.directory import Directory
from adherents.ui.pages import page

OURS = {OpenIdReason.AWAY, OpenIdReason.MISCONFIGURED}  # no fault of the person's, nor of an answer
log = logging.getLogger("adherents.accounts")


@require_safe
def leave_for(request: HttpRequest) -> HttpResponse:
    """To the directory's page. Nothing is written; the browser carries what ties the answer to it."""
    known = _known()
    again = request.GET.get(AGAIN) == "1"
    if not again and request.user.is_authenticated and account_of(request).is_agent:
        return redirect(page("desk"))
    hit("sign_in", address=address_of(request))
    trip = trips.begin(wanted=agents_page_wanted(request))
    try:
        there = _party(known).way_there(
            trip,
            scopes=" ".join(known.scopes),
            acr_values=known.acr_values,
            prompt="login" if again else "",
        )
    except OpenIdRefused as refusal:
        return _not_believed(request, refusal)
    response = redirect(there)
    carry_trip(request, response, trip)
    return response


@sensitive_variables()
@require_safe
def come_back(request: HttpRequest) -> HttpResponse:
    """Back from the directory with a code: what it changes for is verified, and signs in on the path of every other sign-in."""
    known = _known()
    hit("sign_in", address=address_of(request))
    trip = trip_of(request)
    try:
        person = _person(request, known, trip)
        account = services.arrive(person=person)
        response = _signed_in(request, account, person, trip.wanted if trip else "")
    except OpenIdRefused as refusal:
        response = _not_believed(request, refusal)
    except DirectoryRefused as refusal:
        response = _refused(request, refusal.message)
    if trip is not None:
        drop_trip(request, response, trip)
    # The code in the address is used up; it is told to no other page all the same.
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _person(request: HttpRequest, known: Directory, trip: Trip | None) -> DirectoryPerson:
    """Raises `OpenIdRefused`. The state is used up first: whatever comes of it, it opens nothing again."""
    if trip is None or not single_use.use(token=f"trip {trip.state}", expires_at=trip.ends_at):
        raise OpenIdRefused(OpenIdReason.STATE)
    party = _party(known)
    party.check_answer_is_of_provider(request.GET.get("iss"))
    code = request.GET.get("code", "")
    if "error" in request.GET or not code:
        raise OpenIdRefused(OpenIdReason.CANCELLED)
    claims = read_id_token(
        party.tokens_for(code, trip).id_token,
        provider=party.provider,
        client_id=known.client_id,
        nonce=trip.nonce,
        acr_values=known.acr_values,
    )
    return person_of(claims, known)


def _signed_in(request: HttpRequest, account: Account, person: DirectoryPerson, wanted: str) -> HttpResponse:
    try:
        lock.check_open(account.identifier, lock.device_of(account, client_of(request)))
    except Locked as locked:
        return render(request, "accounts/locked.html", {"until": locked.until, "waits": locked.waits})
    if request.user.is_authenticated and request.user.pk != account.pk:
        logout(request)
    session.note_directory(request, account, mark=person.mark, two_proofs=person.two_proofs)
    response: HttpResponse = allauth.sign_in(request, Login(user=account, redirect_url=wanted))
    return response


@csrf_exempt
@sensitive_post_parameters("logout_token")
@require_POST
def sign_out_from_there(request: HttpRequest) -> HttpResponse:
    """The directory says that a person signed out there (OpenID Connect Back-Channel Logout 1.0): their sessions here end too."""
    known = _known()
    try:
        claims = read_logout_token(
            request.POST.get("logout_token"), provider=provider_of(known.issuer), client_id=known.client_id
        )
        services.end_sessions_from_there(claims=claims, issuer=known.issuer)
    except (OpenIdRefused, TokenUsed) as refusal:
        log.warning("a logout token was refused: %s", refusal)
        return JsonResponse({"error": "invalid_request"}, status=HTTPStatus.BAD_REQUEST)
    return HttpResponse(status=HTTPStatus.OK)


@require_safe
def sign_out_there(request: HttpRequest) -> HttpResponse:
    """Who has signed out here may sign out of the directory too, by a link: that ends more than this portal (decision 48)."""
    known = _known()
    try:
        there = provider_of(known.issuer).facts().end_session_endpoint
    except OpenIdRefused as refusal:
        return _not_believed(request, refusal)
    if not there:
        return redirect("accounts:agent_sign_in")
    asked = {
        "client_id": known.client_id,
        "post_logout_redirect_uri": settings.BASE_URL + reverse("accounts:agent_sign_in"),
    }
    return redirect(f"{there}{'&' if '?' in there else '?'}{urlencode(asked)}")


def _known() -> Directory:
    known = directory()
    if known is None:
        raise Http404
    return known


def _party(known: Directory) -> RelyingParty:
    return RelyingParty(
        provider=provider_of(known.issuer),
        client_id=known.client_id,
        secret=settings.ADHERENTS_AGENTS_OIDC_SECRET,
        come_back=settings.BASE_URL + reverse("accounts:directory_return"),
    )


def _not_believed(request: HttpRequest, refusal: OpenIdRefused) -> HttpResponse:
    services.note_refused(refusal=refusal)
    log.warning("sign-in by the directory refused: %s", refusal)
    status = HTTPStatus.SERVICE_UNAVAILABLE if refusal.why in OURS else HTTPStatus.BAD_REQUEST
    return _refused(request, words_for(refusal.why), status)


def _refused(
    request: HttpRequest, words: str | Promise, status: HTTPStatus = HTTPStatus.BAD_REQUEST
) -> HttpResponse:
    known = _known()
    context = {
        "words": words,
        "directory": known,
        "away": status == HTTPStatus.SERVICE_UNAVAILABLE,
    }
    return render(request, "accounts/directory_refused.html", context, status=status)
