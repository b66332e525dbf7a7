from django.urls import path

from adherents.accounts.views import agent
from adherents.casework.views import desk, document, journal, member

app_name = "casework"
urlpatterns = [
    path("connexion/", agent.sign_in_page, name="sign_in"),
    path("", desk.desk, name="desk"),
    path("adherents/", desk.search, name="search"),
    path("adherents/sans-adresse/", desk.unreachable, name="unreachable"),
    path("adherents/<int:pk>/", member.member_page, name="member"),
    path("adherents/<int:pk>/adresse/", member.change_email, name="change_email"),
    path("adherents/<int:pk>/blocage/", member.end_lock, name="end_lock"),
    path("adherents/<int:pk>/lien/", member.send_link, name="send_link"),
    path("adherents/<int:pk>/nir/", member.show_nir, name="show_nir"),
    path("documents/<uuid:document_id>/", document.document_page, name="document"),
    path("documents/<uuid:document_id>/pages/<int:number>/", document.document_page, name="page"),
    path("documents/<uuid:document_id>/pages/<int:number>/image/", document.document_image, name="image"),
    path("journal/", journal.journal, name="journal"),
]
