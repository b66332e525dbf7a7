"""What came for a member by post, at the counter or by mail: an agent deposits it."""

import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.next_page import takes_files
from adherents.accounts.permissions import Act
from adherents.accounts.services.acts import ActRefused
from adherents.desk.forms import EnterDepositForm
from adherents.desk.views.member_record import member_or_404, record_context
from adherents.inspection.file_type import SHORT_NAMES
from adherents.insurer.profile import profile
from adherents.members.models import Member
from adherents.ui import moments
from adherents.vault.models import SENDING, Deposit, PendingFile, PendingFileQuerySet, Sending
from adherents.vault.origins import Channel
from adherents.vault.services import sending as service
from adherents.vault.services.deposit import FilesGone, Form, NothingArrived, WayIn
from adherents.vault.services.preparing import SentAlready, TooManyOpen
from adherents.vault.services.receiving import MEGABYTE, FormFiles, UploadBatch, in_order
from adherents.vault.uploads.handlers import SealingUploadHandler


@dataclass
class DepositPage:
    """The form of one deposit, with the files that wait for it (`sending_id` names them)."""

    member: Member
    sending_id: uuid.UUID
    intake: UploadBatch


@takes_files
@csrf_exempt  # the form's token is checked below, once the handler that reads the form is in place
@allowed_to(Act.ENTER_DEPOSIT)
@require_http_methods(["GET", "HEAD", "POST"])
def enter_deposit(request: HttpRequest, pk: int) -> HttpResponseBase:
    """« Déposer des papiers reçus ». Files are sealed while the request is read; those that were not taken are deleted."""
    member = member_or_404(pk)
    if member.is_former_holder:
        raise Http404
    page = DepositPage(member, _uuid(request.GET.get(SENDING, "")) or uuid.uuid4(), UploadBatch())
    if request.method == "POST":
        page.intake.waiting = _waiting(request, page).count()
        request.upload_handlers = [SealingUploadHandler(request, page.intake)]
    try:
        return _enter_deposit(request, page)
    finally:
        page.intake.drop_the_rest()


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _waiting(request: HttpRequest, page: DepositPage) -> PendingFileQuerySet:
    own = Sending.objects.prepared_for(page.member, account_of(request)).filter(pk=page.sending_id)
    return PendingFile.objects.waiting_for(page.member).filter(sending__in=own)


@csrf_protect
def _enter_deposit(request: HttpRequest, page: DepositPage) -> HttpResponse:
    if request.method != "POST":
        return _show(request, page, EnterDepositForm(member=page.member))
    form, named = EnterDepositForm(request.POST, member=page.member), _named(request)
    for file in page.intake.refused:
        words = {"name": file.name, "why": file.sentence}
        form.add_error("files", _("« %(name)s » n’a pas pu être accepté. %(why)s") % words)
    if page.intake.cut_short:
        too_many = _("Beaucoup trop de fichiers à la fois : %(count)d au plus par dépôt.")
        form.add_error("files", too_many % {"count": profile().documents.max_files})
    if not page.intake.arrived and not named and not form.has_error("files"):
        form.add_error("files", _("Choisissez les fichiers numérisés : rien n’est encore arrivé."))
    if form.is_valid() and (made := _made(request, page, form, named)) is not None:
        messages.success(request, _said(made))
        return redirect("desk:member", page.member.pk)
    _keep(request, page, form)
    return _show(request, page, form)


def _named(request: HttpRequest) -> list[uuid.UUID]:
    """The files that arrived before, and that still go."""
    return [named for text in request.POST.getlist("waiting") if (named := _uuid(text))]


def _made(
    request: HttpRequest, page: DepositPage, form: EnterDepositForm, named: list[uuid.UUID]
) -> Deposit | None:
    """The deposit; None: the form says why not."""
    said = form.cleaned_data
    try:
        made = service.enter_deposit(
            member=page.member,
            sending_id=page.sending_id,
            form=Form(kind=said["kind"], beneficiary=said["beneficiary"], gather=said["gather"]),
            came=WayIn(Channel(said["channel"]), said["received_on"], account_of(request)),
            files=FormFiles(arrived=page.intake.arrived, named=named),
        )
    except NothingArrived:
        form.add_error("files", _("Choisissez les fichiers numérisés : rien n’est encore arrivé."))
    except FilesGone:
        form.add_error("files", _("Un fichier qui attendait n’est plus là : choisissez-le à nouveau."))
    except SentAlready as before:
        words = _(
            "Ce dépôt est déjà fait : accusé n° %(number)s. Ce qui est ci-dessous n’en fait pas partie."
        )
        form.add_error(None, words % {"number": before.deposit.number})
        page.sending_id = uuid.uuid4()
    except (ActRefused, service.NoLongerHolder):
        form.add_error(None, _("Cela ne peut plus se faire : vos droits, ou ce dossier, ont changé."))
    else:
        page.intake.take()
        return made
    return None


def _said(made: Deposit) -> str:
    """What the agent reads: the receipt's number, and that it is late where it is."""
    document = made.documents.select_related("deposit")[0]
    expected = document.answer_expected_on
    facts = {"number": made.number, "day": moments.day(expected)}
    if expected < timezone.localdate():
        return _("Déposé, accusé n° %(number)s. Déjà en retard : réponse attendue avant le %(day)s.") % facts
    return _("Déposé, accusé n° %(number)s. Réponse attendue avant le %(day)s.") % facts


def _keep(request: HttpRequest, page: DepositPage, form: EnterDepositForm) -> None:
    """What arrived waits for the agent to finish."""
    if not page.intake.arrived:
        return
    try:
        kept = service.keep_for_agent(
            agent=account_of(request),
            member=page.member,
            sending_id=page.sending_id,
            arrived=page.intake.arrived,
        )
    except (TooManyOpen, SentAlready, ActRefused):
        form.add_error("files", _("Les fichiers n’ont pas pu être gardés : choisissez-les à nouveau."))
    else:
        page.sending_id = kept.pk
        page.intake.take()


def _show(request: HttpRequest, page: DepositPage, form: EnterDepositForm) -> HttpResponse:
    documents = profile().documents
    waiting = in_order(list(_waiting(request, page)), _named(request))
    context = record_context(request, page.member) | {
        "form": form,
        "sending": urlencode({SENDING: page.sending_id}),
        "waiting": waiting,
        "most_files": documents.max_files,
        "most_megabytes": documents.max_file_mb,
        "most_bytes": documents.max_file_mb * MEGABYTE,
        "formats": ", ".join(SHORT_NAMES[kind] for kind in documents.types),
        "accept": documents.accept,
    }
    return render(request, "desk/enter_deposit.html", context)
