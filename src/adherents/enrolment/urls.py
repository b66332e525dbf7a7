from django.urls import path

from adherents.enrolment import address_views, views

app_name = "enrolment"
urlpatterns = [
    path("premiere-connexion/", views.first_connection_page, name="first_connection"),
    path("premiere-connexion/code/", views.code_page, name="code"),
    path("premiere-connexion/code/mot-de-passe/", views.code_password_page, name="code_password"),
    path("donnees-personnelles/adresse/", address_views.change_address_page, name="change_address"),
    path("donnees-personnelles/adresse/demandee/", address_views.address_asked, name="address_asked"),
    path("authentication/adresse-changee/", address_views.report_page, name="report_page"),
    path("authentication/adresse-changee/<str:token>", address_views.report_link, name="report_link"),
    path("adresse/", views.confirm_address_page, name="confirm_address"),
    path("adresse/<str:token>", views.address_link, name="address_link"),
]
