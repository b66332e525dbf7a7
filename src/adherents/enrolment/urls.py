from django.urls import path

from adherents.enrolment import views

app_name = "enrolment"
urlpatterns = [path("premiere-connexion/", views.first_connection_page, name="first_connection")]
