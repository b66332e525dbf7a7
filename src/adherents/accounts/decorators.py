"""Who may open a page."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, NoReturn, ParamSpec, cast
from urllib.parse import urlencode

from allauth.account.decorators import reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from adherents.accounts import sessions
from adherents.accounts.models import Account, Role
from adherents.accounts.next_page import to_agents_sign_in, to_sign_in
from adherents.accounts.permissions import TABLE, Act
from adherents.accounts.second_factor import session
from adherents.journal.events import Event
from adherents.journal.services import record

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
ENDED = "fin"  # in the query of the page that one signs in at: one of `SessionEndReason`, or of these
KEPT = "gardes"  # what was posted was not sent, its words are kept
LEFT = "sortie"  # they signed out themselves
NOT_DONE = "rien"  # what was posted was not done


def answers_head_itself(view: View[P]) -> View[P]:
    """Mark a view for machines whose HEAD does its own work, or answers without a database. Any other's writes are undone."""
    view.answers_head_itself = True  # type: ignore[attr-defined]
    return view


def says_no_word(view: View[P]) -> View[P]:
    """Mark a view whose answer is in no language, or in that of its address: the reader is not looked up, which would need the
    database.
    """
    view.says_no_word = True  # type: ignore[attr-defined]
    return view


def account_of(request: HttpRequest) -> Account:
    """The account that is signed in; only behind one of the decorators below."""
    return cast(Account, request.user)


def _refuse(request: HttpRequest, account: Account) -> NoReturn:
    """Write down who tried which page, and refuse it."""
    page = request.resolver_match.view_name if request.resolver_match else ""
    record(Event.ACCESS_REFUSED, subject=account.subject, actor=account.subject, page=page)
    raise PermissionDenied


def _to_sign_in(request: HttpRequest, address: str) -> HttpResponseBase:
    """Redirect to the sign-in page. It says why a session was ended before its time."""
    posted = request.method == "POST" and settings.SESSION_COOKIE_NAME in request.COOKIES
    return redirect(saying_why(address, sessions.ended_why(request), NOT_DONE if posted else ""))


def saying_why(address: str, *why: str) -> str:
    """The address of the sign-in page, which shows each reason `why`: how the session ended, what became of a form."""
    reasons = [(ENDED, reason) for reason in why if reason]
    return f"{address}{'&' if '?' in address else '?'}{urlencode(reasons)}" if reasons else address


def agent_required(*roles: Role) -> Callable[[View[P]], View[P]]:
    """Only an agent of one of these roles (any, when none is named) whose session has passed a second factor.

    A stranger is asked to sign in. An agent without a second factor is asked to add one, and an agent with a session older
    than the factor is asked to give it. A member and another role are refused, and the journal says so.
    """

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_sign_in(request, to_agents_sign_in(request))
            account = account_of(request)
            if not account.is_agent:
                _refuse(request, account)
            if not session.passed(request, account):
                if not account.has_second_factor:
                    return redirect("mfa_index")
                return redirect(
                    f"{reverse('mfa_reauthenticate')}?{urlencode({'next': request.get_full_path()})}"
                )
            if roles and account.role not in roles:
                _refuse(request, account)
            return view(request, *args, **kwargs)

        guarded.for_agents = True  # type: ignore[attr-defined]
        return cast(View[P], guarded)

    return decorate


def allowed_to(act: Act) -> Callable[[View[P]], View[P]]:
    """Only for agents whose role may do this, behind a second factor. A refusal is journalled."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def held(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            account = account_of(request)
            if account.role not in TABLE[act]:
                record(Event.ACCESS_REFUSED, subject=account.subject, actor=account.actor, act=act.value)
                raise PermissionDenied
            return view(request, *args, **kwargs)

        as_agent: Callable[[View[P]], View[P]] = agent_required()
        guarded = as_agent(cast(View[P], held))
        guarded.act = act  # type: ignore[attr-defined]
        return guarded

    return decorate


def proven_lately(view: View[P]) -> View[P]:
    """Only for a person who is signed in and has proved it in the last minutes. Any other does so, and comes back."""
    # No `app`: the setting of the one named would switch this off.
    by_allauth: View[P] = reauthentication_required()(view)

    @wraps(view)
    def held(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.user.is_authenticated and session.must_come_again(request, account_of(request)):
            raise ReauthenticationRequired
        return by_allauth(request, *args, **kwargs)

    return cast(View[P], held)


def member_required(view: View[P]) -> View[P]:
    """Only a member who is signed in. An agent is refused; a stranger is asked to sign in, and then comes back."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_sign_in(request, to_sign_in(request))
        if account_of(request).role != Role.MEMBER:
            _refuse(request, account_of(request))
        return view(request, *args, **kwargs)

    guarded.for_members = True  # type: ignore[attr-defined]
    return cast(View[P], guarded)


def needs_to_sign_in(request: HttpRequest, view: Callable[..., HttpResponseBase]) -> bool:
    """Whether one of the decorators above would lead this request to where one signs in."""
    for_agents = getattr(view, "for_agents", False)
    if not for_agents and not getattr(view, "for_members", False):
        return False
    if not request.user.is_authenticated:
        return True
    account = account_of(request)
    return for_agents and account.is_agent and not session.passed(request, account)
