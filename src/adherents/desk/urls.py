from django.urls import path

from adherents.desk.views import (
    absences,
    act_table,
    agents,
    deposits,
    document,
    documents,
    installation,
    journal,
    member_record,
    read_values,
    search,
    second_factor,
    unreachable,
)

app_name = "desk"
urlpatterns = [
    path("adherents/", search.search, name="search"),
    path("adherents/sans-adresse/", unreachable.unreachable, name="unreachable"),
    path(
        "adherents/sans-adresse/courriers/", unreachable.letters_for_unreachable, name="letters_unreachable"
    ),
    path("adherents/adresse-en-echec/", unreachable.failing, name="failing"),
    path("adherents/adresse-en-echec/courriers/", unreachable.letters_for_failing, name="letters_failing"),
    path("adherents/<int:pk>/", member_record.member_page, name="member"),
    path("adherents/<int:pk>/deposer/", deposits.enter_deposit, name="enter_deposit"),
    path("adherents/<int:pk>/documents/", documents.documents_page, name="documents"),
    path("documents/<uuid:document_id>/", document.document_page, name="document"),
    path("documents/<uuid:document_id>/pages/<int:number>/", document.document_page, name="page"),
    path("documents/<uuid:document_id>/pages/<int:number>/image/", document.document_image, name="image"),
    path("documents/<uuid:document_id>/pages/<int:number>/vignette/", document.document_small, name="small"),
    path("documents/<uuid:document_id>/lu/<int:pk>/", read_values.judge, name="judge_value"),
    path("documents/<uuid:document_id>/zoom/", document.remember_zoom, name="zoom"),
    path("courriers/", unreachable.batches, name="letter_batches"),
    path("courriers/<uuid:batch_id>/", unreachable.batch_page, name="letters"),
    path("courriers/<uuid:batch_id>/pdf/", unreachable.take_sheets, name="letters_pdf"),
    path("courriers/<uuid:batch_id>/liste/", unreachable.take_listing, name="letters_list"),
    path("courriers/<uuid:batch_id>/destruction/", unreachable.destroy, name="letters_destroy"),
    path("absences/", absences.absences_page, name="absences"),
    path("absences/<int:pk>/fin/", absences.end, name="end_absence"),
    path("agents/", agents.agents_page, name="agents"),
    path("agents/inviter/", agents.invite, name="invite_agent"),
    path("agents/<int:pk>/", agents.agent_page, name="agent"),
    path("agents/<int:pk>/second-facteur/accord/", second_factor.answer, name="answer_new_factor"),
    *(path(page.path, page.view, name=page.name) for page in act_table.ACT_PAGES),
    path("profil/", installation.profile_page, name="profile"),
    path("cles/", installation.keys_page, name="keys"),
    path("installation/", installation.installation_page, name="installation"),
    path("journal/", journal.journal, name="journal"),
    path("journal/csv/", journal.journal_csv, name="journal_csv"),
]
