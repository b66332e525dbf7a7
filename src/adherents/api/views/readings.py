"""What was read on a document and confirmed."""

import uuid

from django.http import HttpRequest

from adherents.api.decorators import Routes, caller_of, look_at
from adherents.api.resources.readings import ConfirmedList, confirmed_value
from adherents.api.scopes import Scope
from adherents.api.views.documents import CLOSED, document_or_refused, refuse_unless_open
from adherents.desk.services import consulting
from adherents.reading.selectors import confirmed_values

routes = Routes("readings")


@routes.add(
    "GET",
    "documents/{uuid:document_id}/readings",
    scope=Scope.DOCUMENTS_CONTENT,
    name="documents.readings",
    response=ConfirmedList,
    refuses=CLOSED,
)
def readings(request: HttpRequest, document_id: uuid.UUID) -> ConfirmedList:
    """What was read on it and an agent confirmed. Its member reads that it was opened.

    Only what an agent said is right is here, each value with its proofs; `reading.confirmed` and `reading.withdrawn` tell of
    changes. Empty: nothing was read, or nobody confirmed it.
    """
    document = document_or_refused(document_id)
    look_at(request, document_id)
    refuse_unless_open(document)
    values = confirmed_values(document)
    if values and request.method != "HEAD":  # which opens nothing
        consulting.open_document(agent=caller_of(request).account, document=document)
    return ConfirmedList(items=[confirmed_value(value, document) for value in values])
