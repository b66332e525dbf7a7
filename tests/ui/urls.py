"""The gallery, among the pages that its elements lead to."""

from django.urls import include, path

from adherents.config.urls import urlpatterns as pages

urlpatterns = [path("galerie/", include("adherents.ui.urls")), *pages]
