from django.urls import path

from adherents.portal.views import figures, health, home_screen, member, public

app_name = "portal"
urlpatterns = [
    path("", public.home, name="home"),
    path("contact/", public.contact, name="contact"),
    path("aide/", public.help_page, name="help"),
    path("mentions-legales/", public.legal, name="legal"),
    path("donnees-et-confidentialite/", public.privacy, name="privacy"),
    path("accessibilite/", public.accessibility, name="accessibility"),
    path("navigateur/", public.browser, name="browser"),
    path("langue/", public.language, name="language"),
    path("manifest.webmanifest", home_screen.manifest, name="manifest"),
    path("service-worker.js", home_screen.worker, name="worker"),
    path("hors-ligne/", home_screen.offline, name="offline"),
    path("sante/", health.live, name="live"),
    path("pret/", health.ready, name="ready"),
    path("metrics", figures.exposed, name="metrics"),
    path("adherent/a-renvoyer/", member.to_send_again, name="to_send_again"),
    path("adherent/donnees-personnelles/", member.personal_data, name="personal_data"),
    path("adherent/donnees-personnelles/historique/", member.history, name="history"),
]
