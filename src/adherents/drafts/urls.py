from django.urls import path

from adherents.drafts import views

app_name = "drafts"
urlpatterns = [
    path("", views.keep_words, name="keep"),
    path("jeton/", views.token, name="token"),
]
