from django.urls import path

from adherents.vault.origins import Origin
from adherents.vault.receipts import views as receipts
from adherents.vault.uploads import views as uploads
from adherents.vault.views import member, own, sending

app_name = "vault"
urlpatterns = [
    path("", member.documents, name="documents"),
    path("mutuelle/", member.documents, {"origin": Origin.INSURER}, name="insurers"),
    path("tout/", own.export, name="export"),
    path("envoyer/", sending.send, name="send"),
    path("envoyer/<uuid:arrival_id>/retirer/", sending.drop, name="drop"),
    path("envoyer/<uuid:sending_id>/garder/", sending.keep, name="keep"),
    path("envoyer/fichiers/", uploads.uploads, name="uploads"),
    path("envoyer/fichiers/<uuid:upload_id>/", uploads.upload, name="upload"),
    path("accuses/<str:number>/", member.receipt, name="receipt"),
    path("accuses/<str:number>/accuse.pdf", receipts.receipt_pdf, name="receipt_pdf"),
    path("accuses/<str:number>/accuse.json", receipts.receipt_json, name="receipt_json"),
    path("<uuid:document_id>/", member.document, name="document"),
    path("<uuid:document_id>/reprendre/", own.take_back, name="take_back"),
    path("<uuid:document_id>/telecharger/", member.download, name="download"),
    path("<uuid:document_id>/pages/vignette/", member.thumbnail, name="thumbnail"),
    path("<uuid:document_id>/photos/<int:photo>/", member.download, name="photo"),
]

# For every visitor, under an address of its own.
proof_patterns = (
    [
        path("", receipts.check, name="check"),
        path("cle.pem", receipts.all_keys, name="keys"),
        path("cle-<str:key_id>.pem", receipts.one_key, name="key"),
    ],
    "proof",
)
