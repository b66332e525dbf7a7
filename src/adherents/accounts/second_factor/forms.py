"""The second factor's forms: allauth's contracts, our words, and every wrong answer counted."""

from typing import Any

from allauth.account.forms import ReauthenticateForm
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.forms import GenerateRecoveryCodesForm
from allauth.mfa.totp.forms import DeactivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
)
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from adherents.accounts.allauth_internals import new_totp_secret, note_factor_used
from adherents.accounts.browser import client_of
from adherents.accounts.forms import PASSWORD_CHARACTERS, SignInForm
from adherents.accounts.models import Account
from adherents.accounts.second_factor import ceremonies, services
from adherents.accounts.second_factor.ceremonies import CeremonyRefused, ChallengeUse, Stale
from adherents.accounts.second_factor.sealing import open_secret, seal_secret
from adherents.accounts.services import lock
from adherents.accounts.services.lock import Locked
from adherents.crypto.keys import CannotOpen
from adherents.ui.fields import PasswordInput
from adherents.ui.moments import moment

LONGEST_ANSWER = 20_000  # characters: a new passkey with its maker's certificates is some 6,000
PENDING_SECRET = "second_factor.totp"  # noqa: S105 (a key of the session)


class AgentSignInForm(SignInForm):
    """The agents' sign-in form: an e-mail address instead of a number."""

    identifier = forms.EmailField(
        label=gettext_lazy("Adresse e-mail"),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "username"}),
        error_messages={
            "required": gettext_lazy("Indiquez votre adresse e-mail."),
            "invalid": gettext_lazy("Écrivez une adresse e-mail complète, comme nom@exemple.fr."),
        },
    )


def _code_field(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=40,
        widget=forms.TextInput(
            {
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "spellcheck": "false",
                "size": 12,
            }
        ),
        error_messages={"required": gettext_lazy("Indiquez le code.")},
    )


def refusal_in_words(error: services.WrongCode | Locked) -> str:
    """What to do after a wrong code, or once the account is locked."""
    if isinstance(error, Locked):
        return _(
            "Trop d’essais infructueux : votre accès est bloqué jusqu’au %(until)s. "
            "Ensuite, créez un nouveau mot de passe avec « Mot de passe oublié »."
        ) % {"until": moment(error.until)}
    return ngettext(
        "Ce code n’est pas le bon, ou il a déjà servi. Il vous reste %(left)s essai.",
        "Ce code n’est pas le bon, ou il a déjà servi. Il vous reste %(left)s essais.",
        error.left,
    ) % {"left": error.left}


