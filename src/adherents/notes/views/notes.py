"""Writing a note, and removing one that is wrong."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act
from adherents.desk.forms import ReasonForm
from adherents.desk.reason_drafts import reason_draft
from adherents.desk.views.document import document_or_404, viewer_context
from adherents.desk.views.member_record import member_or_404, record_context
from adherents.drafts.form_sheets import Sheet
from adherents.drafts.kinds import DraftKind
from adherents.members.models import Member
from adherents.notes.forms import WriteNoteForm
from adherents.notes.models import Note
from adherents.notes.services import notes as service
from adherents.notes.services.notes import NoteRefused
from adherents.notes.services.standing import DocumentGone, NotesRefused
from adherents.vault.models import Document

BACK, TREATING = "back", "treating"  # in the address: where the agent came from


@allowed_to(Act.NOTES)
@require_http_methods(["GET", "HEAD", "POST"])
def note_on_member(request: HttpRequest, pk: int) -> HttpResponse:
    return _write(request, member_or_404(pk), None, reverse("desk:member", args=[pk]))


@allowed_to(Act.NOTES)
@require_http_methods(["GET", "HEAD", "POST"])
def note_on_document(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    document = document_or_404(document_id)
    return _write(request, document.member, document, way_back(request, document))


def _write(request: HttpRequest, member: Member, document: Document | None, back: str) -> HttpResponse:
    about = document.subject if document else member.subject
    draft = Sheet(request, DraftKind.NOTE, "words", "with_whom", about=about)
    first = draft.begin({"happened_at": timezone.localtime()})
    form = WriteNoteForm(request.POST if request.method == "POST" else None, initial=first)
    if form.is_valid():
        try:
            service.write_note(
                agent=account_of(request), member=member, document=document, **form.cleaned_data
            )
        except DocumentGone as refusal:
            messages.error(request, str(refusal.message))
            return redirect("desk:member", member.pk)
        except NotesRefused as refusal:
            form.add_error(refusal.field or None, str(refusal.message))
        else:
            messages.success(request, _("Note ajoutée : le service seul la voit."))
            return redirect(back)
    return render_form(
        request, "notes/write.html", member, document, {"form": form, "draft": draft, "back": back}
    )


@allowed_to(Act.NOTES)
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """A note that is wrong, or that was written on somebody else: why it goes is in the journal."""
    notes = Note.objects.kept().select_related("member__account", "document", "author")
    note = get_object_or_404(notes.defer("document__wrapped_key"), pk=pk)
    agent = account_of(request)
    back = reverse("desk:member", args=[note.member_id])
    if not note.may_be_removed_by(agent):
        messages.error(request, str(NoteRefused.message))
        return redirect(back)
    draft = reason_draft(request, ReasonForm, pk)
    form = ReasonForm(request.POST if request.method == "POST" else None, initial=draft.begin())
    if form.is_valid():
        try:
            service.remove_note(agent=agent, note=note, reason=form.cleaned_data["reason"])
        except NotesRefused as refusal:
            messages.error(request, str(refusal.message))
        else:
            draft.done()
            messages.success(request, _("Note retirée."))
        return redirect(back)
    context = {"form": form, "draft": draft, "back": back, "note": note}
    return render_form(request, "notes/remove.html", note.member, None, context)


def way_back(request: HttpRequest, document: Document) -> str:
    """The document's page, or its screen in the queue where the agent came from there."""
    page = "casework:treat" if request.GET.get(BACK) == TREATING else "desk:document"
    return reverse(page, args=[document.pk])


def render_form(
    request: HttpRequest, template: str, member: Member, document: Document | None, context: dict[str, Any]
) -> HttpResponse:
    """The form beside the document that it is about, or beside its member's record."""
    shown = record_context(request, member)
    if document is not None:
        page = request.GET.get("page", "")
        number = int(page) if page.isdecimal() and len(page) < 5 else 1
        shown |= viewer_context(request, document, number, image="desk:image")
    return render(request, template, shown | context)
