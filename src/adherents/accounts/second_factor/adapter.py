"""What allauth's second factor asks of the portal: names, and sealed secrets."""

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from adherents.accounts.client import browser_name
from adherents.accounts.models import Account
from adherents.accounts.second_factor.sealing import account_meant, open_secret, seal_secret
from adherents.insurer.profile import profile


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets are sealed under the master key; what a person reads is the portal's own words."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy(
            "Cette clé d’accès n’a pas été acceptée. Recommencez, ou choisissez un autre moyen."
        ),
        "stale_passkey": gettext_lazy(
            "Cette demande a trop attendu, ou elle a déjà servi. Recommencez avec votre clé d’accès."
        ),
        "cannot_delete_authenticator": gettext_lazy(
            "Un agent garde toujours un second facteur. Ajoutez-en un autre avant de retirer celui-ci."
        ),
        "cannot_generate_recovery_codes": gettext_lazy(
            "Ajoutez d’abord une application d’authentification ou une clé d’accès."
        ),
    }

    def encrypt(self, text: str) -> str:
        """What allauth stores of a TOTP secret or of a seed of recovery codes. Within `sealing.secrets_of`."""
        return seal_secret(text, account_id=account_meant())

    def decrypt(self, encrypted_text: str) -> str:
        """Raises `CannotOpen` (`sealing.open_secret`). Within `sealing.secrets_of`."""
        return open_secret(encrypted_text, account_id=account_meant())

    def get_totp_label(self, user: Account) -> str:
        return user.identifier

    def get_totp_issuer(self) -> str:
        insurer = profile().insurer
        return f"{insurer.short_name} {insurer.space_name}"

    def generate_authenticator_name(self, user: Account, type: Authenticator.Type) -> str:
        """« Clé d’accès (Firefox, Windows) »: the browser in which it was made."""
        browser = browser_name(context.request.headers.get("User-Agent", "")[:400])
        return _("Clé d’accès (%(browser)s)") % {"browser": browser} if browser else _("Clé d’accès")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": context.request.get_host().partition(":")[0], "name": self.get_totp_issuer()}

    def get_public_key_credential_user_entity(self, user: Account) -> dict[str, object]:
        entity: dict[str, object] = super().get_public_key_credential_user_entity(user)
        return entity | {"name": user.identifier, "display_name": user.shown_name}

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """A member may go back to the password alone; an agent never."""
        others = Authenticator.objects.filter(user=authenticator.user).exclude(
            type=Authenticator.Type.RECOVERY_CODES
        )
        return not authenticator.user.is_agent or others.exclude(pk=authenticator.pk).exists()
