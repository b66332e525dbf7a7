"""Every address, room by room."""

from django.conf import settings
from django.urls import include, path

from adherents.api.urls import v1
from adherents.config import entry
from adherents.messaging.urls import member_patterns
from adherents.vault.urls import proof_patterns

handler400 = "adherents.config.errors.bad_request"
handler403 = "adherents.config.errors.permission_denied"
handler404 = "adherents.config.errors.page_not_found"
handler500 = "adherents.config.errors.server_error"

urlpatterns = [
    path("adherent/", entry.member_entry),
    path("", include("adherents.accounts.urls")),
    path("adherent/", include("adherents.enrolment.urls")),
    path("adherent/documents/", include("adherents.vault.urls")),
    path("adherent/documents/", include("adherents.reading.urls")),
    path("adherent/messages/", include(member_patterns)),
    path("brouillon/", include("adherents.drafts.urls")),
    path("verifier/", include(proof_patterns)),
    path("gestion/", include("adherents.casework.urls")),
    path("gestion/", include("adherents.messaging.urls")),
    path("gestion/", include("adherents.notes.urls")),
    path("gestion/", include("adherents.desk.urls")),
    path("gestion/", include("adherents.backup.urls")),
    path("gestion/", include("adherents.api.urls")),
    path("api/v1/", v1),
    path("gestion/", include("adherents.webhooks.urls")),
    path("compte/securite/", include("adherents.accounts.second_factor.urls")),
    # A name that allauth's own views lead to.
    path("compte/connexion/", entry.to_sign_in, name="account_login"),
    path("", include("adherents.portal.urls")),
]

if settings.ADHERENTS_MAIL_EVENTS:
    urlpatterns.append(path("mails/", include("adherents.mail.urls")))
if not settings.IN_PRODUCTION:
    urlpatterns.append(path("galerie/", include("adherents.ui.urls")))
