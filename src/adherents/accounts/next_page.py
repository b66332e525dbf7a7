"""The page where a person was when they were asked to sign in, kept in the address of the sign-in page: `?next=…`."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters

from adherents.ui.pages import page

NEXT = "next"
AGAIN = "encore"  # in the address that leads to the directory: to prove oneself again
LONGEST = 500  # characters
View = TypeVar("View", bound=Callable[..., Any])


def gives_a_file(view: View) -> View:
    """Mark a view whose answer is saved, not shown: a person who must sign in first comes to the home page, not back to it."""
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


def in_threads_of_its_own(view: View) -> View:
    """Mark a view for machines that watch the portal: it is answered, however busy the threads are that serve pages."""
    view.in_threads_of_its_own = True  # type: ignore[attr-defined]
    return view


def takes_a_password(*names: str) -> Callable[[View], View]:
    """Mark a view whose form brings passwords, in the fields of these names: no report of an error shows them, and however many
    are hashed, the threads of the pages stay free.
    """

    def marked(view: View) -> View:
        hidden = sensitive_post_parameters(*names)(view)
        hidden.takes_a_password = True  # type: ignore[attr-defined]
        return hidden

    return marked


def refuses_long(answer: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[View], View]:
    """Mark a view that answers in its own words to a request that is too long for a form. Nothing of such a request is read."""

    def marked(view: View) -> View:
        view.refuse_long = answer  # type: ignore[attr-defined]
        return view

    return marked


def to_sign_in(request: HttpRequest) -> str:
    """The members' sign-in page. It leads back to the page that `request` asks for or comes from, if a person can."""
    return sign_in_address(stood_on(request))


def to_agents_sign_in(request: HttpRequest) -> str:
    """The agents' sign-in page, likewise."""
    wanted = stood_on(request)
    known = is_an_agents_page(wanted) and wanted != page("desk")
    return sign_in_address(wanted) if known else reverse("accounts:agent_sign_in")


def stood_on(request: HttpRequest) -> str:
    """The page asked for; of what is posted, the page that the form stood on."""
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    referer = urlsplit(request.headers.get("Referer", ""))
    return (
        urlunsplit(("", "", referer.path, referer.query, "")) if referer.netloc == request.get_host() else ""
    )


def sign_in_address(wanted: str = "") -> str:
    """The address of the sign-in page; the page `wanted` stays in it where it is a member's own, or an agent's."""
    if is_an_agents_page(wanted):
        return f"{reverse('accounts:agent_sign_in')}?{urlencode({NEXT: wanted})}"
    address = reverse("accounts:sign_in")
    return f"{address}?{urlencode({NEXT: wanted})}" if is_a_members_page(wanted) else address


def page_wanted(request: HttpRequest) -> str:
    """The page that the sign-in page was asked to lead to; "" when none, or one to which it must not lead."""
    wanted = request.POST.get(NEXT) or request.GET.get(NEXT, "")
    return wanted if is_a_members_page(wanted) else ""


def agents_page_wanted(request: HttpRequest) -> str:
    """The same on the agents' sign-in page."""
    wanted = request.POST.get(NEXT) or request.GET.get(NEXT, "")
    return wanted if is_an_agents_page(wanted) else ""


def is_a_members_page(address: str) -> bool:
    """Whether it is an address of this portal at which a member's page stands: never another site's, nor a file's."""
    return _is_guarded_page(address, "for_members")


def is_an_agents_page(address: str) -> bool:
    """Whether it is an address of the desk."""
    return _is_guarded_page(address, "for_agents")


def _is_guarded_page(address: str, guard: str) -> bool:
    if not address or len(address) > LONGEST or not url_has_allowed_host_and_scheme(address, None):
        return False
    try:
        view = resolve(urlsplit(address).path).func
    except Resolver404:
        return False
    return getattr(view, guard, False) and not getattr(view, "gives_a_file", False)
