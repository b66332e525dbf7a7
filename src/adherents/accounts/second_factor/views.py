"""allauth's pages of the second factor, with our forms, our journal and our mails around what they do."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter as account_adapter
from allauth.account.decorators import reauthentication_required
from allauth.account.views import BaseReauthenticateView, ReauthenticateView
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.mfa.base.views import ReauthenticateView as CodeAgainView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import (
    AddWebAuthnView,
    EditWebAuthnView,
    LoginWebAuthnView,
    ReauthenticateWebAuthnView,
    RemoveWebAuthnView,
)
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe
from django.views.generic import FormView, TemplateView

from adherents.accounts.allauth_internals import signed_in_account
from adherents.accounts.browser import FACTOR_COOKIE, address_of, client_of, drop_link, links_of
from adherents.accounts.limits import hit
from adherents.accounts.models import Account
from adherents.accounts.next_page import agents_page_wanted, page_wanted, sign_in_address, takes_a_password
from adherents.accounts.second_factor import ceremonies, forms, services, session
from adherents.accounts.second_factor.ceremonies import ChallengeUse
from adherents.accounts.second_factor.sealing import secrets_of
from adherents.accounts.services import lock, new_factor
from adherents.accounts.services.access_link import DeadLink

Kind = Authenticator.Type


def _account(request: HttpRequest) -> Account:
    account: Account = signed_in_account(request)
    return account


def _in_turn(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Of two changes at once to the factors of one account, the second one begins when the first one is done."""

    @wraps(view)
    def alone(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST" or not request.user.is_authenticated:
            return view(request, *args, **kwargs)
        with transaction.atomic():
            Account.objects.select_for_update().get(pk=_account(request).pk)
            return view(request, *args, **kwargs)

    return alone


class _Proven:
    """A session that never gave the second factor may not change it: one opened before it was added, say."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and session.must_come_again(request, _account(request)):
            raise ReauthenticationRequired
        if request.user.is_authenticated and must_prove(request, _account(request)):
            return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': request.get_full_path()})}")
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        return response


class _Adding(_Proven):
    """A factor that replaces a lost one is added with the mailed link only, which is used up by it."""

    kind: str
    added: Promise

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not may_add(request, _account(request)):
            return redirect("mfa_index")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        request: HttpRequest = self.request  # type: ignore[attr-defined]
        account = _account(request)
        try:
            with transaction.atomic():
                token = _factor_link(request, account)
                new_factor.use_link(account=account, token=token)
                with secrets_of(account):
                    response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
                self.use_up_proof(form)
                services.note_added(account=account, kind=self.kind)
                session.end_the_others(request, account)
        except DeadLink:
            return redirect("mfa_index")
        session.note_activated(request, account, self.kind)
        request.session.pop(forms.PENDING_SECRET, None)
        messages.success(request, str(self.added))
        drop_link(request, response, token, FACTOR_COOKIE)
        return response

    def use_up_proof(self, form: Any) -> None:
        """What proved the new factor opens nothing afterwards. A passkey's challenge is used up as it is checked."""


def may_add(request: HttpRequest, account: Account) -> bool:
    return new_factor.is_open(account=account, token=_factor_link(request, account))


def _factor_link(request: HttpRequest, account: Account) -> str:
    """Of the mailed links that this browser opened, the one that lets this account add a factor; "" for none."""
    carried = links_of(request, FACTOR_COOKIE)
    return next((token for token in carried if new_factor.is_open(account=account, token=token)), "")


def _has_app(account: Account) -> bool:
    return bool(Authenticator.objects.filter(user=account, type=Kind.TOTP).exists())


def must_prove(request: HttpRequest, account: Account) -> bool:
    return not session.passed(request, account) and account.has_second_factor


class Index(IndexView):  # type: ignore[misc]
    """« Protégez votre accès » to an agent without a second factor, « Sécurité de la connexion » then."""

    template_name = "mfa/index.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        account = _account(self.request)
        own = {
            "must_protect": account.is_agent and not account.has_second_factor,
            "may_add": may_add(self.request, account),
            "codes_left": services.recovery_codes_left(account),
            "has_sheet": services.recovery_codes(account) is not None,
        }
        context: dict[str, Any] = super().get_context_data(**kwargs)
        by_kind = context["authenticators"]
        return context | own | {"app": by_kind.get(Kind.TOTP), "passkeys": by_kind.get(Kind.WEBAUTHN, [])}


@method_decorator(sensitive_post_parameters("code", "credential"), name="dispatch")
class Authenticate(AuthenticateView):  # type: ignore[misc]
    """The step after the password. Ends when the password changed in between."""

    form_class = forms.CodeForm
    webauthn_form_class = forms.PasskeyForm
    template_name = "mfa/authenticate.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.stage.is_current(request):
            response: HttpResponse = self.stage.abort()
            return response
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        # allauth's own would keep one challenge in the session, whichever page an answer comes to.
        context: dict[str, Any] = TemplateView.get_context_data(self, **kwargs)
        account = self.stage.login.user
        kinds = set(Authenticator.objects.filter(user=account).values_list("type", flat=True))
        options = ceremonies.begin_authentication(self.request, ChallengeUse.SECOND_STEP, account)
        return context | {
            "form": self.auth_form,
            "webauthn_form": self.webauthn_form,
            "js_data": {"request_options": options},
            "agent": account.is_agent,
            "by_directory": bool(session.directory_mark(self.request, account)),
            "has_app": Kind.TOTP in kinds,
            "has_passkey": Kind.WEBAUTHN in kinds,
        }


class _Again:
    """What the three ways to prove oneself again have in common."""

    success_url = reverse_lazy("mfa_index")

    def get_default_success_url(self) -> str:
        return str(self.success_url)

    def form_valid(self, form: Any) -> HttpResponse:
        session.begin_anew(self.request)  # type: ignore[attr-defined]
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        return response


@method_decorator(takes_a_password("password"), name="dispatch")
class PasswordAgain(_Again, ReauthenticateView):  # type: ignore[misc]
    form_class = forms.PasswordAgainForm
    template_name = "account/reauthenticate.html"


@method_decorator(sensitive_post_parameters("code"), name="dispatch")
class CodeAgain(_Again, CodeAgainView):  # type: ignore[misc]
    form_class = forms.CodeAgainForm
    template_name = "mfa/reauthenticate.html"


class PasskeyAgain(_Again, ReauthenticateWebAuthnView):  # type: ignore[misc]
    form_class = forms.PasskeyAgainForm
    template_name = "mfa/webauthn/reauthenticate.html"

    def form_invalid(self, form: forms.PasskeyAgainForm) -> HttpResponse:
        response: HttpResponse = self.render_to_response(self.get_context_data(form=form))
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = BaseReauthenticateView.get_context_data(self, **kwargs)
        options = ceremonies.begin_authentication(self.request, ChallengeUse.AGAIN, _account(self.request))
        return context | {"js_data": {"request_options": options}}


@method_decorator(_in_turn, name="dispatch")
class ActivateTotp(_Adding, ActivateTOTPView):  # type: ignore[misc]
    kind = Kind.TOTP
    added = gettext_lazy("Votre application d’authentification est enregistrée.")
    form_class = forms.ActivateTotpForm
    template_name = "mfa/totp/activate_form.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Added already, by the same button pressed twice or in another tab: the list says so.

        Before any proof is asked for: the one just given stands in the session that the other request wrote.
        """
        if request.user.is_authenticated and _has_app(_account(request)):
            return redirect("mfa_index")
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        secret = context["form"].secret
        return context | {"secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))}

    def use_up_proof(self, form: forms.ActivateTotpForm) -> None:
        assert form.step is not None
        services.note_first_code(account=_account(self.request), step=form.step)


@method_decorator(_in_turn, name="dispatch")
class DeactivateTotp(_Proven, DeactivateTOTPView):  # type: ignore[misc]
    form_class = forms.DeactivateTotpForm
    template_name = "mfa/totp/deactivate_form.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Removed already: the list says so."""
        if request.user.is_authenticated and not _has_app(_account(request)):
            return redirect("mfa_index")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: forms.DeactivateTotpForm) -> HttpResponse:
        with transaction.atomic():
            response: HttpResponse = super().form_valid(form)
            services.note_removed(account=_account(self.request), kind=Kind.TOTP)
            session.end_the_others(self.request, _account(self.request))
        messages.success(self.request, _("Votre application d’authentification est retirée."))
        return response


