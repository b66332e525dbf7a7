"""What we rely on inside django-allauth, beyond its documentation. A new version that moves any of it stops here."""

import inspect
import re
from pathlib import Path
from typing import Any

import allauth
import pytest
from allauth.account.internal.flows import login as login_flow
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.account.models import Login
from allauth.core import context
from allauth.core.internal.ratelimit import consume
from allauth.mfa import app_settings, urls
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.internal.constants import LoginStageKey
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.totp.internal import flows as totp_flows
from allauth.mfa.totp.internal.auth import TOTP, yield_hotp_counters_from_time
from allauth.mfa.webauthn.internal import flows as webauthn_flows
from allauth.mfa.webauthn.views import AddWebAuthnView, LoginWebAuthnView, ReauthenticateWebAuthnView
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.cache import SessionStore
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, reverse
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import PublicKeyCredentialRpEntity, UserVerificationRequirement

from adherents.accounts import allauth_internals
from adherents.accounts.adapters import AccountAdapter
from adherents.accounts.models import Role
from adherents.accounts.second_factor import session
from adherents.accounts.second_factor.adapter import SecondFactorAdapter
from adherents.accounts.second_factor.sealing import open_secret, seal_secret, secrets_of
from adherents.accounts.second_factor.stages import SecondFactorStage
from adherents.crypto.keys import CannotOpen
from tests.agents import make_agent

pytestmark = pytest.mark.django_db

# Pages of allauth's that we do not mount: codes are shown once, so there is nothing to download.
NOT_OURS = {"mfa_download_recovery_codes"}


@pytest.fixture
def request_(rf: RequestFactory) -> HttpRequest:
    request = rf.get("/")
    request.session = SessionStore()
    request.user = AnonymousUser()
    return request


def names(patterns: list[URLPattern | URLResolver]) -> set[str]:
    url_names: set[str] = set()
    for entry in patterns:
        if isinstance(entry, URLResolver):
            url_names |= names(entry.url_patterns)
        else:
            url_names.add(str(entry.name))
    return url_names


def test_our_names_stand_for_what_allauth_calls_so() -> None:
    """`accounts.allauth_internals` is the only module that imports these; each takes what we call it with."""
    parameters = {
        "fido2_server": [],
        "forget_sign_in": ["request"],
        "new_totp_secret": ["length"],
        "note_factor_used": ["request", "authenticator", "reauthenticated", "passwordless"],
        "passkey_user": ["user"],
        "passkey_with_id": ["user", "credential_id"],
        "passkeys_of": ["user"],
        "record_proof": ["request", "user", "method", "extra_data"],
        "sign_in": ["request", "login"],
        "sign_in_after_password": ["request", "credentials", "login"],
        "signed_in_account": ["request"],
    }
    for name, expected in parameters.items():
        function = getattr(allauth_internals, name)
        assert ".internal" in function.__module__
        assert list(inspect.signature(function).parameters) == expected, name
    ours = {"add_totp", "totp_code", "totp_steps", "PASSKEY_EXTENSIONS", "PROOFS_SESSION_KEY"}
    assert set(allauth_internals.__all__) == parameters.keys() | ours
    assert allauth_internals.PASSKEY_EXTENSIONS == {"credProps": True}
    assert allauth_internals.PROOFS_SESSION_KEY == login_flow.AUTHENTICATION_METHODS_SESSION_KEY


def test_a_code_is_the_one_that_the_standard_gives() -> None:
    """RFC 6238, appendix B: the secret « 12345678901234567890 » at 59 seconds, the last six of its eight digits."""
    assert allauth_internals.totp_code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 59 // 30) == "287082"


def test_every_name_that_allauth_reverses_is_mounted() -> None:
    for name in names(urls.urlpatterns) - NOT_OURS:
        assert reverse(name, args=[1] if name in {"mfa_edit_webauthn", "mfa_remove_webauthn"} else [])
    assert reverse("account_login")
    assert reverse("account_reauthenticate")


