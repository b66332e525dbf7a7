"""Documents: the list, one, its bytes and its pages, the decision, the word that it is stored over there."""

import uuid
from base64 import b64encode
from datetime import timedelta
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import parse_etags
from ninja import Path, Query
from ninja.responses import Status

from adherents.accounts.models import Account
from adherents.api import selectors
from adherents.api.cursors import ITEMS, cursor, moment_and_id, position
from adherents.api.decorators import Routes, caller_of, given, look_at
from adherents.api.problems import Fault, Problem, Refused, invalid
from adherents.api.resources import Moment
from adherents.api.resources.documents import (
    AcknowledgementResource,
    AcknowledgementSent,
    DecisionSent,
    DecisionTaken,
    DocumentList,
    DocumentResource,
    DocumentState,
    SentWords,
    acknowledgement_resource,
    decision_taken,
    document_resource,
)
from adherents.api.scopes import Scope
from adherents.casework.models import Decision, Item
from adherents.casework.services import deciding, queue
from adherents.desk.services import consulting
from adherents.inspection.file_type import SHORT_NAMES
from adherents.inspection.rasteriser import MOST_PAGES
from adherents.insurer.profile import profile
from adherents.insurer.treatment import Reason, Use
from adherents.insurer.values import Words
from adherents.storage.reading import Altered
from adherents.vault.models import Document, State
from adherents.vault.names import attachment_header
from adherents.vault.origins import Origin
from adherents.vault.services import acknowledging, reading
from adherents.vault.services.viewing import NoSuchPage, page_image

routes = Routes("documents")
LIST = "documents"


@routes.add(
    "GET",
    "documents",
    scope=Scope.DOCUMENTS_READ,
    name="documents.list",
    response=DocumentList,
    refuses=[Problem.BAD_CURSOR],
)
def documents(
    request: HttpRequest,
    state: DocumentState | None = None,
    kind: Annotated[str, Query(max_length=40)] = "",
    member: Annotated[str, Query(max_length=40, description="a number, or `former:<id>`")] = "",
    since: Annotated[Moment | None, Query(description="received then or later")] = None,
    cursor: Annotated[str, Query(max_length=300)] = "",
) -> DocumentList:
    """The documents in the order in which they came, a hundred at a time.

    What came with a message is not among them, unless `kind=piece_jointe` asks for it: nobody decides on it.
    """
    rows = selectors.documents_after(
        after=moment_and_id(position(cursor, LIST, (str, str))),
        limit=ITEMS + 1,
        state=state,
        kind=kind,
        member=member,
        since=since,
    )
    shown = rows[:ITEMS]
    decisions = selectors.settled_decisions(shown)
    return DocumentList(
        items=[document_resource(row, decisions) for row in shown],
        next=_next(shown[-1]) if len(rows) > ITEMS else None,
    )


def _next(last: Document) -> str:
    return cursor(LIST, last.at.isoformat(), str(last.pk))


def document_or_refused(document_id: uuid.UUID) -> Document:
    """Raises `Refused`: there is none."""
    found: Document | None = selectors.documents().filter(pk=document_id).first()
    if found is None:
        raise Refused(Problem.NOT_FOUND)
    return found


@routes.add(
    "GET",
    "documents/{uuid:document_id}",
    scope=Scope.DOCUMENTS_READ,
    name="documents.read",
    response=DocumentResource,
)
def document(request: HttpRequest, document_id: uuid.UUID) -> DocumentResource:
    """One document. What was erased stays readable here, as a proof."""
    found = document_or_refused(document_id)
    look_at(request, document_id)
    selectors.with_originals([found])
    return document_resource(found, selectors.settled_decisions([found]))


CLOSED = [Problem.NOT_CHECKED, Problem.SET_ASIDE, Problem.GONE, Problem.ALTERED]


def refuse_unless_open(document: Document) -> None:
    """Raises `Refused`: no system may open it now."""
    try:
        reading.check_open_to_insurer(document)
    except reading.Gone as error:
        raise Refused(Problem.GONE) from error
    except reading.NotToBeGiven as error:
        raise Refused(Problem.SET_ASIDE) from error
    except reading.NotChecked as error:
        raise Refused(Problem.NOT_CHECKED) from error


