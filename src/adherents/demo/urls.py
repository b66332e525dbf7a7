"""The addresses of the mail catcher: a site of its own on a port of its own, and no part of the portal's."""

from django.urls import path

from adherents.demo import views

urlpatterns = [
    path("", views.mails, name="mails"),
    path("messages/<str:mail_id>/", views.mail, name="mail"),
    path("messages/<str:mail_id>/html", views.mail_html, name="mail_html"),
    path("codes/", views.agent_codes, name="codes"),
    path("personnes/", views.people, name="people"),
    path("style.css", views.style, name="style"),
]
