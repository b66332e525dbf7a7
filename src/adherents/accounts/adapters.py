"""Our rules for django-allauth: which account may sign in, what is written down when it does, and where it goes next."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib.auth import login as django_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from adherents.accounts import sessions
from adherents.accounts.allauth_internals import PROOFS_SESSION_KEY
from adherents.accounts.browser import client_of, forget_number, remember_device
from adherents.accounts.by_directory import comes_by_directory_only
from adherents.accounts.models import Account
from adherents.accounts.next_page import (
    agents_page_wanted,
    is_a_members_page,
    is_an_agents_page,
    page_wanted,
)
from adherents.accounts.second_factor import session
from adherents.accounts.services import sign_in
from adherents.accounts.services.lock import Locked
from adherents.accounts.services.sign_in import SignInRefused
from adherents.ui.pages import page


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Every way in (password, code, passkey) ends in `login`, where the lock is checked once more (product rule G11)."""

    def get_login_stages(self) -> list[str]:
        return ["adherents.accounts.second_factor.stages.SecondFactorStage"]

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: Account) -> None:
        client, mark = client_of(request), session.directory_mark(request, user)
        try:
            token = sign_in.complete(
                account=user, client=client, method=_methods(request), directory_mark=mark
            )
        except (Locked, SignInRefused) as error:
            page_name = "accounts:agent_sign_in" if user.is_agent else "accounts:sign_in"
            raise ImmediateHttpResponse(redirect(page_name)) from error
        again = request.user.is_authenticated
        django_login(request, user)
        if again:  # Django keeps the session key of an account that signs in twice in a row
            request.session.cycle_key()
        sessions.begin(request.session, client.browser, user.language, mark)
        if user.is_agent:  # one at a time: the row must be there to be counted
            request.session.save()
            sign_in.settle_sessions(account=user)
        request.allauth.device_token = token  # type: ignore[attr-defined]

    def post_login(self, request: HttpRequest, user: Account, **hooks: Any) -> HttpResponse:
        their_own = is_an_agents_page if user.is_agent else is_a_members_page
        wanted = hooks.get("redirect_url") or page_wanted(request) or agents_page_wanted(request)
        goes_back = their_own(wanted)
        response = redirect(wanted if goes_back else self.get_login_redirect_url(request))
        token = request.allauth.device_token  # type: ignore[attr-defined]
        if token:
            remember_device(request, response, token)
        forget_number(response)
        return response

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        is_agent = isinstance(request.user, Account) and request.user.is_agent
        return page("desk") if is_agent else reverse("accounts:sign_in")

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """No message of allauth's: our pages say themselves what happened."""

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Not with a password that opens nothing any more."""
        ways: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if isinstance(user, Account) and user.is_agent and comes_by_directory_only(user.identifier):
            return [way for way in ways if way["id"] != "reauthenticate"]
        return ways

    def reauthenticate(self, user: Account, password: str) -> bool:
        """A password asked again counts like one on the sign-in page."""
        try:
            sign_in.check_credentials(
                identifier=user.identifier,
                password=password,
                client=client_of(self.request),
                agents=user.is_agent,
            )
        except (Locked, SignInRefused, sign_in.Expired):
            return False
        return True


def _methods(request: HttpRequest) -> str:
    """« password », « password+mfa »… as the journal tells it."""
    records = request.session.get(PROOFS_SESSION_KEY, [])
    return "+".join(dict.fromkeys(str(record.get("type") or record.get("method")) for record in records))
