from django.urls import path

from adherents.messaging.views import agent, canned_answers, circulars, finding, member

app_name = "messaging"
urlpatterns = [
    path("adherents/<int:pk>/ecrire/", agent.start, name="start_thread"),
    path("messages/", agent.inbox_page, name="threads"),
    path("messages/recherche/", finding.find_threads, name="find_threads"),
    path("messages/groupe/", circulars.circulars_page, name="circulars"),
    path("messages/groupe/<uuid:circular_id>/", circulars.circular_page, name="circular"),
    path("messages/groupe/<uuid:circular_id>/annulation/", circulars.undo, name="undo_circular"),
    path("messages/<uuid:thread_id>/", agent.thread, name="thread"),
    path("messages/<uuid:thread_id>/note/", agent.note, name="thread_note"),
    path("messages/<uuid:thread_id>/transfert/", agent.transfer, name="thread_transfer"),
    path("messages/<uuid:thread_id>/prise/", agent.take, name="thread_take"),
    path("messages/<uuid:thread_id>/fermeture/", agent.close, name="thread_close"),
    path("messages/<uuid:thread_id>/reouverture/", agent.reopen, name="thread_reopen"),
    path("modeles/", canned_answers.canned_list, name="canned_list"),
    path("modeles/nouveau/", canned_answers.canned_new, name="canned_new"),
    path("modeles/<int:answer_id>/", canned_answers.canned_answer, name="canned_answer"),
    path("modeles/<int:answer_id>/suppression/", canned_answers.canned_remove, name="canned_remove"),
]

# The member's side, under an address of its own.
member_patterns = (
    [
        path("", member.threads, name="threads"),
        path("nouveau/", member.new, name="new"),
        path("<uuid:thread_id>/", member.thread, name="thread"),
    ],
    "messages",
)
