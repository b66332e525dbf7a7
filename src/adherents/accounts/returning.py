"""The member's page where somebody was going when they were asked to sign in, kept in the address: `/adherent/?next=…`."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme

NEXT = "next"
LONGEST = 500  # characters
View = TypeVar("View", bound=Callable[..., Any])


def gives_a_file(view: View) -> View:
    """Mark a member's view whose answer is saved, not shown: whoever signs in first comes home, not back to it."""
    view.gives_a_file = True  # type: ignore[attr-defined]
    return view


def gives_files(view: View) -> View:
    """Mark a member's view whose page gives files once its form is sent: one comes back to it, and its answer is long."""
    view.gives_files = True  # type: ignore[attr-defined]
    return view


def takes_files(view: View) -> View:
    """Mark a member's view that reads a request of any length as it comes. Every other refuses one too long for a form."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


def to_sign_in(request: HttpRequest) -> str:
    """Where to sign in, in order to come back to the page that `request` asks for, if it can be come back to."""
    return sign_in_address(request.get_full_path() if request.method in {"GET", "HEAD"} else "")


def sign_in_address(wanted: str = "") -> str:
    """The address of the sign-in page; the page `wanted` stays in it where it is a member's own."""
    door = reverse("accounts:sign_in")
    return f"{door}?{urlencode({NEXT: wanted})}" if is_a_members_page(wanted) else door


def page_wanted(request: HttpRequest) -> str:
    """The page that the sign-in page was asked to lead to; "" when none, or one to which it must not lead."""
    wanted = request.POST.get(NEXT) or request.GET.get(NEXT, "")
    return wanted if is_a_members_page(wanted) else ""


def is_a_members_page(address: str) -> bool:
    """Whether it is an address of this portal at which a member's page stands: never another site's, nor a file's."""
    if not address or len(address) > LONGEST or not url_has_allowed_host_and_scheme(address, None):
        return False
    try:
        view = resolve(urlsplit(address).path).func
    except Resolver404:
        return False
    return getattr(view, "for_members", False) and not getattr(view, "gives_a_file", False)
