"""The step between the password and the session."""

import secrets
from typing import Any

from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare

from adherents.accounts.allauth_internals import forget_sign_in
from adherents.accounts.second_factor import ceremonies, session


class SecondFactorStage(AuthenticateStage):  # type: ignore[misc]
    """allauth's, which ends when the password changes between the two steps."""

    def handle(self) -> tuple[Any, bool]:
        # Known since the password was checked: allauth would ask the database again.
        if not self.login.user.has_second_factor:
            return None, True
        if session.given_by_directory(self.request, self.login.user):
            return None, True
        # What a passkey signs in this step is bound to it, and is worth nothing once the step has ended.
        self.state[ceremonies.STEP] = secrets.token_hex(16)
        self.state["password"] = self.login.user.get_session_auth_hash()
        response, proceeds = super().handle()
        return response, proceeds

    def abort(self) -> HttpResponse:
        """Back to the sign-in page that this person came from."""
        forget_sign_in(self.request)
        return redirect("accounts:agent_sign_in" if self.login.user.is_agent else "accounts:sign_in")

    def is_current(self, request: HttpRequest) -> bool:
        """Whether the password that opened this step is still the account's."""
        return constant_time_compare(self.state.get("password", ""), self.login.user.get_session_auth_hash())