def test_the_second_factor_is_the_only_stage_and_keeps_its_key() -> None:
    assert issubclass(SecondFactorStage, AuthenticateStage)
    assert SecondFactorStage.key == LoginStageKey.MFA_AUTHENTICATE.value == "mfa_authenticate"
    assert AccountAdapter().get_login_stages() == [
        f"{SecondFactorStage.__module__}.{SecondFactorStage.__name__}"
    ]


def test_a_session_keeps_how_its_account_proved_itself(request_: HttpRequest) -> None:
    agent, other = make_agent(), make_agent(Role.AUDITOR)
    login_flow.record_authentication(request_, agent, "password", reauthenticated=True)
    assert not session.passed(request_, agent)
    login_flow.record_authentication(request_, agent, "mfa", type="totp", id=1)
    assert session.passed(request_, agent)
    assert not session.passed(request_, other)
    stored: list[dict[str, Any]] = request_.session[login_flow.AUTHENTICATION_METHODS_SESSION_KEY]
    assert [(entry["method"], entry.get("type")) for entry in stored] == [("password", None), ("mfa", "totp")]


def test_a_password_given_again_counts_for_five_minutes(request_: HttpRequest) -> None:
    agent = make_agent()
    request_.user = agent
    assert not did_recently_reauthenticate(request_)
    login_flow.record_authentication(request_, agent, "password")
    assert not did_recently_reauthenticate(request_)
    login_flow.record_authentication(request_, agent, "password", reauthenticated=True)
    assert did_recently_reauthenticate(request_)


def test_a_passkey_alone_skips_the_second_factor_and_nothing_else_does(request_: HttpRequest) -> None:
    agent = make_agent()
    login_flow.record_authentication(request_, agent, "mfa", type="totp", id=1)
    assert not webauthn_flows.did_use_passwordless_login(request_, agent)
    login_flow.record_authentication(request_, agent, "mfa", type="webauthn", id=2, passwordless=True)
    assert webauthn_flows.did_use_passwordless_login(request_, agent)


def test_secrets_pass_through_our_adapter(request_: HttpRequest) -> None:
    assert isinstance(get_adapter(), SecondFactorAdapter)
    agent = make_agent()
    with context.request_context(request_), secrets_of(agent):
        TOTP.activate(agent, "JBSWY3DPEHPK3PXP")
        RecoveryCodes.activate(agent)
    app = Authenticator.objects.get(user=agent, type=Authenticator.Type.TOTP)
    assert app.data.keys() == {"secret"}
    assert "JBSWY3DPEHPK3PXP" not in app.data["secret"]
    assert open_secret(app.data["secret"], account_id=agent.pk) == "JBSWY3DPEHPK3PXP"
    sheet = Authenticator.objects.get(user=agent, type=Authenticator.Type.RECOVERY_CODES)
    assert sheet.data.keys() == {"seed", "used_mask"}
    assert len(open_secret(sheet.data["seed"], account_id=agent.pk)) == 80


def test_an_altered_secret_is_refused() -> None:
    sealed = seal_secret("JBSWY3DPEHPK3PXP", account_id=1)
    altered = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]
    with pytest.raises(CannotOpen):
        open_secret(altered, account_id=1)
    with pytest.raises(CannotOpen):
        open_secret(sealed, account_id=2)


def test_allauth_seals_nothing_without_its_account() -> None:
    for call in (get_adapter().encrypt, get_adapter().decrypt):
        with pytest.raises(LookupError):
            call("JBSWY3DPEHPK3PXP")


def test_a_sheet_with_migrated_codes_derives_nothing_from_a_seed() -> None:
    sheet = Authenticator(user=make_agent(), type=Authenticator.Type.RECOVERY_CODES)
    sheet.data = {"indexes": ["00"], "migrated_codes": []}
    assert sheet.wrap().get_unused_codes() == []
    assert sheet.wrap().validate_code("12345678") is False


