from django.urls import path

from adherents.mail import views

app_name = "mail"
urlpatterns = [
    path("rebonds/<slug:name>/", views.provider_tells, name="provider_tells"),
]
