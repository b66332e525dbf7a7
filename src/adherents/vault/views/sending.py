"""« Envoyer un document »: the page, what it does with files and form, and what it keeps meanwhile."""

import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from adherents.accounts.browser import address_of
from adherents.accounts.decorators import member_required
from adherents.accounts.limits import RateLimited, hit
from adherents.accounts.next_page import takes_files
from adherents.drafts.form_sheets import Sheet
from adherents.drafts.kinds import DraftKind
from adherents.inspection.file_type import SHORT_NAMES
from adherents.insurer.profile import profile
from adherents.members.acting import Acting, May
from adherents.members.decorators import acting_of
from adherents.members.models import Member
from adherents.vault.forms import SendForm
from adherents.vault.models import REPLACES, SENDING, Document, PendingFile, Sending, State, Upload
from adherents.vault.names import clean_name
from adherents.vault.origins import Origin
from adherents.vault.refusals import FileRefusal
from adherents.vault.replies import add_replies, reopened
from adherents.vault.selectors.timeline import what_next
from adherents.vault.services import preparing
from adherents.vault.services import sending as service
from adherents.vault.services.allowance import allowance_of, room_of
from adherents.vault.services.deposit import FilesGone, Form, NothingArrived
from adherents.vault.services.receiving import MEGABYTE, FormFiles, RefusedFile, UploadBatch, in_order
from adherents.vault.services.standing import Closed
from adherents.vault.uploads import services as resuming
from adherents.vault.uploads.handlers import SealingUploadHandler
from adherents.vault.uploads.page_data import MOST_REFUSED, client_is_there, script_data

# In the mails that were sent, and on the pages that are open while portals of 0.2.0 are replaced.
FORMER_NAMES = {SENDING: "envoi", REPLACES: "remplace"}


@dataclass
class SendingPage:
    """What the address names: the sending that this page prepares, and the document that it replaces."""

    acting: Acting
    sending_id: uuid.UUID
    sending: Sending | None
    replaced: Document | None

    @property
    def member(self) -> Member:
        return self.acting.file

    @property
    def named(self) -> dict[str, str]:
        return {SENDING: str(self.sending_id)} | ({REPLACES: str(self.replaced.pk)} if self.replaced else {})

    @property
    def address(self) -> str:
        return f"{reverse('vault:send')}?{urlencode(self.named)}"

    @property
    def form_query(self) -> str:
        """For the forms of the page: one may be posted to a portal of the version before, which knows the former names alone."""
        return urlencode(self.named | {FORMER_NAMES[name]: value for name, value in self.named.items()})


def _page(request: HttpRequest, acting: Acting) -> SendingPage:
    """A page whose address names no sending of the member prepares a new one: it exists once something comes for it."""
    named = _asked(request, SENDING)
    sending = (
        Sending.objects.filter(member=acting.file, agent=None, pk=named).select_related("deposit").first()
        if named
        else None
    )
    return SendingPage(acting, named or uuid.uuid4(), sending, _replaced(request, acting.file, sending))


def _asked(request: HttpRequest, name: str) -> uuid.UUID | None:
    """What the address names, also by the name that it bore before."""
    return _uuid(request.GET.get(name) or request.GET.get(FORMER_NAMES[name], ""))


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _replaced(request: HttpRequest, member: Member, sending: Sending | None) -> Document | None:
    """The document that this sending replaces; None where there is none, or it is another member's."""
    named = _asked(request, REPLACES) or (sending.answers_id if sending else None)
    if named is None:
        return None
    replaced: Document | None = (
        Document.objects.of(member).replaceable().with_what_is_shown().filter(pk=named).first()
    )
    return replaced


def _not_replaced(request: HttpRequest, page: SendingPage) -> Document | None:
    """The member's document that the address names and that asks for no other one any more, as after a decision was
    reopened: the mail that told it still leads here.
    """
    named = _asked(request, REPLACES) if page.replaced is None else None
    if named is None:
        return None
    own = Document.objects.of(page.member).with_what_is_shown().with_answers()
    document: Document | None = own.filter(pk=named, origin=Origin.MEMBER).first()
    if document is not None and document.state == State.IN_PROGRESS:
        document.reopened = reopened(document.pk)
    return document


@takes_files
@csrf_exempt  # the form's token is checked below, once the handler that reads the form is in place
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def send(request: HttpRequest) -> HttpResponseBase:
    """« Envoyer un document ». Files are sealed while the request is read; those that were not taken are deleted."""
    page = _page(request, acting_of(request, May.SEND))
    intake = UploadBatch()
    if request.method == "POST":
        intake.waiting = resuming.files_of(page.sending) if page.sending else 0
        intake.room = room_of(page.member)
        request.upload_handlers = [SealingUploadHandler(request, intake)]
    try:
        return _send(request, page, intake)
    except Closed:
        return _closed(request)
    finally:
        intake.drop_the_rest()


