"""The member's documents: the list, sending, the receipt, one document, and its download."""

import uuid
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from adherents.accounts.browser import address_of
from adherents.accounts.decorators import account_of, member_required
from adherents.accounts.limits import TooOften, knock
from adherents.accounts.returning import gives_a_file
from adherents.insurer.profile import profile
from adherents.members.models import Member
from adherents.vault.content import SHORT_NAMES, Refusal
from adherents.vault.finding import FindForm, sent_before
from adherents.vault.forms import SendForm
from adherents.vault.history import history_of
from adherents.vault.models import Arrival, Deposit, Document, SetAside, State, Upload
from adherents.vault.names import attachment_header
from adherents.vault.objects import StorageFailed
from adherents.vault.origins import Origin
from adherents.vault.sending import client_is_there, told_to_the_script
from adherents.vault.services import deposit as depositing
from adherents.vault.services import reading, resuming
from adherents.vault.services.arrival import MEGABYTE, Intake, Refused, keep_waiting
from adherents.vault.uploads import SealingUploadHandler

PAGE_LENGTH = 20


def member_of(request: HttpRequest) -> Member:
    """The line of the register behind the account; 404 when the register no longer has one."""
    try:
        return account_of(request).member
    except Member.DoesNotExist as error:
        raise Http404 from error


@member_required
@require_GET
def documents(request: HttpRequest, origin: str = Origin.MEMBER) -> HttpResponse:
    """« Mes documents », or « Documents de votre mutuelle », newest first; narrowed by the form above them."""
    member = member_of(request)
    form = FindForm(request.GET)
    everything = Document.objects.of(member).filter(origin=origin).with_what_is_shown()
    page = Paginator(form.narrow(everything), PAGE_LENGTH).get_page(request.GET.get("page"))
    insurers = Document.objects.filter(member=member, origin=Origin.INSURER)
    context = {
        "page": page,
        "form": form,
        "from_insurer": origin == Origin.INSURER,
        "has_insurers": origin == Origin.INSURER or insurers.exists(),
    }
    return render(request, "vault/documents.html", context)


@csrf_exempt  # the form's token is checked below, once the handler that reads the form is in place
@member_required
@require_http_methods(["GET", "POST"])
def send(request: HttpRequest) -> HttpResponseBase:
    """« Envoyer un document ». Files are sealed as the request is read; whatever nobody took is deleted."""
    member = member_of(request)
    intake = Intake()
    if request.method == "POST":
        intake.waiting = resuming.files_of(member)
        request.upload_handlers = [SealingUploadHandler(request, intake)]
    try:
        return _send(request, member, intake)
    finally:
        intake.drop_the_rest()


@csrf_protect
def _send(request: HttpRequest, member: Member, intake: Intake) -> HttpResponse:
    if request.method == "GET":
        return _send_page(request, member, SendForm(member=member))
    form = SendForm(request.POST, member=member)
    complete = form.is_valid()
    try:
        knock("deposit", address=address_of(request), identifier=member.number)
    except TooOften:
        form.add_error(None, _("Vous avez fait beaucoup d’envois en peu de temps. Réessayez dans une heure."))
        complete = False
    if complete:
        try:
            made = depositing.deposit(
                member=member,
                kind=form.cleaned_data["kind"],
                beneficiary=form.cleaned_data.get("beneficiary"),
                note=form.cleaned_data["note"],
                arrived=intake.arrived,
                refused=intake.refused,
                order=request.POST.getlist("order"),
            )
        except depositing.NothingArrived:
            pass
        else:
            intake.take()
            return redirect("vault:receipt", made.number)
    keep_waiting(member=member, arrived=intake.arrived)
    intake.take()
    return _send_page(request, member, form, intake.refused)


def _send_page(
    request: HttpRequest, member: Member, form: SendForm, refused: list[Refused] | None = None
) -> HttpResponse:
    documents = profile().documents
    waiting = list(Arrival.objects.waiting_for(member))
    no_file = form.is_bound and not waiting
    if no_file and not refused:
        form.add_error(None, _("Choisissez un fichier ou prenez une photo : rien n’est encore arrivé."))
    elif no_file:
        form.add_error(None, _("Aucun fichier n’a pu être accepté. Envoyez-le autrement :"))
    context = {
        "form": form,
        "waiting": waiting,
        "refused": refused or [],
        "no_file": no_file,
        "most_files": documents.max_files,
        "most_megabytes": documents.max_file_mb,
        "most_bytes": documents.max_file_mb * MEGABYTE,
        "formats": ", ".join(SHORT_NAMES[kind] for kind in documents.types),
        "unfinished": list(Upload.objects.of(member)),
        "told": told_to_the_script() if client_is_there() else None,
        "accept": ",".join([*documents.types, ".heic", ".heif"]),
    }
    return render(request, "vault/send.html", context)


