from django.urls import path

from adherents.notes.views import notes, opinions

app_name = "notes"
urlpatterns = [
    path("adherents/<int:pk>/note/", notes.note_on_member, name="on_member"),
    path("documents/<uuid:document_id>/note/", notes.note_on_document, name="on_document"),
    path("notes/<int:pk>/retirer/", notes.remove, name="remove"),
    path("documents/<uuid:document_id>/avis/", opinions.ask, name="ask"),
    path("avis/", opinions.opinions_page, name="opinions"),
    path("avis/<int:pk>/repondre/", opinions.give, name="give"),
    path("avis/<int:pk>/annuler/", opinions.withdraw, name="withdraw"),
]
