from django.urls import path

from adherents.accounts.views import member

app_name = "accounts"
urlpatterns = [
    path("", member.sign_in_page, name="sign_in"),
    path("deconnexion/", member.sign_out, name="sign_out"),
    path("a-bientot/", member.signed_out, name="signed_out"),
    path("mot-de-passe-oublie/", member.forgotten_page, name="forgotten"),
    path("mot-de-passe-oublie/envoye/", member.sent, name="sent"),
    path("authentication/mot-de-passe/", member.new_password, name="new_password"),
    path("authentication/mot-de-passe/<str:token>", member.follow_link, name="link"),
    path("donnees-personnelles/mot-de-passe/", member.change_password_page, name="change_password"),
    path("donnees-personnelles/mot-de-passe/modifie/", member.password_changed, name="password_changed"),
]
