"""Messages at the desk: the inbox, a thread beside the member's file, and what an agent does with it."""

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.models import Account
from adherents.accounts.next_page import takes_files
from adherents.accounts.permissions import Act, acts_of
from adherents.desk.views.member_record import record_context
from adherents.drafts.form_sheets import Sheet
from adherents.drafts.kinds import DraftKind
from adherents.members.models import Member
from adherents.messaging import placeholders
from adherents.messaging.composing import AgentWriting
from adherents.messaging.forms import AnswerForm, CloseForm, NoteForm, StartForm, TransferForm
from adherents.messaging.models import LONGEST_BODY, CannedAnswer, Message, Thread
from adherents.messaging.selectors import VIEWS, conversation, counts, inbox, last_of
from adherents.messaging.services import threads as service
from adherents.messaging.services.answer_files import first_message
from adherents.messaging.services.threads import MessageRefused
from adherents.vault.services.receiving import FormFiles

A_PAGE = 50


@allowed_to(Act.MESSAGES)
@require_safe
def inbox_page(request: HttpRequest) -> HttpResponse:
    """The inbox: what is to answer, those without an agent first."""
    agent = account_of(request)
    view = request.GET.get("view", VIEWS[0])
    view = view if view in VIEWS else VIEWS[0]
    page = Paginator(inbox(agent, view), A_PAGE).get_page(request.GET.get("page"))
    context = {
        "may": acts_of(agent),
        "view": view,
        "narrowed": f"view={view}",
        "page": page,
        "counts": _tabs(agent, view),
    }
    return render(request, "messaging/agent/threads.html", context)


def _tabs(agent: Account, current: str) -> list[dict[str, Any]]:
    how_many = counts(agent)
    words = [_("À répondre"), _("Les miennes"), _("Sans conseiller"), _("Toutes"), _("Fermées")]
    return [
        {"name": name, "label": label, "count": how_many.get(name), "current": name == current}
        for name, label in zip(VIEWS, words, strict=True)
    ]


