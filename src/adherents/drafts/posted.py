"""A form that was posted without a session, or with an old token: the typed words are kept, and nothing else of it."""

from collections.abc import Callable
from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from adherents.accounts import sessions
from adherents.accounts.browser import address_of
from adherents.accounts.decorators import KEPT, NOT_DONE, needs_to_sign_in, saying_why
from adherents.accounts.limits import RateLimited, hit
from adherents.accounts.next_page import sign_in_address
from adherents.drafts.form_sheets import FIELD
from adherents.drafts.places import DraftPlace, NotAPlace, open_place
from adherents.drafts.services import keep
from adherents.journal.subjects import SubjectKind, subject_of

Handler = Callable[[HttpRequest], HttpResponseBase]


class LeavingFiles(FileUploadHandler):
    """Skips the files: none is accepted without a session."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.met = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.met = self.met or bool(self.file_name)
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        raise SkipFile

    def file_complete(self, file_size: int) -> None:
        return None


def keep_posted(request: HttpRequest) -> tuple[DraftPlace | None, bool]:
    """Keep the words of a form that did not pass: the page they are of, None where it keeps none, and whether they are kept
    (not where the account was closed, or nothing was typed). Raises `RateLimited`.
    """
    try:
        place = open_place(request.POST.get(FIELD, ""))
    except NotAPlace:
        return None, False
    hit("draft", address=address_of(request), identifier=subject_of(SubjectKind.ACCOUNT, place.account))
    files_left = any(getattr(handler, "met", False) for handler in request.upload_handlers) or bool(
        request.FILES
    )
    return place, keep(place=place, words=request.POST.dict(), refused=True, files_left=files_left)


class KeepUnsentWords:
    """Keep the words of a member's or an agent's form that was posted after the session's end. Signing in shows them again."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if request.method != "POST" or not needs_to_sign_in(request, view):
            return None
        if not hasattr(request, "_files"):  # else the form was read already, to look for its token
            request.upload_handlers = [LeavingFiles(request)]
        try:
            place, kept = keep_posted(request)
        except RateLimited:
            return render(request, "ui/errors/429.html", status=429)
        if place is None or request.user.is_authenticated:
            return None
        return redirect(sign_in_to_go_on(place, request, kept=kept))


def sign_in_to_go_on(place: DraftPlace, request: HttpRequest, *, kept: bool) -> str:
    """The address of the sign-in page that leads back to the words. It says why the session was ended, and what became of the
    words.
    """
    return saying_why(sign_in_address(place.page), sessions.ended_why(request), KEPT if kept else NOT_DONE)