@method_decorator(_in_turn, name="dispatch")
class AddPasskey(_Adding, AddWebAuthnView):  # type: ignore[misc]
    kind = Kind.WEBAUTHN
    added = gettext_lazy("Votre clé d’accès est enregistrée.")
    form_class = forms.AddPasskeyForm
    template_name = "mfa/webauthn/add_form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = FormView.get_context_data(self, **kwargs)
        options = ceremonies.begin_registration(self.request, _account(self.request))
        return context | {"js_data": {"creation_options": options}}


class RenamePasskey(_Proven, EditWebAuthnView):  # type: ignore[misc]
    form_class = forms.RenamePasskeyForm
    template_name = "mfa/webauthn/edit_form.html"
    success_url = reverse_lazy("mfa_index")


@method_decorator(_in_turn, name="dispatch")
class RemovePasskey(_Proven, RemoveWebAuthnView):  # type: ignore[misc]
    template_name = "mfa/webauthn/authenticator_confirm_delete.html"
    success_url = reverse_lazy("mfa_index")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        may = get_adapter().can_delete_authenticator(self.object)
        return context | {"name": self.object.wrap().name, "may": may}

    def form_valid(self, form: Any) -> HttpResponse:
        if not get_adapter().can_delete_authenticator(self.object):
            refused: HttpResponse = self.render_to_response(self.get_context_data())
            return refused
        with transaction.atomic():
            response: HttpResponse = super().form_valid(form)
            services.note_removed(account=_account(self.request), kind=Kind.WEBAUTHN)
            session.end_the_others(self.request, _account(self.request))
        messages.success(self.request, _("La clé d’accès est retirée."))
        return response


