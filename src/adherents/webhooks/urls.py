from django.urls import path

from adherents.webhooks import views

app_name = "webhooks"
urlpatterns = [
    path("webhooks/", views.endpoints_page, name="endpoints"),
    path("webhooks/nouveau/", views.make, name="make"),
    path("webhooks/<int:pk>/", views.endpoint_page, name="endpoint"),
    *(path(f"webhooks/<int:pk>/{act.path}", act.view, name=act.name) for act in views.ACTS),
]