@csrf_protect
def _send(request: HttpRequest, page: SendingPage, intake: UploadBatch) -> HttpResponse:
    if request.method != "POST":
        if page.sending and page.sending.deposit:
            return redirect("vault:receipt", page.sending.deposit.number)
        form = SendForm(member=page.member, replaced=page.replaced, sending=page.sending)
        draft = _draft(request, page)
        form.initial.update(draft.words)
        return _show(request, page, form, draft=draft)
    by_script = "application/json" in request.headers.get("Accept", "")
    form, also_refused = SendForm(request.POST, member=page.member), list[RefusedFile]()
    if _is_complete(request, page, form, intake):
        try:
            made = service.send(
                acting=page.acting,
                sending_id=page.sending_id,
                form=_form_of(form, page),
                files=FormFiles(
                    arrived=intake.arrived,
                    refused=[*intake.refused, *_refused_by_the_page(request)],
                    named=_named(request),
                ),
            )
        except NothingArrived:
            pass
        except FilesGone:
            form.add_error("files", _("Un fichier qui attendait n’est plus là : choisissez-le à nouveau."))
        except preparing.SentAlready as before:
            form.add_error(None, _sent_already(before))
            page.sending_id, page.sending = uuid.uuid4(), None
            also_refused = _refused_by_the_page(request)  # the page that named them may be another one
        else:
            intake.take()
            receipt = reverse("vault:receipt", args=[made.number])
            return JsonResponse({"receipt": receipt}, status=201) if by_script else redirect(receipt)
    if by_script:
        return JsonResponse({"receipt": ""})  # the script then posts the form as a page, which says why
    _keep(page, form, intake)
    return _show(request, page, form, [*intake.refused, *also_refused])


def _is_complete(request: HttpRequest, page: SendingPage, form: SendForm, intake: UploadBatch) -> bool:
    complete = form.is_valid()
    try:
        hit("deposit", address=address_of(request), identifier=page.member.number)
    except RateLimited:
        form.add_error(None, _("Vous avez fait beaucoup d’envois en peu de temps. Réessayez dans une heure."))
        complete = False
    if intake.cut_short:
        words = _(
            "Vous avez choisi beaucoup trop de fichiers à la fois : %(count)d au plus par envoi. Ceux qui sont arrivés sont "
            "sur cette page : vérifiez-les, complétez le formulaire, puis envoyez-les."
        )
        form.add_error("files", words % {"count": profile().documents.max_files})
        complete = False
    return complete


def _keep(page: SendingPage, form: SendForm, intake: UploadBatch) -> None:
    """What arrived waits, with what the form said, for the member to finish."""
    if not intake.arrived and page.sending is None:
        return
    try:
        page.sending = preparing.keep_waiting(
            member=page.member, sending_id=page.sending_id, arrived=intake.arrived, form=_form_of(form, page)
        )
    except preparing.TooManyOpen:
        form.add_error(None, _too_many_open())
    except preparing.SentAlready as before:
        form.add_error(None, _sent_already(before))
        page.sending_id, page.sending = uuid.uuid4(), None
    else:
        page.sending_id = page.sending.pk
        intake.take()


def _form_of(form: SendForm, page: SendingPage) -> Form:
    """What the form says that makes sense."""
    cleaned = getattr(form, "cleaned_data", {})
    return Form(
        kind=cleaned.get("kind", ""),
        beneficiary=cleaned.get("beneficiary"),
        note=cleaned.get("note", ""),
        gather=cleaned.get("gather", False),
        answers=page.replaced,
    )


def _named(request: HttpRequest) -> list[uuid.UUID]:
    """The files that wait and that the page says go, in the member's order."""
    return [named for text in request.POST.getlist("order") if (named := _uuid(text))]


def _refused_by_the_page(request: HttpRequest) -> list[RefusedFile]:
    """The files that the page itself refused, or told a refusal of, and that are still on it: « code:name »."""
    refused_lines = (line.partition(":") for line in request.POST.getlist("refused")[:MOST_REFUSED])
    return [
        RefusedFile(clean_name(name), FileRefusal(code))
        for code, _colon, name in refused_lines
        if code in FileRefusal.values
    ]


