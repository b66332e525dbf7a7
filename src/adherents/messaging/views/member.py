"""The member's messages: the list, a conversation, a new one."""

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from adherents.accounts.decorators import account_of, member_required
from adherents.accounts.next_page import takes_files
from adherents.drafts.form_sheets import Sheet
from adherents.drafts.kinds import DraftKind
from adherents.insurer.calendar import add_working_days
from adherents.insurer.profile import profile
from adherents.members.acting import May
from adherents.members.decorators import acting_of
from adherents.members.models import Member
from adherents.messaging.composing import Writing
from adherents.messaging.forms import MessageForm, NewThreadForm
from adherents.messaging.models import LONGEST_SUBJECT, Message, Thread
from adherents.messaging.selectors import conversation
from adherents.messaging.services import threads as service
from adherents.ui import moments
from adherents.vault.models import Document
from adherents.vault.services.receiving import FormFiles
from adherents.vault.services.standing import Closed

PAGE_LENGTH = 20


@member_required
@require_safe
def threads(request: HttpRequest) -> HttpResponse:
    """« Messages »: the member's conversations, the latest first."""
    own = Thread.objects.of(acting_of(request, May.READ).file)
    page = Paginator(own, PAGE_LENGTH).get_page(request.GET.get("page"))
    return render(request, "messaging/member/threads.html", {"page": page})


@takes_files
@csrf_exempt  # the form's token is checked below, once the handler that reads the form is in place
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponseBase:
    """« Écrire au service », about anything or about a document. An open conversation about that document goes on."""
    acting = acting_of(request, May.WRITE)
    member = acting.file
    document = _document(request, member)
    if document is not None and request.method != "POST":
        open_already = Thread.objects.of(member).still_open().filter(document=document).first()
        if open_already is not None:
            return redirect("messages:thread", open_already.pk)
    writing = Writing(request, acting)
    try:
        return _new(request, writing, document)
    except Closed:
        return render(request, "messaging/member/closed.html", status=403)
    finally:
        writing.intake.drop_the_rest()


def _document(request: HttpRequest, member: Member) -> Document | None:
    """The member's own document that the address names, if it names one."""
    named = request.GET.get("document")
    if not named:
        return None
    try:
        document_id = uuid.UUID(named)
    except ValueError as error:
        raise Http404 from error
    document: Document = get_object_or_404(Document.objects.of(member).with_what_is_shown(), pk=document_id)
    return document


@csrf_protect
def _new(request: HttpRequest, writing: Writing, document: Document | None) -> HttpResponse:
    draft = Sheet(request, DraftKind.MESSAGE, "subject", "body", about=document.subject if document else "")
    form = NewThreadForm(writing.data, initial=draft.begin({"subject": _subject_about(document)}))

    def send(files: FormFiles) -> Thread:
        return service.open_thread(
            acting=writing.acting,
            author=account_of(request),
            subject=form.cleaned_data["subject"],
            body=form.cleaned_data["body"],
            document_id=document.pk if document else None,
            files=files,
        )

    if (opened := writing.sent(form, send)) is not None:
        return _sent(request, opened)
    context = {
        "form": form,
        "draft": draft,
        "document": document,
        "answer_days": profile().messages.answer_days,
    }
    return render(request, "messaging/member/new.html", context | writing.context())


def _subject_about(document: Document | None) -> str:
    if document is None:
        return ""
    facts = {"kind": document.kind_label, "day": moments.day(document.at)}
    return (_("%(kind)s, envoi du %(day)s") % facts)[:LONGEST_SUBJECT]


@takes_files
@csrf_exempt  # as above
@member_required
@require_http_methods(["GET", "HEAD", "POST"])
def thread(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponseBase:
    """One conversation, and the next message. Another's is as one that never was."""
    wanted = May.WRITE if request.method == "POST" else May.READ
    writing = Writing(request, acting_of(request, wanted))
    try:
        return _thread(request, writing, thread_id)
    except Closed:
        return render(request, "messaging/member/closed.html", status=403)
    finally:
        writing.intake.drop_the_rest()


@csrf_protect
def _thread(request: HttpRequest, writing: Writing, thread_id: uuid.UUID) -> HttpResponse:
    if not Thread.objects.of(writing.member).filter(pk=thread_id).exists():
        raise Http404
    draft = Sheet(request, DraftKind.REPLY, "body", about=f"thread:{thread_id}")
    form = MessageForm(writing.data, initial=draft.begin())

    def send(files: FormFiles) -> Thread:
        return service.write(
            acting=writing.acting,
            author=account_of(request),
            thread_id=thread_id,
            body=form.cleaned_data["body"],
            files=files,
        )

    if (written_in := writing.sent(form, send)) is not None:
        return _sent(request, written_in)
    shown = service.read_by_member(acting=writing.acting, thread_id=thread_id)
    written = conversation(Message.objects.of(shown).for_the_member())
    context = {"thread": shown, "conversation": written, "form": form, "draft": draft}
    return render(request, "messaging/member/thread.html", context | writing.context())


def _sent(request: HttpRequest, written_in: Thread) -> HttpResponse:
    day = add_working_days(timezone.localdate(), profile().messages.answer_days)
    words = _(
        "Votre message est envoyé. Nous répondons en général avant le %(day)s, et un mail vous le dira."
    )
    messages.success(request, words % {"day": moments.day(day)})
    return redirect("messages:thread", written_in.pk)
