"""Treating an item: the document, the member's record and the decision on one screen, then the next item."""

import uuid
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.next_page import gives_a_file
from adherents.accounts.permissions import Act
from adherents.casework import selectors
from adherents.casework.forms import CorrectionForm, KindForm, WordsForm
from adherents.casework.models import Decision, Item
from adherents.casework.services import deciding, filing, queue
from adherents.casework.services.deciding import CannotDecide
from adherents.casework.services.queue import NotAvailable
from adherents.casework.twins.selectors import was_accepted_before
from adherents.casework.views import wording
from adherents.casework.views.queue import (
    as_uuid,
    carried,
    go_on,
    item_or_404,
    treat_address,
    wanted_by,
)
from adherents.casework.whole.selectors import whole_sending
from adherents.desk.views.document import document_or_404, image_response, page_number, viewer_context
from adherents.desk.views.member_record import record_context
from adherents.drafts.form_sheets import Sheet
from adherents.drafts.kinds import DECISIONS, DraftKind
from adherents.drafts.models import Draft
from adherents.insurer.profile import profile
from adherents.insurer.treatment import UNKNOWN_KIND, Reason, Use
from adherents.vault.services.joining import FEWEST
from adherents.vault.services.splitting import is_to_split
from adherents.vault.services.viewing import page_thumbnail

MISSING = "sans-type"  # in the address: it was to be accepted, or filed, without a kind
PREFETCH = int(queue.PREFETCH.total_seconds())