def _too_many_open() -> ValidationError:
    words = _("Beaucoup d’envois sont commencés et pas terminés. Terminez-en un, ou retirez ses fichiers.")
    return ValidationError(words, code=SENDING)


def _sent_already(before: preparing.SentAlready) -> ValidationError:
    words = _(
        "Cet envoi est déjà parti, depuis une autre page ou un autre appareil : accusé de dépôt n° %(number)s. Ce que vous "
        "venez de demander n’en fait pas partie : vérifiez-le ci-dessous, puis envoyez-le."
    )
    return ValidationError(words, code=SENDING, params={"number": before.deposit.number})


def _closed(request: HttpRequest) -> HttpResponse:
    return render(request, "vault/closed.html", status=403)


def _draft(request: HttpRequest, page: SendingPage) -> Sheet:
    """The draft of the note: it belongs to this sending once it exists, before that to the next one.

    Its page names the sending, so that a member who signs in again finds the files there, and the note that was posted in vain
    before the page knew that the sending exists.
    """
    fresh = page.replaced.subject if page.replaced else ""
    unnamed = Sheet(request, DraftKind.SENDING, "note", about=fresh, page=page.address)
    if page.sending is None:
        return unnamed
    own = Sheet(request, DraftKind.SENDING, "note", about=f"sending:{page.sending.pk}", page=page.address)
    goes_on = unnamed.unsent_at and unnamed.words.get("note", "").startswith(page.sending.note)
    return unnamed if goes_on and not own.words else own


def _say_why_no_file(form: SendForm, refused: list[RefusedFile]) -> None:
    """Beside the inputs for files, unless what is wrong with the sending itself says why none waits."""
    for file in refused:
        words = {"name": file.name, "why": file.sentence}
        form.add_error("files", _("« %(name)s » n’a pas pu être accepté. %(why)s") % words)
    if not form.has_error("files") and not form.has_error(NON_FIELD_ERRORS, SENDING):
        form.add_error("files", _("Choisissez un fichier ou prenez une photo : rien n’est encore arrivé."))


def _show(
    request: HttpRequest,
    page: SendingPage,
    form: SendForm,
    refused: list[RefusedFile] | None = None,
    draft: Sheet | None = None,
) -> HttpResponse:
    documents = profile().documents
    mine = PendingFile.objects.waiting_for(page.member)
    waiting = in_order(list(mine.filter(sending=page.sending_id)), _named(request)) if page.sending else []
    no_file = form.is_bound and not waiting
    if no_file:
        _say_why_no_file(form, refused or [])
    add_replies([page.replaced] if page.replaced else [])
    not_replaced = _not_replaced(request, page)
    half_come = Upload.objects.of(page.member).begun()
    context = {
        "page": page,
        "form": form,
        "draft": draft or _draft(request, page),
        "replaced": page.replaced,
        "not_replaced": not_replaced,
        "not_replaced_because": what_next(not_replaced) if not_replaced else "",
        "waiting": waiting,
        "others": [
            sending
            for sending in Sending.objects.of(page.member).that_wait()
            if sending.pk != page.sending_id
        ],
        "refused": [] if no_file else refused or [],
        "most_files": documents.max_files,
        "allowance": allowance_of(page.member),
        "most_megabytes": documents.max_file_mb,
        "most_bytes": documents.max_file_mb * MEGABYTE,
        "formats": ", ".join(SHORT_NAMES[kind] for kind in documents.types),
        "unfinished": list(half_come.filter(sending=page.sending_id)) if page.sending else [],
        "script": script_data(page.sending_id) if client_is_there() else None,
        "accept": documents.accept,
    }
    return render(request, "vault/send.html", context)


@member_required
@require_POST
def keep(request: HttpRequest, sending_id: uuid.UUID) -> HttpResponse:
    """Keep what the form says so far, so that the member can go on with this sending on another page."""
    acting = acting_of(request, May.SEND)
    member = acting.file
    sending = Sending.objects.of(member).filter(pk=sending_id).first()
    form = SendForm(request.POST, member=member)
    form.is_valid()
    page = SendingPage(acting, sending_id, sending, _replaced(request, member, sending))
    preparing.keep_form(member=member, sending_id=sending_id, form=_form_of(form, page))
    return HttpResponse(status=204)


@member_required
@require_POST
def drop(request: HttpRequest, arrival_id: uuid.UUID) -> HttpResponse:
    """Take back a file that arrived, whole or in part, and was not sent yet."""
    acting = acting_of(request, May.SEND)
    resuming.drop(member=acting.file, upload_id=arrival_id)
    return redirect(_page(request, acting).address)
