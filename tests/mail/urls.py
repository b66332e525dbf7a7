"""The portal's addresses with those of the provider of mails, which are there only where one is set."""

from django.urls import include, path

from adherents.config.urls import handler400, handler404
from adherents.config.urls import urlpatterns as portal

__all__ = ["handler400", "handler404", "urlpatterns"]
urlpatterns = [*portal, path("mails/", include("adherents.mail.urls"))]
