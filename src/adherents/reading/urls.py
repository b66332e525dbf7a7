from django.urls import path

from adherents.reading.views import member

app_name = "reading"
urlpatterns = [
    path("<uuid:document_id>/lu/<int:pk>/", member.answer, name="answer"),
]
