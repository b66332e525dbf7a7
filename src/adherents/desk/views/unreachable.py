"""The members that no mail reaches (G10): two lists, and the letters for them."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.next_page import gives_a_file
from adherents.accounts.permissions import Act, acts_of
from adherents.accounts.services import letter
from adherents.desk.forms import ReasonForm
from adherents.desk.reason_drafts import reason_draft
from adherents.desk.selectors import member_record
from adherents.desk.services import account_actions
from adherents.enrolment.models import LetterBatch
from adherents.enrolment.services import letters
from adherents.enrolment.services.letters import NobodyToWriteTo, Taken
from adherents.members.models import Member, MemberQuerySet

BATCHES_SHOWN = 30
WITHOUT, FAILING = "unreachable", "failing"


def _people(which: str) -> MemberQuerySet:
    return Member.objects.unreachable() if which == WITHOUT else Member.objects.failing()


def _list(request: HttpRequest, which: str) -> HttpResponse:
    after = request.GET.get("after", "")
    page = member_record.member_page(
        _people(which), after=int(after) if after.isdecimal() and len(after) < 19 else None
    )
    on_their_way = letter.on_their_way(member.account for member in page.members if member.account)
    context = {
        "may": acts_of(account_of(request)),
        "which": which,
        "page": page,
        "counted_at_most": member_record.COUNTED_AT_MOST,
        "is_first": not after,
        "rows": [(member, on_their_way.get(member.account_id or 0)) for member in page.members],
    }
    return render(request, "desk/unreachable.html", context)


@allowed_to(Act.FIND)
@require_safe
def unreachable(request: HttpRequest) -> HttpResponse:
    """« Sans adresse »: the file has no address for them."""
    return _list(request, WITHOUT)


@allowed_to(Act.FIND)
@require_safe
def failing(request: HttpRequest) -> HttpResponse:
    """« Adresse en échec »: the server of their address refuses it for good."""
    return _list(request, FAILING)


def _prepare(request: HttpRequest, which: str) -> HttpResponse:
    draft = reason_draft(request, ReasonForm, which)
    form = ReasonForm(request.POST or None, initial=draft.begin())
    if form.is_valid():
        try:
            batch = account_actions.prepare_letters(
                agent=account_of(request), people=_people(which), reason=form.cleaned_data["reason"]
            )
        except NobodyToWriteTo as refusal:
            form.add_error(None, str(refusal.message))
        else:
            draft.done()
            return redirect("desk:letters", batch.pk)
    context = {
        "may": acts_of(account_of(request)),
        "which": which,
        "form": form,
        "draft": draft,
        "count": letters.waiting_for_one(_people(which))[: letters.MOST_LETTERS + 1].count(),
        "most": letters.MOST_LETTERS,
    }
    return render(request, "desk/prepare_letters.html", context)


@allowed_to(Act.PREPARE_LETTERS)
@require_http_methods(["GET", "HEAD", "POST"])
def letters_for_unreachable(request: HttpRequest) -> HttpResponse:
    return _prepare(request, WITHOUT)


@allowed_to(Act.PREPARE_LETTERS)
@require_http_methods(["GET", "HEAD", "POST"])
def letters_for_failing(request: HttpRequest) -> HttpResponse:
    return _prepare(request, FAILING)


@allowed_to(Act.WRITE_LETTER)
@require_safe
def batches(request: HttpRequest) -> HttpResponse:
    """The letters that this agent asked for, the latest first."""
    agent = account_of(request)
    context = {"may": acts_of(agent), "batches": LetterBatch.objects.of(agent.actor)[:BATCHES_SHOWN]}
    return render(request, "desk/letter_batches.html", context)


@allowed_to(Act.WRITE_LETTER)
@require_safe
def batch_page(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """The page of one batch of this agent: being made, ready, or destroyed."""
    agent = account_of(request)
    batch = get_object_or_404(LetterBatch.objects.of(agent.actor), pk=batch_id)
    context = {"may": acts_of(agent), "batch": batch, "minutes": letters.KEPT_MINUTES}
    return render(request, "desk/letters.html", context)


def _file(taken: Taken) -> HttpResponse:
    answer = HttpResponse(taken.content, content_type=taken.content_type)
    answer["Content-Disposition"] = f'attachment; filename="{taken.name}"'
    return answer


@allowed_to(Act.WRITE_LETTER)
@gives_a_file
@require_POST
def take_sheets(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """The PDF. Posted, since each download is journalled."""
    return _take(request, batch_id, letters.take_sheets)


@allowed_to(Act.WRITE_LETTER)
@gives_a_file
@require_POST
def take_listing(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """The numbers, in the order of the pages."""
    return _take(request, batch_id, letters.take_listing)


def _take(request: HttpRequest, batch_id: uuid.UUID, take: Any) -> HttpResponse:
    try:
        return _file(take(batch_id=batch_id, actor=account_of(request).actor))
    except LetterBatch.DoesNotExist as error:
        raise Http404 from error


@allowed_to(Act.WRITE_LETTER)
@require_POST
def destroy(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Destroy the files before the hour is over. The printed codes still open."""
    agent = account_of(request)
    batch = get_object_or_404(LetterBatch.objects.of(agent.actor), pk=batch_id)
    if letters.destroy(batch=batch, actor=agent.actor):
        messages.success(request, _("Les fichiers sont détruits. Les codes imprimés ouvrent toujours."))
    return redirect("desk:letters", batch_id)
