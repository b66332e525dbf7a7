from django.urls import path

from adherents.enrolment import views

app_name = "enrolment"
urlpatterns = [
    path("premiere-connexion/", views.first_connection_page, name="first_connection"),
    path("premiere-connexion/code/", views.code_page, name="code"),
    path("premiere-connexion/code/mot-de-passe/", views.code_password_page, name="code_password"),
    path("adresse/", views.confirm_address_page, name="confirm_address"),
    path("adresse/<str:token>", views.address_link, name="address_link"),
]
