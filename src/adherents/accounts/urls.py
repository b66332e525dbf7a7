from django.urls import include, path

from adherents.accounts.directory import views as directory
from adherents.accounts.views import agent, links, member, sessions

app_name = "accounts"
members = [
    path("", member.sign_in_page, name="sign_in"),
    path("deconnexion/", member.sign_out, name="sign_out"),
    path("a-bientot/", member.signed_out, name="signed_out"),
    path("mot-de-passe-oublie/", member.forgotten_page, name="forgotten"),
    path("mot-de-passe-oublie/envoye/", member.sent, name="sent"),
    path("authentication/mot-de-passe/", member.new_password, name="new_password"),
    path("authentication/mot-de-passe/<str:token>", member.follow_link, name="link"),
    path("authentication/second-facteur/<str:token>", links.follow_factor_link, name="factor_link"),
    path("authentication/pas-moi/", links.report_page, name="report_page"),
    path("authentication/pas-moi/<str:token>", links.follow_report, name="report"),
    path("donnees-personnelles/connexions/", sessions.open_sessions, name="sessions"),
    path("donnees-personnelles/connexions/autres/", sessions.end_others_page, name="end_other_sessions"),
    path("donnees-personnelles/connexions/<str:reference>/", sessions.end_one_page, name="end_session"),
    path("donnees-personnelles/mot-de-passe/", member.change_password_page, name="change_password"),
    path("donnees-personnelles/mot-de-passe/modifie/", member.password_changed, name="password_changed"),
]
urlpatterns = [
    path("adherent/", include(members)),
    path("gestion/connexion/", agent.sign_in_page, name="agent_sign_in"),
    path("gestion/connexion/annuaire/", directory.leave_for, name="directory"),
    path("gestion/connexion/annuaire/retour/", directory.come_back, name="directory_return"),
    path("gestion/connexion/annuaire/fin/", directory.sign_out_from_there, name="directory_end"),
    path("gestion/connexion/annuaire/sortie/", directory.sign_out_there, name="directory_leave"),
]