def test_three_steps_of_thirty_seconds_are_accepted() -> None:
    assert app_settings.TOTP_PERIOD == 30
    steps = list(yield_hotp_counters_from_time())
    assert len(steps) == 3
    assert steps == sorted(steps)


def test_allauths_own_limits_are_off_since_ours_count(request_: HttpRequest) -> None:
    for _ in range(50):
        assert consume(
            request_, app="allauth.account", action="login_failed", key="mfa-auth-user-1", user=None
        )


def test_activating_reads_the_secret_from_the_form_only() -> None:
    source = inspect.getsource(totp_flows.activate_totp)
    assert "TOTP.activate(user, form.secret)" in source
    assert "auto_generate_recovery_codes(request)" in source


def test_the_pages_that_ours_replace_hold_nothing_but_a_form_and_a_challenge() -> None:
    """Ours make the context themselves: allauth's would keep one challenge in the session, for any door."""
    for view in (AuthenticateView, ReauthenticateWebAuthnView, AddWebAuthnView):
        source = inspect.getsource(view.get_context_data)
        assert "begin_" in source
        keys = set(re.findall(r'"(\w+)":|ret\["(\w+)"\]', source))
        used_keys = {first or other for first, other in keys}
        assert used_keys <= {
            "form",
            "webauthn_form",
            "js_data",
            "request_options",
            "creation_options",
            "MFA_SUPPORTED_TYPES",
        }
    assert "begin_authentication(user=None)" in inspect.getsource(LoginWebAuthnView.get)


def callers_of(name: str) -> set[str]:
    """The modules of the parts of allauth that are installed here in which this function is called."""
    root = Path(allauth.__file__).parent
    call = re.compile(rf"(?<!def )\b{name}\(")
    modules = [path for part in ("account", "core", "mfa") for path in (root / part).rglob("*.py")]
    return {str(path.relative_to(root)) for path in modules if call.search(path.read_text())}


def test_whole_requests_are_kept_where_our_middleware_comes_first_and_nowhere_else() -> None:
    assert callers_of("serialize_request") == {"account/internal/flows/reauthentication.py"}
    assert callers_of("suspend_request") == {"account/middleware.py"}
    order = settings.MIDDLEWARE
    ours = order.index("adherents.accounts.middleware.ProveAgainMiddleware")
    assert ours > order.index("allauth.account.middleware.AccountMiddleware")


def test_fido2_signs_the_challenge_that_it_is_given_and_asks_for_verification() -> None:
    """What `ceremonies` puts in the place of fido2's own state."""
    server, challenge = Fido2Server(PublicKeyCredentialRpEntity(id="testserver", name="x")), b"c" * 38
    options, state = server.authenticate_begin(
        user_verification=UserVerificationRequirement.REQUIRED, challenge=challenge
    )
    assert options.public_key.challenge == challenge
    assert state == {
        "challenge": websafe_encode(challenge),
        "user_verification": UserVerificationRequirement.REQUIRED,
    }
    for complete in (server.authenticate_complete, server.register_complete):
        source = inspect.getsource(complete)
        assert 'state["user_verification"] == UserVerificationRequirement.REQUIRED' in source
        assert 'websafe_decode(state["challenge"])' in source


def test_a_login_in_two_steps_is_stashed_by_the_accounts_key() -> None:
    agent = make_agent()
    login = Login(user=agent)
    login.state["stages"] = {"mfa_authenticate": {"data": {"password": "x"}}}
    again = Login.deserialize(login.serialize())
    assert again.user == agent
    assert again.state["stages"]["mfa_authenticate"]["data"] == {"password": "x"}


def test_a_passkeys_options_are_asked_for_with_an_accept_header(rf: RequestFactory) -> None:
    request = rf.get("/", headers={"accept": "application/json"})
    assert AccountAdapter().is_ajax(request)
