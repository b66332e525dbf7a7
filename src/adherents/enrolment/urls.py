from django.urls import path

from adherents.enrolment import address_views, views
from adherents.enrolment.franceconnect import views as franceconnect

app_name = "enrolment"
urlpatterns = [
    path("premiere-connexion/", views.first_connection_page, name="first_connection"),
    path("premiere-connexion/code/", views.code_page, name="code"),
    path("premiere-connexion/code/mot-de-passe/", views.code_password_page, name="code_password"),
    path("donnees-personnelles/adresse/", address_views.change_address_page, name="change_address"),
    path("donnees-personnelles/adresse/demandee/", address_views.address_asked, name="address_asked"),
    path("authentication/adresse-changee/", address_views.report_page, name="report_page"),
    path("authentication/adresse-changee/<str:token>", address_views.report_link, name="report_link"),
    path("franceconnect/", franceconnect.leave_for, name="franceconnect"),
    path("franceconnect/retour/", franceconnect.come_back, name="franceconnect_return"),
    path("franceconnect/mail/", franceconnect.mail_link, name="franceconnect_mail"),
    path("donnees-personnelles/franceconnect/", franceconnect.leave_to_link, name="franceconnect_link"),
    path(
        "donnees-personnelles/franceconnect/confirmer/",
        franceconnect.confirm_page,
        name="franceconnect_confirm",
    ),
    path(
        "donnees-personnelles/franceconnect/delier/", franceconnect.unlink_page, name="franceconnect_unlink"
    ),
    path("adresse/", views.confirm_address_page, name="confirm_address"),
    path("adresse/<str:token>", views.address_link, name="address_link"),
]
