from django.urls import path

from adherents.backup import views

app_name = "backup"
urlpatterns = [
    path("restauration/", views.after_restore_page, name="after_restore"),
    path("restauration/compte/", views.count_again, name="count_again"),
]