@takes_files
@csrf_exempt  # the form's token is checked below, once the handler that reads the form is in place
@allowed_to(Act.MESSAGES)
@require_http_methods(["GET", "HEAD", "POST"])
def thread(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponseBase:
    """A thread; posting answers it, with files or without, or puts an answer kept ready into what is being written."""
    shown = _thread(thread_id)
    answering = _answering(request, shown, takes=True)
    try:
        return _answer(request, shown, answering)
    finally:
        answering.intake.drop_the_rest()


def _answering(request: HttpRequest, shown: Thread, *, takes: bool) -> AgentWriting:
    return AgentWriting(
        request, agent=account_of(request), member=shown.member, about=shown.reference, takes=takes
    )


@csrf_protect
def _answer(request: HttpRequest, shown: Thread, answering: AgentWriting) -> HttpResponse:
    if request.method != "POST":
        return _thread_page(request, shown, answering)
    agent = answering.agent
    if "insert" in request.POST:
        _keep_files(request, answering)
        return _thread_page(request, shown, answering, answer=_with_canned(request, shown, agent))
    form = AnswerForm(request.POST)
    then_close = "close" in request.POST

    def send(files: FormFiles) -> Thread:
        return service.answer(
            agent=agent,
            thread_id=shown.pk,
            body=form.cleaned_data["body"],
            after=form.cleaned_data["after"],
            then_close=then_close,
            files=files,
        )

    if answering.sent(form, send) is None:
        return _thread_page(request, shown, answering, answer=form)
    done = _("Réponse envoyée, conversation fermée.") if then_close else _("Réponse envoyée.")
    messages.success(request, done)
    return redirect("messaging:threads") if then_close else redirect("messaging:thread", shown.pk)


def _keep_files(request: HttpRequest, answering: AgentWriting) -> None:
    for words in answering.keep():
        messages.error(request, words)


@allowed_to(Act.MESSAGES)
@require_POST
def note(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """A note that the member never sees."""
    shown, form = _thread(thread_id), NoteForm(request.POST)
    if not form.is_valid():
        return _thread_page(request, shown, note=form)
    service.note(agent=account_of(request), thread_id=thread_id, **form.cleaned_data)
    messages.success(request, _("Note ajoutée : le service seul la voit."))
    return redirect("messaging:thread", thread_id)


@allowed_to(Act.MESSAGES)
@require_POST
def transfer(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """To another agent, or back to all."""
    shown, agent = _thread(thread_id), account_of(request)
    form = TransferForm(request.POST, agent=agent)
    if not form.is_valid():
        return _thread_page(request, shown, transfer=form)
    to = form.cleaned_data["agent"]
    done = _("Conversation transférée.") if to else _("La conversation est revenue à tous.")
    return _do(request, thread_id, lambda: service.transfer(agent=agent, thread_id=thread_id, to=to), done)


@allowed_to(Act.MESSAGES)
@require_POST
def take(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Follow a thread that no agent follows."""
    shown, agent = _thread(thread_id), account_of(request)
    done = _("Vous suivez cette conversation.")
    return _do(request, shown.pk, lambda: service.take(agent=agent, thread_id=thread_id), done)


@allowed_to(Act.MESSAGES)
@require_POST
def close(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    """Nothing waits in it any more. The member may write again: it then opens by itself."""
    shown, agent = _thread(thread_id), account_of(request)
    form = CloseForm(request.POST)
    after = form.cleaned_data["after"] if form.is_valid() else 0
    done = _("Conversation fermée.")
    return _do(request, shown.pk, lambda: service.close(agent=agent, thread_id=thread_id, after=after), done)


@allowed_to(Act.MESSAGES)
@require_POST
def reopen(request: HttpRequest, thread_id: uuid.UUID) -> HttpResponse:
    shown, agent = _thread(thread_id), account_of(request)
    done = _("Conversation rouverte.")
    return _do(request, shown.pk, lambda: service.reopen(agent=agent, thread_id=thread_id), done)


@takes_files
@csrf_exempt  # as above
@allowed_to(Act.MESSAGES)
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, pk: int) -> HttpResponseBase:
    """An agent writes first."""
    member = get_object_or_404(Member.objects.select_related("account"), pk=pk)
    answering = AgentWriting(request, agent=account_of(request), member=member, about=first_message(member))
    try:
        return _start(request, member, answering)
    finally:
        answering.intake.drop_the_rest()


@csrf_protect
def _start(request: HttpRequest, member: Member, answering: AgentWriting) -> HttpResponse:
    agent = answering.agent
    draft = Sheet(request, DraftKind.FIRST_MESSAGE, "subject", "body", about=member.subject)
    form = StartForm(answering.data, initial=draft.begin())

    def send(files: FormFiles) -> Thread:
        return service.start(
            agent=agent,
            member=member,
            subject=form.cleaned_data["subject"],
            body=form.cleaned_data["body"],
            files=files,
        )

    if "insert" in request.POST:
        _keep_files(request, answering)
        written = {
            "subject": request.POST.get("subject", ""),
            "body": _inserted(request, placeholders.About(member, agent)),
        }
        form = StartForm(initial=written)
    elif (started := answering.sent(form, send)) is not None:
        messages.success(request, _("Message envoyé."))
        return redirect("messaging:thread", started.pk)
    context = record_context(request, member) | {
        "form": form,
        "files_form": form,
        "draft": draft,
        "canned": list(CannedAnswer.objects.in_order()),
    }
    return render(request, "messaging/agent/start.html", context | answering.context())


def _thread(thread_id: uuid.UUID) -> Thread:
    thread: Thread = get_object_or_404(
        Thread.objects.select_related("member__account", "agent", "document__deposit"), pk=thread_id
    )
    return thread


def _do(request: HttpRequest, thread_id: uuid.UUID, act: Callable[[], object], done: str) -> HttpResponse:
    """One call, and back to the thread, which says how it went."""
    try:
        act()
    except MessageRefused as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, done)
    return redirect("messaging:thread", thread_id)


def _with_canned(request: HttpRequest, shown: Thread, agent: Account) -> AnswerForm:
    """What is being written, with the answer kept ready at its end."""
    about = placeholders.About(shown.member, agent, shown.document)
    return AnswerForm(initial={"body": _inserted(request, about), "after": request.POST.get("after", 0)})


def _inserted(request: HttpRequest, about: placeholders.About) -> str:
    body = request.POST.get("body", "").rstrip()
    chosen = request.POST["insert"]
    is_key = chosen.isdecimal() and len(chosen) < 19
    kept = CannedAnswer.objects.filter(pk=int(chosen)).first() if is_key else None
    parts = [body, placeholders.fill(kept.to(about.language), about) if kept else ""]
    return "\n\n".join(part for part in parts if part)[:LONGEST_BODY]


def _thread_page(
    request: HttpRequest, shown: Thread, answering: AgentWriting | None = None, **bound: forms.Form
) -> HttpResponse:
    """The page, with a form that was refused, or with fresh ones."""
    agent = account_of(request)
    answering = answering or _answering(request, shown, takes=False)
    service.read_by_agent(agent=agent, thread=shown)
    written = conversation(Message.objects.of(shown).select_related("author"))
    after = last_of(written)
    page = reverse("messaging:thread", args=[shown.pk])
    draft = Sheet(request, DraftKind.ANSWER, "body", about=shown.reference, page=page)
    note_draft = Sheet(request, DraftKind.NOTE, "body", about=shown.reference, page=page)
    answer = bound.get("answer") or AnswerForm(initial=draft.begin({"after": after}))
    wrong = next((form for form in bound.values() if form.errors), None)
    context = record_context(request, shown.member) | {
        "thread": shown,
        "document": shown.document,
        "keys": "messaging/agent/thread_keys.html",
        "conversation": written,
        "after": after,
        "answer": answer,
        "files_form": answer,
        "draft": draft,
        "note": bound.get("note") or NoteForm(initial=note_draft.begin()),
        "note_draft": note_draft,
        "transfer": bound.get("transfer") or TransferForm(agent=agent),
        "form": wrong,
        "canned": list(CannedAnswer.objects.in_order()),
        "is_mine": shown.follower == agent,
        "is_english": placeholders.About(shown.member, agent).language == "en",
    }
    return render(request, "messaging/agent/thread.html", context | answering.context())