@member_required
@require_POST
def drop(request: HttpRequest, arrival_id: uuid.UUID) -> HttpResponse:
    """Take back a file that arrived, whole or in part, and was not sent yet."""
    resuming.drop(member=member_of(request), upload_id=arrival_id)
    return redirect("vault:send")


@member_required
@require_GET
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """« C’est bien arrivé »."""
    deposit = get_object_or_404(Deposit.objects.of(member_of(request)), number=number)
    documents = list(deposit.documents.select_related("beneficiary").defer("wrapped_key").order_by("place"))
    if documents[0].origin == Origin.INSURER:
        return redirect("vault:document", documents[0].pk)
    earlier = sent_before(documents)
    for document in documents:
        document.sent_before = earlier.get(document.pk)
    refused = [Refused(file["name"], Refusal(file["reason"])) for file in deposit.refused]
    context = {"deposit": deposit, "documents": documents, "first": documents[0], "refused": refused}
    return render(request, "vault/receipt.html", context)


@member_required
@require_GET
def document(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """One document: what it is, where it is, and what happened to it."""
    shown = get_object_or_404(Document.objects.of(member_of(request)).with_what_is_shown(), pk=document_id)
    shown.sent_before = sent_before([shown]).get(shown.pk)
    context = {"document": shown, "steps": _steps(shown), "history": history_of(shown)}
    return render(request, "vault/document.html", context)


@member_required
@gives_a_file
@require_GET
def download(request: HttpRequest, document_id: uuid.UUID) -> HttpResponseBase:
    """A member's own document, as it was sent. Never opened in the page, whatever is in it."""
    try:
        opened = reading.download(member=member_of(request), document_id=document_id)
    except Document.DoesNotExist as error:
        raise Http404 from error
    except reading.Gone:
        return render(request, "vault/gone.html", {"document_id": document_id}, status=410)
    except reading.Dangerous:
        return render(request, "vault/dangerous.html", {"document_id": document_id}, status=403)
    except reading.Altered:
        return render(request, "vault/altered.html", {"document_id": document_id}, status=500)
    except StorageFailed:
        return render(request, "vault/away.html", {"document_id": document_id}, status=503)
    response = StreamingHttpResponse(opened.chunks, content_type=opened.document.content_type)
    response["Content-Length"] = str(opened.document.size)
    response["Content-Disposition"] = attachment_header(opened.document.name)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


def _steps(document: Document) -> list[dict[str, Any]]:
    """The line of time: what happened, and what comes next."""
    checked, state = document.checked_at is not None, document.state

    def step(
        state: str, label: str, done: bool, at: datetime | None = None, text: str = ""
    ) -> dict[str, Any]:
        return {
            "state": state if done else "",
            "label": label,
            "done": done,
            "at": at if done else None,
            "text": text,
        }

    if document.origin == Origin.INSURER:
        steps = [step("received", _("Déposé par votre mutuelle"), True, document.at)]
    else:
        steps = [step("received", _("Reçu"), True, document.at)]
    if document.erased_at is not None:
        return [*steps, step("withdrawn", document.shown_state[1], True, document.erased_at)]
    if document.origin == Origin.INSURER:
        return steps
    if document.set_aside:
        text = _("Nous n’avons pas pu ouvrir ce fichier. Envoyez-le à nouveau, ou photographiez le document.")
        if document.set_aside == SetAside.INFECTED:
            text = _("Notre antivirus a reconnu un danger dans ce fichier. Photographiez plutôt le document.")
        return [*steps, step("refused", document.shown_state[1], True, document.state_at, text)]
    steps.append(step("checked", _("Vérifié"), checked, document.checked_at))
    at = document.state_at
    if state in {State.ACCEPTED, State.REFUSED, State.INCOMPLETE}:
        return [*steps, step(state, document.get_state_display(), True, at)]
    in_progress = state == State.IN_PROGRESS
    answer = _("en général avant le %(date)s") % {"date": f"{document.answer_expected_on:%d/%m/%Y}"}
    steps.append(step("in_progress", _("En cours de traitement"), in_progress, at))
    return [*steps, step("", _("Réponse"), False, text=answer)]