_ORIGINAL: dict[str, Any] = given(SHORT_NAMES, "The original, whole.", "Repr-Digest", "ETag")
_ORIGINAL["x-answers"]["304"] = {
    "description": "You have these bytes.",
    "headers": {"ETag": {"schema": {"type": "string"}}},
}
_ORIGINAL["parameters"] = [
    {
        "in": "header",
        "name": "If-None-Match",
        "required": False,
        "description": "The ETag of what you have: 304 where it is the same.",
        "schema": {"type": "string"},
    }
]


@routes.add(
    "GET",
    "documents/{uuid:document_id}/content",
    scope=Scope.DOCUMENTS_CONTENT,
    name="documents.content",
    refuses=[*CLOSED, Problem.SEVERAL_FILES],
    gives_a_file=True,
    extra=_ORIGINAL,
)
def content(request: HttpRequest, document_id: uuid.UUID) -> HttpResponseBase:
    """The original, as it was sent: verified to its last byte before the first one leaves, or not given at all. No ranges.

    Of a part it is the whole of what was sent: `pages` says which of its pages the part is. What was made of several documents
    has none of its own (`several-files`): each of its `originals` has.

    Its member reads that it was opened. With `If-None-Match`, 304 where the bytes are those that you have.
    """
    document = document_or_refused(document_id)
    look_at(request, document_id)
    refuse_unless_open(document)
    if document.joined_count:
        raise Refused(Problem.SEVERAL_FILES)
    sent = document.original
    etag = f'"{sent.sha256}"'
    theirs = {tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))}
    if theirs & {etag, "*"}:
        return HttpResponse(status=304, headers={"ETag": etag})
    digest = b64encode(bytes.fromhex(sent.sha256)).decode()
    headers = {
        "Content-Length": str(sent.size),
        "Content-Disposition": attachment_header(document.name),
        "ETag": etag,
        "Repr-Digest": f"sha-256=:{digest}:",
        "Accept-Ranges": "none",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    if request.method == "HEAD":  # which opens nothing
        return HttpResponse(content_type=document.content_type, headers=headers)
    whole = Document.objects.select_related("member", "part_of").get(pk=document_id)
    try:
        original = reading.give_original(document=whole, actor=caller_of(request).actor)
    except Altered as error:
        raise Refused(Problem.ALTERED) from error
    return StreamingHttpResponse(original.chunks, content_type=document.content_type, headers=headers)


@routes.add(
    "GET",
    "documents/{uuid:document_id}/pages/{number}",
    scope=Scope.DOCUMENTS_CONTENT,
    name="documents.page",
    refuses=CLOSED,
    gives_a_file=True,
    extra=given(["image/jpeg"], "The page."),
)
def page(
    request: HttpRequest, document_id: uuid.UUID, number: Annotated[int, Path(ge=1, le=MOST_PAGES)]
) -> HttpResponse:
    """A page as pixels, as agents see it. Numbers begin at 1."""
    document = document_or_refused(document_id)
    look_at(request, document_id)
    refuse_unless_open(document)
    try:
        image = page_image(document, number)
    except NoSuchPage as error:
        raise Refused(Problem.NOT_FOUND) from error
    except Altered as error:
        raise Refused(Problem.ALTERED) from error
    consulting.open_document(agent=caller_of(request).account, document=document)
    return HttpResponse(image, content_type="image/jpeg", headers={"Cache-Control": "no-store"})


@routes.add(
    "POST",
    "documents/{uuid:document_id}/decision",
    scope=Scope.DOCUMENTS_DECIDE,
    name="documents.decide",
    response={202: DecisionTaken},
    refuses=[Problem.NOT_CHECKED, Problem.SET_ASIDE, Problem.IN_HAND, Problem.ALREADY_DECIDED, Problem.GONE],
)
def decide(request: HttpRequest, document_id: uuid.UUID, sent: DecisionSent) -> Status[DecisionTaken]:
    """Decide, as an agent does: the same reasons and words, and the same few seconds before the member is told.

    The decision stands in the document once it has settled.
    """
    document = document_or_refused(document_id)
    look_at(request, document_id)
    item = _item_of(document)
    agent = caller_of(request).account
    try:
        if sent.outcome == "accept":
            _check_nothing_said(sent)
            decision = deciding.accept(agent=agent, item=item)
        else:
            decision = _decided_with_words(agent, item, sent)
    except deciding.CannotDecide as refusal:
        at = _FIELDS.get(refusal.field, refusal.field)
        raise invalid(at, FAULTS_OF[type(refusal)]) from refusal
    except (queue.HeldByAnother, queue.KeptForAnother) as refusal:
        raise Refused(Problem.IN_HAND) from refusal
    except queue.NotAvailable as refusal:
        _item_of(document_or_refused(document_id))  # taken back meanwhile
        raise Refused(Problem.ALREADY_DECIDED) from refusal
    return Status(202, decision_taken(decision))


FAULTS_OF: dict[type[deciding.CannotDecide], Fault] = {
    deciding.NoSuchReason: "no_such_reason",
    deciding.TooManyReasons: "too_many_reasons",
    deciding.NoWords: "no_words",
    deciding.DayIsPast: "day_is_past",
    deciding.DayTooLate: "day_too_late",
}
_FIELDS = {"words_fr": "words/fr"}  # of the desk's form, as programs name them


def _item_of(document: Document) -> Item:
    """What waits for a decision. Raises `Refused` where nothing does."""
    if document.erased_at is not None or document.state == State.WITHDRAWN:
        raise Refused(Problem.GONE)
    item: Item | None = Item.objects.filter(document=document.pk).first()
    if item is not None and item.is_waiting:
        return item
    if item is not None or document.origin != Origin.MEMBER:
        raise Refused(Problem.ALREADY_DECIDED)
    raise Refused(Problem.SET_ASIDE if document.set_aside else Problem.NOT_CHECKED)


def _check_nothing_said(sent: DecisionSent) -> None:
    """What is accepted has neither reason nor words: nobody would read them."""
    words = sent.words or SentWords()
    said = {
        "reason": sent.reason,
        "reasons": sent.reasons,
        "words": words.fr or words.en,
        "until": sent.until,
    }
    for name, value in said.items():
        if value:
            raise invalid(name, "not_with_accept")


def _decided_with_words(agent: Account, item: Item, sent: DecisionSent) -> Decision:
    use: Use = "refuse" if sent.outcome == "refuse" else "correct"
    known = {reason.code: reason for reason in deciding.reasons_for(item, use)}
    codes = sent.codes
    if not codes or not known.keys() >= set(codes):
        raise deciding.NoSuchReason
    said, template = sent.words or SentWords(), _template([known[code] for code in codes])
    # Both languages come from one side: the profile's one would say something else than the other one that was sent.
    french, english = (said.fr, said.en) if said.fr or said.en else (template.fr, template.en)
    words = {"words_fr": french or "", "words_en": english or ""}
    why: dict[str, Any] = {"reason": codes[0], "other_reasons": codes[1:]} | words
    if use == "refuse":
        if sent.until:
            raise invalid("until", "not_with_refuse")
        return deciding.refuse(agent=agent, item=item, **why)
    until = sent.until or timezone.localdate() + timedelta(days=profile().casework.correction_days)
    return deciding.ask_correction(agent=agent, item=item, until=until, **why)


def _template(reasons: list[Reason]) -> Words:
    """The profile's words for these reasons: a paragraph for each."""
    return Words(
        fr="\n\n".join(reason.words.fr for reason in reasons),
        en="\n\n".join(reason.words.en for reason in reasons),
    )


@routes.add(
    "POST",
    "documents/{uuid:document_id}/acknowledgement",
    scope=Scope.DOCUMENTS_CONTENT,
    name="documents.acknowledge",
    response=AcknowledgementResource,
    refuses=CLOSED,
)
def acknowledge(
    request: HttpRequest, document_id: uuid.UUID, sent: AcknowledgementSent
) -> AcknowledgementResource:
    """Say that it is stored over there, under which reference: agents read it beside the document. The last word counts."""
    document = document_or_refused(document_id)
    look_at(request, document_id)
    refuse_unless_open(document)
    row = acknowledging.acknowledge(
        document=document, by=caller_of(request).account, reference=sent.reference
    )
    return acknowledgement_resource(row)