class PasskeySignIn(LoginWebAuthnView):  # type: ignore[misc]
    """Sign in with a passkey alone: it has checked its holder. Closed and locked accounts stay so."""

    form_class = forms.PasskeySignInForm

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The options, for the script of the page; a person who opens the address goes to the page."""
        if not account_adapter().is_ajax(request):
            return redirect("accounts:sign_in")
        options = ceremonies.begin_authentication(request, ChallengeUse.SIGN_IN)
        response = JsonResponse({"request_options": options})
        ceremonies.keep_browser(request, response)
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        hit("sign_in", address=address_of(request))
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        account: Account = form.cleaned_data["credential"].user
        if account.closed_at is not None:
            form.add_error("credential", get_adapter().error_messages["incorrect_code"])
            return self.form_invalid(form)
        try:
            lock.check_open(account.identifier, lock.device_of(account, client_of(self.request)))
        except lock.Locked as locked:
            context = {"until": locked.until, "waits": locked.waits}
            return render(self.request, "accounts/locked.html", context)
        response: HttpResponse = super().form_valid(form)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        for words in form.errors.get("credential", []):
            messages.error(self.request, words)
        at_the_desk = self.request.POST.get("door") == "agents"
        if at_the_desk:
            wanted = agents_page_wanted(self.request)
            return redirect(sign_in_address(wanted) if wanted else "accounts:agent_sign_in")
        return redirect(sign_in_address(page_wanted(self.request)))


@method_decorator(_in_turn, name="dispatch")
class NewRecoveryCodes(_Proven, GenerateRecoveryCodesView):  # type: ignore[misc]
    form_class = forms.NewRecoveryCodesForm
    template_name = "mfa/recovery_codes/generate.html"

    def form_valid(self, form: forms.NewRecoveryCodesForm) -> HttpResponse:
        account = _account(self.request)
        with transaction.atomic():
            with secrets_of(account):
                response: HttpResponse = super().form_valid(form)
            services.note_added(account=account, kind=Kind.RECOVERY_CODES)
        return response


@require_safe
@reauthentication_required(app="allauth.mfa")  # type: ignore[untyped-decorator]
def recovery_codes(request: HttpRequest) -> HttpResponseBase:
    """The recovery codes, shown once: to print or to copy."""
    account = _account(request)
    if services.recovery_codes(account) is None or must_prove(request, account):
        raise Http404
    codes = services.show_recovery_codes(account=account)
    context = {"codes": codes, "codes_left": services.recovery_codes_left(account)}
    return render(request, "mfa/recovery_codes/index.html", context)
