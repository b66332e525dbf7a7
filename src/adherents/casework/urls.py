from django.urls import path

from adherents.casework.views import (
    attachments,
    comparing,
    figures,
    queue,
    refiling,
    reopening,
    sharing,
    splitting,
    treating,
)

app_name = "casework"
urlpatterns = [
    path("", queue.queue_page, name="queue"),
    path("suivant/", queue.next_item, name="next"),
    path("traiter/<uuid:document_id>/", treating.treat, name="treat"),
    path("traiter/<uuid:document_id>/pages/<int:number>/image/", treating.treat_image, name="treat_image"),
    path("traiter/<uuid:document_id>/pages/<int:number>/vignette/", treating.treat_small, name="treat_small"),
    path("traiter/<uuid:document_id>/prendre/", queue.take, name="take"),
    path("traiter/<uuid:document_id>/piece-jointe/", attachments.treat_attachment, name="treat_attachment"),
    path("traiter/<uuid:document_id>/type/", treating.choose_kind, name="choose_kind"),
    path("traiter/<uuid:document_id>/reclasser/", refiling.refile, name="refile"),
    path("traiter/<uuid:document_id>/repartir/", splitting.split, name="split"),
    path("traiter/<uuid:document_id>/reunir/", splitting.put_together, name="put_together"),
    path("traiter/<uuid:document_id>/accepter/", treating.accept, name="accept"),
    path("traiter/<uuid:document_id>/accepter-le-reste/", treating.accept_rest, name="accept_rest"),
    path("traiter/<uuid:document_id>/refuser/", treating.refuse, name="refuse"),
    path("traiter/<uuid:document_id>/correction/", treating.correct, name="correct"),
    path("traiter/<uuid:document_id>/rendre/", queue.give_back, name="give_back"),
    path("traiter/<uuid:document_id>/transmettre/", queue.hand_over, name="hand_over"),
    path("traiter/<uuid:document_id>/attribuer/", queue.assign, name="assign"),
    path("traiter/<uuid:document_id>/suivant/", queue.prefetch, name="prefetch"),
    path("documents/<uuid:document_id>/comparer/<uuid:other_id>/", comparing.compare, name="compare"),
    path("decisions/<int:pk>/annuler/", queue.undo, name="undo"),
    path("reclassements/<int:pk>/annuler/", refiling.undo, name="undo_refiling"),
    path("decisions/<int:pk>/rouvrir/", reopening.reopen, name="reopen"),
    path("repartition/", sharing.board, name="sharing"),
    path("chiffres/", figures.figures_page, name="figures"),
    path("chiffres/<slug:name>/csv/", figures.figures_csv, name="figures_csv"),
]
