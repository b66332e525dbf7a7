from django.urls import path

from adherents.accounts.views import agent
from adherents.casework.views import desk, document, journal, member, queue, treating, unreached

app_name = "casework"
urlpatterns = [
    path("connexion/", agent.sign_in_page, name="sign_in"),
    path("", queue.desk, name="desk"),
    path("suivant/", queue.next_item, name="next"),
    path("traiter/<uuid:document_id>/", treating.treat, name="treat"),
    path("traiter/<uuid:document_id>/pages/<int:number>/image/", treating.treat_image, name="treat_image"),
    path("traiter/<uuid:document_id>/prendre/", queue.take, name="take"),
    path("traiter/<uuid:document_id>/accepter/", treating.accept, name="accept"),
    path("traiter/<uuid:document_id>/refuser/", treating.refuse, name="refuse"),
    path("traiter/<uuid:document_id>/correction/", treating.correct, name="correct"),
    path("traiter/<uuid:document_id>/rendre/", queue.give_back, name="give_back"),
    path("traiter/<uuid:document_id>/transmettre/", queue.hand_over, name="hand_over"),
    path("traiter/<uuid:document_id>/attribuer/", queue.assign, name="assign"),
    path("traiter/<uuid:document_id>/suivant/", queue.ahead, name="ahead"),
    path("decisions/<int:pk>/annuler/", queue.undo, name="undo"),
    path("adherents/", desk.search, name="search"),
    path("adherents/sans-adresse/", unreached.unreachable, name="unreachable"),
    path("adherents/sans-adresse/courriers/", unreached.letters_for_unreachable, name="letters_unreachable"),
    path("adherents/adresse-en-echec/", unreached.failing, name="failing"),
    path("adherents/adresse-en-echec/courriers/", unreached.letters_for_failing, name="letters_failing"),
    path("adherents/<int:pk>/", member.member_page, name="member"),
    path("adherents/<int:pk>/adresse/", member.change_email, name="change_email"),
    path("adherents/<int:pk>/blocage/", member.end_lock, name="end_lock"),
    path("adherents/<int:pk>/lien/", member.send_link, name="send_link"),
    path("adherents/<int:pk>/courrier/", member.write_letter, name="write_letter"),
    path("adherents/<int:pk>/fermeture/", member.close_account, name="close_account"),
    path("adherents/<int:pk>/reouverture/", member.reopen_account, name="reopen_account"),
    path("adherents/<int:pk>/nir/", member.show_nir, name="show_nir"),
    path("documents/<uuid:document_id>/", document.document_page, name="document"),
    path("documents/<uuid:document_id>/pages/<int:number>/", document.document_page, name="page"),
    path("documents/<uuid:document_id>/pages/<int:number>/image/", document.document_image, name="image"),
    path("courriers/", unreached.batches, name="letter_batches"),
    path("courriers/<uuid:batch_id>/", unreached.batch_page, name="letters"),
    path("courriers/<uuid:batch_id>/pdf/", unreached.take_sheets, name="letters_pdf"),
    path("courriers/<uuid:batch_id>/liste/", unreached.take_listing, name="letters_list"),
    path("courriers/<uuid:batch_id>/destruction/", unreached.destroy, name="letters_destroy"),
    path("journal/", journal.journal, name="journal"),
]
