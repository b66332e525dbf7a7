"""Saves what a person types, for the page's script, and lets it continue after they signed in again in another tab."""

from datetime import datetime, timedelta

from django.http import HttpRequest, JsonResponse
from django.middleware.csrf import get_token
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from adherents.accounts.browser import address_of
from adherents.accounts.limits import RateLimited, hit
from adherents.drafts.form_sheets import FIELD
from adherents.drafts.models import KEPT_FOR, Draft, Words
from adherents.drafts.places import DraftPlace, NotAPlace, open_place
from adherents.drafts.services import keep
from adherents.journal.subjects import SubjectKind, subject_of


@csrf_exempt  # the sealed place is a token that no other site has, and works after the session's end
@require_POST
def keep_words(request: HttpRequest) -> JsonResponse:
    """Keep what is typed. JSON: `kept`, `here` (its account is signed in), `where`, and of what waited in the browser, to its own
    account, the words that are kept now: these, or newer ones that the page may have been made too early to show.
    """
    try:
        place = open_place(request.POST.get(FIELD, ""))
        sealed = request.POST.get("scelle")
        words = place.words_sealed_by_the_page(sealed) if sealed else request.POST.dict()
    except NotAPlace:
        return JsonResponse({"kept": False}, status=400)
    try:
        hit("draft", address=address_of(request), identifier=subject_of(SubjectKind.ACCOUNT, place.account))
    except RateLimited:
        return JsonResponse({"kept": False}, status=429)
    kept = keep(place=place, words=words, typed_at=_typed_at(request), anew="anew" in request.POST)
    here = _is_here(request, place)
    answer = {"kept": kept, "here": here, "where": place.where}
    if here and sealed and (held := words if kept else _held(place)):
        answer["words"] = held
    return JsonResponse(answer)


@csrf_exempt  # as above; what it answers can be read by a page of this portal only
@require_POST
def token(request: HttpRequest) -> JsonResponse:
    """The forms' token of now, for a page whose account has signed in again in another tab. "" when another account has, or
    no account is signed in: the portal refuses what such a page still sends."""
    try:
        place = open_place(request.POST.get(FIELD, ""))
    except NotAPlace:
        return JsonResponse({"token": ""}, status=400)
    try:
        hit("draft", address=address_of(request), identifier=subject_of(SubjectKind.ACCOUNT, place.account))
    except RateLimited:
        return JsonResponse({"token": ""}, status=429)
    return JsonResponse({"token": get_token(request) if _is_here(request, place) else ""})


def _held(place: DraftPlace) -> Words:
    row = Draft.objects.kept(account_id=place.account, kind=place.kind, about=place.about)
    return row.readable_words if row else {}


def _is_here(request: HttpRequest, place: DraftPlace) -> bool:
    return bool(request.user.is_authenticated and request.user.pk == place.account)


def _typed_at(request: HttpRequest) -> datetime | None:
    """When the words were typed: the page says for how many seconds they waited in the browser."""
    waited = request.POST.get("age", "")
    if not waited.isdecimal() or len(waited) > 8:
        return None
    return timezone.now() - min(timedelta(seconds=int(waited)), KEPT_FOR)