class CodeForm(forms.Form):
    """A code from the app, or a recovery code."""

    reauthenticated = False
    code = _code_field(
        gettext_lazy("Code de sécurité"),
        gettext_lazy(
            "Les 6 chiffres que montre votre application d’authentification, "
            "ou un code de secours à 8 chiffres."
        ),
    )

    def __init__(self, *args: Any, user: Account, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        if not self.is_bound:
            self.fields["code"].widget.attrs["autofocus"] = True

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        try:
            self.authenticator = services.check_code(
                account=self.user, code=code, client=client_of(context.request)
            )
        except (services.WrongCode, Locked) as error:
            raise ValidationError(refusal_in_words(error)) from error
        return code

    def save(self) -> None:
        self.authenticator.user = self.user
        note_factor_used(context.request, self.authenticator, reauthenticated=self.reauthenticated)


class CodeAgainForm(CodeForm):
    """The same, asked again before something that matters."""

    reauthenticated = True


class AnswerField(forms.JSONField):
    """What a passkey answered, as the page's script posts it. Longer or deeper than any of them is none."""

    def __init__(self) -> None:
        super().__init__(widget=forms.HiddenInput)

    def to_python(self, value: Any) -> Any:
        try:
            if len(str(value)) <= LONGEST_ANSWER:
                return super().to_python(value)
        except (RecursionError, ValueError):  # too deep, or a number of thousands of digits
            pass
        raise ValidationError(get_adapter().error_messages["incorrect_code"], code="incorrect_code")

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Nothing of it is shown again: each try has an answer of its own."""
        return None


class PasskeyForm(AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey's answer to a challenge, by an account that is known already. A wrong one counts like a wrong code."""

    challenge_use = ChallengeUse.SECOND_STEP
    credential = AnswerField()

    def clean_credential(self) -> Authenticator:
        device = lock.device_of(self.user, client_of(context.request))
        try:
            attempt = lock.take_try(self.user.identifier, device)
        except Locked as error:
            raise ValidationError(refusal_in_words(error)) from error
        try:
            answer = self.cleaned_data["credential"]
            passkey = ceremonies.complete_authentication(
                context.request, self.challenge_use, answer, self.user
            )
        except Stale as stale:
            lock.uncount(attempt)
            raise passkey_refused(stale) from stale
        except CeremonyRefused as refused:
            try:
                services.refuse(account=self.user, attempt=attempt, kind="webauthn")
            except Locked as error:
                raise ValidationError(refusal_in_words(error)) from error
            except services.WrongCode:
                raise passkey_refused(refused) from refused
        lock.clear_after_success(attempt)
        return passkey


class PasskeyAgainForm(PasskeyForm):
    challenge_use = ChallengeUse.AGAIN
    reauthenticated = True


class PasskeySignInForm(LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey's answer when signing in, where the account is not known yet."""

    credential = AnswerField()

    def clean_credential(self) -> Authenticator:
        answer = self.cleaned_data["credential"]
        try:
            return ceremonies.complete_authentication(context.request, ChallengeUse.SIGN_IN, answer)
        except CeremonyRefused as refused:
            raise passkey_refused(refused) from refused


def passkey_refused(refused: CeremonyRefused) -> ValidationError:
    """What to do after a passkey was refused."""
    code = "stale_passkey" if isinstance(refused, Stale) else "incorrect_code"
    return ValidationError(get_adapter().error_messages[code], code=code)


class PasswordAgainForm(ReauthenticateForm):  # type: ignore[misc]
    """The password, asked again before something that matters. The adapter counts a wrong one."""

    password = forms.CharField(
        label=gettext_lazy("Mot de passe"),
        strip=False,
        max_length=PASSWORD_CHARACTERS,
        widget=PasswordInput(),
        error_messages={"required": gettext_lazy("Indiquez votre mot de passe.")},
    )

    def clean_password(self) -> str:
        try:
            password: str = super().clean_password()
        except ValidationError as error:
            raise ValidationError(_("Ce n’est pas votre mot de passe actuel.")) from error
        return password


class ActivateTotpForm(forms.Form):
    """A first code from the app proves that it read the secret. The secret waits sealed in the session."""

    code = _code_field(
        gettext_lazy("Code affiché par l’application"),
        gettext_lazy("6 chiffres, qui changent toutes les 30 secondes."),
    )

    def __init__(self, *args: Any, user: Account, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        session = context.request.session
        try:
            pending = (
                open_secret(session.get(PENDING_SECRET, ""), account_id=user.pk) if self.is_bound else ""
            )
        except CannotOpen:  # none yet, or another account's
            pending = ""
        self.secret: str = pending or new_totp_secret()
        if not pending:
            session[PENDING_SECRET] = seal_secret(self.secret, account_id=user.pk)

    def clean_code(self) -> str:
        code = "".join(self.cleaned_data["code"].split())
        self.step = services.step_of(secret=self.secret, code=code)
        if self.step is None:
            raise ValidationError(
                _(
                    "Ce code n’est pas celui de maintenant. "
                    "Vérifiez l’heure de votre téléphone, puis tapez le code affiché."
                )
            )
        return code


class DeactivateTotpForm(DeactivateTOTPForm):  # type: ignore[misc]
    """Nothing to type: whether the app may go is the adapter's to say."""


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """Only keys that check their holder (fingerprint, face, PIN): they then open without a password."""

    name = forms.CharField(
        label=gettext_lazy("Nom de cette clé d’accès"),
        help_text=gettext_lazy("Pour la reconnaître dans la liste."),
        max_length=60,
        required=False,
    )
    credential = AnswerField()
    passwordless = None

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = self.cleaned_data
        if answer := cleaned.get("credential"):
            try:
                ceremonies.complete_registration(context.request, answer, self.user)
            except CeremonyRefused as refused:
                raise passkey_refused(refused) from refused
        return cleaned


class RenamePasskeyForm(EditWebAuthnForm):  # type: ignore[misc]
    name = forms.CharField(
        label=gettext_lazy("Nom de cette clé d’accès"),
        max_length=60,
        error_messages={"required": gettext_lazy("Donnez un nom à cette clé.")},
    )


class NewRecoveryCodesForm(GenerateRecoveryCodesForm):  # type: ignore[misc]
    """Nothing to type."""
