"""The gallery alone, without any other room."""

from django.urls import include, path

urlpatterns = [path("galerie/", include("adherents.ui.urls"))]
