"""The gallery; the project mounts it outside production only."""

from django.urls import path, re_path

from adherents.ui import views

app_name = "ui"
urlpatterns = [
    path("", views.elements, name="gallery"),
    re_path(r"^(?P<shell>member|agent)/$", views.elements, name="gallery_in"),
    re_path(rf"^(?P<code>{'|'.join(views.ERRORS)})/$", views.error_page, name="error_page"),
]
