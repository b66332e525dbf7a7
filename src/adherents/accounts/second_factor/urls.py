"""allauth's names (its own code reverses them), our views. What is not listed here does not exist."""

from collections.abc import Callable

from django.http import HttpResponseBase
from django.urls import path
from django.views.decorators.http import require_http_methods
from django.views.generic import View

from adherents.accounts.second_factor import views


def _page(view: type[View]) -> Callable[..., HttpResponseBase]:
    """To read and to post to; Django's form views would take a PUT for a POST."""
    return require_http_methods(["GET", "HEAD", "POST"])(view.as_view())


urlpatterns = [
    path("", _page(views.Index), name="mfa_index"),
    path("verification/", _page(views.Authenticate), name="mfa_authenticate"),
    path("mot-de-passe/", _page(views.PasswordAgain), name="account_reauthenticate"),
    path("code/", _page(views.CodeAgain), name="mfa_reauthenticate"),
    path("cle/", _page(views.PasskeyAgain), name="mfa_reauthenticate_webauthn"),
    path("application/", _page(views.ActivateTotp), name="mfa_activate_totp"),
    path("application/retirer/", _page(views.DeactivateTotp), name="mfa_deactivate_totp"),
    path("cles/ajouter/", _page(views.AddPasskey), name="mfa_add_webauthn"),
    path("cles/connexion/", _page(views.PasskeySignIn), name="mfa_login_webauthn"),
    path("cles/<int:pk>/nom/", _page(views.RenamePasskey), name="mfa_edit_webauthn"),
    path("cles/<int:pk>/retirer/", _page(views.RemovePasskey), name="mfa_remove_webauthn"),
    path("cles/", _page(views.Index), name="mfa_list_webauthn"),
    path("codes-de-secours/", views.recovery_codes, name="mfa_view_recovery_codes"),
    path("codes-de-secours/nouveaux/", _page(views.NewRecoveryCodes), name="mfa_generate_recovery_codes"),
]