@allowed_to(Act.TREAT)
@require_safe
def treat(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """The document on the left; on the right what to know of it, and the decision. Loading the page renews the lease."""
    item = item_or_404(document_id)
    begun = Draft.objects.begun(account_id=account_of(request).pk, about=item.subject, kinds=DECISIONS)
    return render(request, "casework/treat.html", item_screen(request, item) | {"begun": begun})


def item_screen(request: HttpRequest, item: Item) -> dict[str, Any]:
    """What `treat.html` and the pages that extend it show of an item."""
    agent, wanted = account_of(request), wanted_by(request)
    is_mine = queue.renew(agent=agent, item=item)
    document = document_or_404(item.about.pk)
    sending = whole_sending(document, agent)
    return (
        record_context(request, document.member)
        | viewer_context(
            request,
            document,
            page_number(request),
            image="casework:treat_image",
            small="casework:treat_small",
        )
        | {
            "item": item,
            "is_mine": is_mine,
            "decided": Decision.objects.standing().filter(item=item).select_related("agent").first(),
            "in_hand": selectors.in_hand(agent),
            "coming": selectors.coming(agent, wanted),
            "history": selectors.history(document, reader=agent),
            "sending": sending,
            "filters": carried(request),
            "may_split": is_mine and is_to_split(document),
            "may_join": is_mine and len(sending.joinable) >= FEWEST,
            "kind_form": _kind_form(request) if item.kind == UNKNOWN_KIND and is_mine else None,
        }
        | selectors.latest_act(agent)
    )


def _kind_form(request: HttpRequest) -> KindForm:
    """Bound to no kind where one is missing: its error stands at the field."""
    form = KindForm({}) if MISSING in request.GET else KindForm()
    form.is_valid()
    return form


def _asks_kind(item: Item, request: HttpRequest) -> HttpResponse:
    address = treat_address(item.document_id, request)
    return redirect(f"{address}{'&' if '?' in address else '?'}{MISSING}=1")


@allowed_to(Act.TREAT)
@gives_a_file
@require_safe
def treat_image(request: HttpRequest, document_id: uuid.UUID, number: int) -> HttpResponseBase:
    """A page's pixels. The browser of the agent who holds the item may keep them for the few minutes of a prefetch.

    In their own browser and session only: see `docs/decisions/0017-the-queue.md`.
    """
    return _kept_by_who_holds_it(request, document_id, image_response(request, document_id, number))


@allowed_to(Act.TREAT)
@gives_a_file
@require_safe
def treat_small(request: HttpRequest, document_id: uuid.UUID, number: int) -> HttpResponseBase:
    """A page's thumbnail, kept as its pixels are: each form of the decision shows the same ones again."""
    small = image_response(request, document_id, number, read=page_thumbnail)
    return _kept_by_who_holds_it(request, document_id, small)


def _kept_by_who_holds_it(
    request: HttpRequest, document_id: uuid.UUID, response: HttpResponseBase
) -> HttpResponseBase:
    if Item.objects.held().filter(document=document_id, agent=account_of(request)).exists():
        response["Cache-Control"] = f"private, max-age={PREFETCH}"
        response["Vary"] = "Cookie"
    return response


@allowed_to(Act.TREAT)
@require_POST
def choose_kind(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """Which kind of document it is, where the member did not know."""
    item = item_or_404(document_id)
    try:
        filing.choose_kind(agent=account_of(request), item=item, kind=request.POST.get("kind", ""))
    except filing.KindRefused:
        return _asks_kind(item, request)
    except (filing.CannotFile, NotAvailable) as refusal:
        messages.error(request, str(refusal.message))
    return redirect(treat_address(item.document_id, request))


@allowed_to(Act.TREAT)
@require_POST
def accept(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    item = item_or_404(document_id)
    if item.kind == UNKNOWN_KIND:  # who looks at it can say; a program that accepts has its own kinds
        return _asks_kind(item, request)
    try:
        deciding.accept(agent=account_of(request), item=item)
    except NotAvailable as refusal:
        messages.error(request, str(refusal.message))
        return redirect(treat_address(item.document_id, request))
    return go_on(request, item)


@allowed_to(Act.TREAT)
@require_POST
def accept_rest(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """This document, and all of its sending that the page showed as left. What has no kind yet stays, and comes next."""
    item = item_or_404(document_id)
    shown = {key for text in request.POST.getlist("left") if (key := as_uuid(text))}
    try:
        deciding.accept_deposit(agent=account_of(request), item=item, shown=shown)
    except NotAvailable as refusal:
        messages.error(request, str(refusal.message))
        return redirect(treat_address(item.document_id, request))
    return go_on(request, item)


@allowed_to(Act.TREAT)
@require_http_methods(["GET", "HEAD", "POST"])
def refuse(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """The page that refuses: why, from a template of the kind that the agent may edit."""
    return _with_words(request, item_or_404(document_id), "refuse")


@allowed_to(Act.TREAT)
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """What is asked for instead, why, and until when."""
    return _with_words(request, item_or_404(document_id), "correct")


def _with_words(request: HttpRequest, item: Item, use: Use) -> HttpResponse:
    reasons = deciding.reasons_for(item, use)
    kind_of_form = WordsForm if use == "refuse" else CorrectionForm
    draft = Sheet(request, DraftKind(use), "reason", "words_fr", "words_en", "until", about=item.subject)
    form, proposes_itself = None, False
    if request.method == "POST" and not {"pick", "also", "proposed"} & request.POST.keys():
        chosen = wording.chosen_of(reasons, request.POST.get("reason", ""))
        form = kind_of_form(request.POST, reasons=reasons)
        if form.is_valid() and _decides(request, item, form, use):
            return go_on(request, item)
    else:
        written = request.POST.dict() if request.method == "POST" else draft.words
        chosen = _chosen(request, reasons, written)
        if not chosen and request.method != "POST" and item.held_by(account_of(request)):
            chosen = _for_the_same_file(item, reasons)
            proposes_itself = bool(chosen)
        if chosen:
            words = _words(request, reasons, written, chosen)
            form = kind_of_form(reasons=reasons, initial=_first_facts(chosen, written) | words)
            if proposes_itself:  # so that a digit still chooses the reason
                form.fields["words_fr"].widget.attrs.pop("autofocus", None)
    screen = item_screen(request, item)
    if not screen["is_mine"] and form is None:
        return redirect(treat_address(item.document_id, request))
    context = screen | {
        "form": form,
        "draft": draft,
        "use": use,
        "reasons": reasons,
        "picked": chosen,
        "chosen": wording.codes_of(chosen),
        "proposes_itself": proposes_itself,
        "proposed": _proposed(form, chosen),
    }
    return render(request, "casework/decide.html", context)


def _chosen(request: HttpRequest, reasons: list[Reason], written: dict[str, str]) -> list[Reason]:
    """One reason in the place of all (`pick`), one more or one less (`also`), or those of the words that are kept."""
    before = wording.chosen_of(reasons, written.get("reason", ""))
    picked = request.POST.get("pick") or request.POST.get("proposed") or request.GET.get("pick", "")
    if one := wording.chosen_of(reasons, request.POST.get("also", ""))[:1]:
        return wording.with_or_without(before, one[0])
    after = wording.chosen_of(reasons, picked)
    if request.method != "POST" and set(wording.codes_of(after).split()) <= {
        reason.code for reason in before
    }:
        return before  # the page's address names the first reason; others were added since
    return after


def _for_the_same_file(item: Item, reasons: list[Reason]) -> list[Reason]:
    """« Déjà reçu », for the very same bytes only, and where what its words say is true: that it was treated."""
    meant = [reason for reason in reasons if reason.same_file][:1]
    return meant if meant and was_accepted_before(item.about) else []


def _words(
    request: HttpRequest, reasons: list[Reason], written: dict[str, str], chosen: list[Reason]
) -> dict[str, str]:
    """What the fields of the words begin with."""
    if "proposed" in request.POST:
        return wording.template(chosen)
    before = wording.chosen_of(reasons, written.get("reason", ""))
    if "also" in request.POST and before:
        return wording.amended(written, before=before, after=chosen)
    return wording.template(chosen) | wording.typed(written, reasons, before)


def _first_facts(chosen: list[Reason], written: dict[str, str]) -> dict[str, Any]:
    until = timezone.localdate() + timedelta(days=profile().casework.correction_days)
    return {"reason": wording.codes_of(chosen), "until": written.get("until", "").strip() or until}


def _proposed(form: WordsForm | None, chosen: list[Reason]) -> str:
    """The chosen reasons' own words, where others stand in the form."""
    if form is None or form.is_bound or not chosen:
        return ""
    own = wording.template(chosen)["words_fr"]
    return "" if form.initial["words_fr"] == own else own


def _decides(request: HttpRequest, item: Item, form: WordsForm, use: Use) -> bool:
    decide = deciding.refuse if use == "refuse" else deciding.ask_correction
    try:
        decide(agent=account_of(request), item=item, **form.decided)
    except CannotDecide as refusal:
        form.add_error(refusal.field or None, str(refusal.message))
    except NotAvailable as refusal:
        form.add_error(None, str(refusal.message))
    return not form.errors
