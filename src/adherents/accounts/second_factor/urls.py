"""allauth's names (its own code reverses them), our views. What is not listed here does not exist."""

from django.urls import path

from adherents.accounts.second_factor import views

urlpatterns = [
    path("", views.Index.as_view(), name="mfa_index"),
    path("verification/", views.Authenticate.as_view(), name="mfa_authenticate"),
    path("mot-de-passe/", views.PasswordAgain.as_view(), name="account_reauthenticate"),
    path("code/", views.CodeAgain.as_view(), name="mfa_reauthenticate"),
    path("cle/", views.PasskeyAgain.as_view(), name="mfa_reauthenticate_webauthn"),
    path("application/", views.ActivateTotp.as_view(), name="mfa_activate_totp"),
    path("application/retirer/", views.DeactivateTotp.as_view(), name="mfa_deactivate_totp"),
    path("cles/ajouter/", views.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("cles/connexion/", views.PasskeySignIn.as_view(), name="mfa_login_webauthn"),
    path("cles/<int:pk>/nom/", views.RenamePasskey.as_view(), name="mfa_edit_webauthn"),
    path("cles/<int:pk>/retirer/", views.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
    path("cles/", views.Index.as_view(), name="mfa_list_webauthn"),
    path("codes-de-secours/", views.recovery_codes, name="mfa_view_recovery_codes"),
    path("codes-de-secours/nouveaux/", views.NewRecoveryCodes.as_view(), name="mfa_generate_recovery_codes"),
]
