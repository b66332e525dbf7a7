"""The member's documents: the list, sending, the receipt, one document, and its download."""

import uuid

from django.core.exceptions import ObjectDoesNotExist
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
from adherents.vault.history import entries_of, history_of
from adherents.vault.models import REPLACES, Arrival, Deposit, Document, Upload
from adherents.vault.names import attachment_header
from adherents.vault.objects import StorageFailed
from adherents.vault.origins import Origin
from adherents.vault.replies import add_replies
from adherents.vault.sending import client_is_there, told_to_the_script
from adherents.vault.services import deposit as depositing
from adherents.vault.services import reading, resuming
from adherents.vault.services.allowance import allowance_of, room_of
from adherents.vault.services.arrival import MEGABYTE, Intake, Refused, in_order, keep_waiting
from adherents.vault.timeline import steps_of, what_next
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
    page = Paginator(form.narrow(everything.with_answers()), PAGE_LENGTH).get_page(request.GET.get("page"))
    add_replies(page.object_list)
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
        intake.waiting, intake.room = resuming.files_of(member), room_of(member)
        request.upload_handlers = [SealingUploadHandler(request, intake)]
    try:
        return _send(request, member, intake)
    finally:
        intake.drop_the_rest()


@csrf_protect
def _send(request: HttpRequest, member: Member, intake: Intake) -> HttpResponse:
    replaced = _replaced(request, member)
    if request.method == "GET":
        return _send_page(request, member, SendForm(member=member, replaced=replaced), replaced)
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
                gather=form.cleaned_data["gather"],
                answers=replaced,
            )
        except depositing.NothingArrived:
            pass
        else:
            intake.take()
            return redirect("vault:receipt", made.number)
    keep_waiting(member=member, arrived=intake.arrived)
    intake.take()
    return _send_page(request, member, form, replaced, intake.refused)


def _replaced(request: HttpRequest, member: Member) -> Document | None:
    """The document in whose stead this comes, named in the address; None for one that is not there, or not theirs."""
    try:
        named = uuid.UUID(request.GET.get(REPLACES, ""))
    except ValueError:
        return None
    found: Document | None = (
        Document.objects.of(member).replaceable().with_what_is_shown().filter(pk=named).first()
    )
    return found


def _send_page(
    request: HttpRequest,
    member: Member,
    form: SendForm,
    replaced: Document | None,
    refused: list[Refused] | None = None,
) -> HttpResponse:
    documents = profile().documents
    waiting = in_order(list(Arrival.objects.waiting_for(member)), request.POST.getlist("order"))
    no_file = form.is_bound and not waiting
    if no_file and not refused:
        form.add_error(None, _("Choisissez un fichier ou prenez une photo : rien n’est encore arrivé."))
    elif no_file:
        form.add_error(None, _("Aucun fichier n’a pu être accepté. Envoyez-le autrement :"))
    add_replies([replaced] if replaced else [])
    context = {
        "form": form,
        "replaced": replaced,
        "waiting": waiting,
        "refused": refused or [],
        "no_file": no_file,
        "allowance": allowance_of(member),
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
    member = member_of(request)
    resuming.drop(member=member, upload_id=arrival_id)
    replaced = _replaced(request, member)
    return redirect(replaced.send_instead if replaced else "vault:send")


@member_required
@require_GET
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """« C’est bien arrivé »."""
    deposit = get_object_or_404(Deposit.objects.of(member_of(request)), number=number)
    files = deposit.documents.select_related("beneficiary", "answers")
    documents = list(files.defer("wrapped_key", "answers__wrapped_key").order_by("place"))
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
    own = Document.objects.of(member_of(request)).with_what_is_shown().with_answers()
    shown = get_object_or_404(own.select_related("answers").defer("answers__wrapped_key"), pk=document_id)
    shown.sent_before = sent_before([shown]).get(shown.pk)
    add_replies([shown])
    entries = entries_of(shown)
    context = {
        "document": shown,
        "steps": steps_of(shown, entries),
        "next": what_next(shown),
        "history": history_of(shown, entries),
    }
    return render(request, "vault/document.html", context)


@member_required
@gives_a_file
@require_GET
def download(request: HttpRequest, document_id: uuid.UUID, photo: int | None = None) -> HttpResponseBase:
    """A member's own document, or a photo of it, as it was sent. Never opened in the page, whatever is in it."""
    try:
        opened = reading.download(member=member_of(request), document_id=document_id, photo=photo)
    except ObjectDoesNotExist as error:
        raise Http404 from error
    except reading.NotGathered:
        return render(request, "vault/not_gathered.html", {"document_id": document_id}, status=409)
    except reading.Gone:
        return render(request, "vault/gone.html", {"document_id": document_id}, status=410)
    except reading.Dangerous:
        return render(request, "vault/dangerous.html", {"document_id": document_id}, status=403)
    except reading.Altered:
        return render(request, "vault/altered.html", {"document_id": document_id}, status=500)
    except StorageFailed:
        return render(request, "vault/away.html", {"document_id": document_id}, status=503)
    response = StreamingHttpResponse(opened.chunks, content_type=opened.file.content_type)
    response["Content-Length"] = str(opened.file.size)
    response["Content-Disposition"] = attachment_header(opened.file.name)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response
