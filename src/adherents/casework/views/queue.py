"""The queue: what waits, « suivant », and where an item goes when an agent lets it go."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import UUIDField
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.models import Account
from adherents.accounts.permissions import Act, acts_of
from adherents.casework import selectors
from adherents.casework.forms import GiveForm, HandOverForm, QueueForm
from adherents.casework.listing.selectors import (
    MOST_SORTED,
    Listed,
    SortColumn,
    Sorting,
    due_today,
    is_more_than_sorted,
    page_of,
)
from adherents.casework.models import Decision, Filters, Item, SavedFilter
from adherents.casework.services import deciding, queue
from adherents.casework.services.queue import CannotTreat, NotAvailable
from adherents.casework.sharing.selectors import handed_to, untreated
from adherents.desk.models import Specialty
from adherents.desk.reason_drafts import reason_draft
from adherents.desk.selectors import member_record
from adherents.desk.selectors.absences import concerning
from adherents.desk.selectors.agents import in_words
from adherents.drafts.form_sheets import Sheet
from adherents.insurer.profile import profile
from adherents.members.models import Member

FROM_RECORD = {"from": "record"}  # in the address: the item was taken from its member's record
PUT_OFF = "casework.put_off"
PUT_OFF_AT_MOST = 20
PREFETCHED_PAGES = 2  # of the next document
PREFETCHED_SMALL = 5  # of its thumbnails, where it has several pages: as many as a small screen shows


@allowed_to(Act.ENTER)
@require_safe
def queue_page(request: HttpRequest) -> HttpResponse:
    """The first page of an agent: the queue. An agent who may only read the journal goes there."""
    agent = account_of(request)
    may = acts_of(agent)
    if Act.TREAT not in may:
        return redirect("desk:journal")
    asked, sorting = asked_of(agent, request.GET), Sorting.read(request.GET.get("sort", ""))
    form, shown = asked.form, page_of(asked.listed, request.GET.get("page"), sorting)
    counts = selectors.counts(agent)
    saved, chosen = list(SavedFilter.objects.shown_to(agent)), query_to_keep(form, sorting)
    context = {
        "may": may,
        "form": form,
        "is_filtered": any(map(form.value, form.fields)),
        "filters": query_of(form.wanted),
        "listed": query_without_page(request),
        "page": shown,
        "heads": _heads(request, sorting),
        "saved_filters": saved,
        "chosen": chosen,
        "to_keep": "" if any(one.query == chosen for one in saved) else chosen,
        "sorting": sorting,
        "most_sorted": MOST_SORTED if is_more_than_sorted(asked.listed, sorting) else None,
        "counts": counts,
        # A responsable answers for all; an agent for what they treat.
        "breaking": due_today() if Act.ASSIGN in may else counts.today,
        "treats": in_words(asked.specialty),
        "untreated": untreated() if Act.ASSIGN in may else [],
        "in_hand": selectors.in_hand(agent),
        "handed": handed_to(agent),
        "away": concerning(agent),
        "latest": member_record.latest_consulted(agent),
        "unreachable": member_record.counted(Member.objects.unreachable()),
        "failing": member_record.counted(Member.objects.failing()),
        "counted_at_most": member_record.COUNTED_AT_MOST,
    } | selectors.latest_act(agent)
    return render(request, "casework/queue.html", context)


@dataclass(frozen=True)
class Asked:
    """What a form of filters asks for, and what the agent treats."""

    form: QueueForm
    listed: Listed
    specialty: Specialty


def asked_of(agent: Account, data: QueryDict) -> Asked:
    """The filters that an address or a form names, for this agent."""
    specialty, agents = Specialty.objects.of(agent), selectors.who_treat()
    narrows = bool(specialty.kinds or specialty.languages)
    everything = not narrows or data.get("extent") == "all"
    kinds = selectors.by_kind(None if everything else agent)
    form = QueueForm(data, kinds=kinds_with_counts(kinds), agents=agents, narrows=narrows)
    key = form.value("agent")
    listed = Listed(
        form.wanted,
        form.value("place"),
        next((one for one in agents if str(one.pk) == key), None),
        reader=None if everything else agent,
    )
    return Asked(form, listed, specialty)


@dataclass(frozen=True)
class ListHead:
    """The head of a column, and the address that puts the list in its order; `order`: as `aria-sort` says it, "" of another."""

    label: str
    address: str = ""
    order: str = ""


def _heads(request: HttpRequest, sorting: Sorting) -> list[ListHead]:
    heads = [_head(request, sorting, column) for column in SortColumn]
    return [*heads[:2], ListHead(_("Reçu")), *heads[2:]]


def _head(request: HttpRequest, sorting: Sorting, column: SortColumn) -> ListHead:
    query = request.GET.copy()
    for name in ("page", "sort"):
        query.pop(name, None)
    if wanted := str(sorting.after(column)):
        query["sort"] = wanted
    order = "descending" if sorting.is_descending else "ascending"
    return ListHead(str(column.label), f"?{query.urlencode()}", order if column == sorting.column else "")


def kinds_with_counts(counted: dict[str, int]) -> dict[str, str]:
    """Every kind and how many of it wait; those that the profile has dropped since, while some do."""
    named = profile().documents.kind_labels
    label = profile().documents.kind_label
    names = named | {code: label(code) for code in counted if code not in named}
    return {code: f"{name} ({counted.get(code, 0)})" for code, name in names.items()}


def wanted_by(request: HttpRequest) -> Filters:
    """The filters of « suivant » that the page's address names."""
    return QueueForm(request.GET, kinds=profile().documents.kind_labels).wanted


def query_of(filters: Filters) -> str:
    """The same, for the addresses that the page leads to: "?kind=rib&age=late", or ""."""
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in (("kind", filters.kind), ("age", filters.age)) if value})
    return f"?{query.urlencode()}" if query else ""


def query_to_keep(form: QueueForm, sorting: Sorting) -> str:
    """The filters and the order of the page, as they are kept under a name; "" where there are none."""
    said = {name: form.value(name) for name in form.fields} | {"sort": str(sorting)}
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in said.items() if value})
    return query.urlencode()


def is_from_record(request: HttpRequest) -> bool:
    return all(request.GET.get(name) == value for name, value in FROM_RECORD.items())


def carried(request: HttpRequest) -> str:
    """What the addresses of an item's screen take along: the filters of « suivant », and that it came from a record."""
    query = QueryDict(query_of(wanted_by(request)).removeprefix("?"), mutable=True)
    query.update(FROM_RECORD if is_from_record(request) else {})
    return f"?{query.urlencode()}" if query else ""


def query_without_page(request: HttpRequest) -> str:
    query = request.GET.copy()
    query.pop("page", None)
    return query.urlencode()


def treat_address(document_id: uuid.UUID | None, request: HttpRequest) -> str:
    return reverse("casework:treat", args=[document_id]) + carried(request)


@allowed_to(Act.TREAT)
@require_POST
def next_item(request: HttpRequest) -> HttpResponse:
    """« Suivant ». What is on the screen (`after`) stays in hand, and comes again only when nothing else is left."""
    left = as_uuid(request.POST.get("after", ""))
    item = Item.objects.filter(document=left).first() if left else None
    if item is not None:
        put_off(request, item.pk)
    return on_to_the_next(request, item)


def go_on(request: HttpRequest, item: Item) -> HttpResponse:
    """Where an agent goes once an item left their hands: back to the record that it was taken from, or on to the next."""
    if is_from_record(request):
        return redirect("desk:document", item.document_id)
    return on_to_the_next(request, item)


def on_to_the_next(request: HttpRequest, after: Item | None = None) -> HttpResponse:
    item = queue.take_next(
        agent=account_of(request),
        filters=wanted_by(request),
        skipped=_put_off_by(request),
        after=after,
    )
    if item is None:
        messages.info(request, _("Rien d’autre n’attend."))
        return redirect(reverse("casework:queue") + query_of(wanted_by(request)))
    return redirect(reverse("casework:treat", args=[item.document_id]) + query_of(wanted_by(request)))


@allowed_to(Act.TREAT)
@require_POST
def prefetch(request: HttpRequest, document_id: uuid.UUID) -> JsonResponse:
    """Hold the next item while this one is on the screen. Answers the addresses of its first pages, for the browser to fetch.

    Nothing is held where the record comes next.
    """
    if is_from_record(request):
        return JsonResponse({"images": []})
    item = queue.reserve_next(
        agent=account_of(request),
        after=item_or_404(document_id),
        filters=wanted_by(request),
        skipped=_put_off_by(request),
    )
    count = (item.about.page_count or 0) if item else 0
    wanted = [("casework:treat_image", number) for number in range(1, min(count, PREFETCHED_PAGES) + 1)]
    if count > 1:
        wanted += [("casework:treat_small", number) for number in range(1, min(count, PREFETCHED_SMALL) + 1)]
    pages = [reverse(name, args=[item.document_id, number]) for name, number in wanted] if item else []
    return JsonResponse({"images": pages})


@allowed_to(Act.TREAT)
@require_POST
def take(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """Take this very item."""
    try:
        queue.take(agent=account_of(request), item=item_or_404(document_id))
    except NotAvailable as refusal:
        messages.error(request, str(refusal.message))
    return redirect(treat_address(document_id, request))


@allowed_to(Act.TREAT)
@require_POST
def give_back(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """Put the item back in its place, with its sending, and go back to the queue. « Suivant » gives another item first."""
    item = item_or_404(document_id)
    try:
        back = queue.give_back(agent=account_of(request), item=item)
    except NotAvailable as refusal:
        messages.error(request, str(refusal.message))
    else:
        for row in back:
            put_off(request, row.pk)
        said = ngettext(
            "Document rendu : il a repris sa place dans la file.",
            "Envoi rendu : ses %(count)s documents ont repris leur place dans la file.",
            len(back),
        )
        messages.success(request, said % {"count": len(back)})
    if is_from_record(request):
        return redirect("desk:document", item.document_id)
    return redirect(reverse("casework:queue") + query_of(wanted_by(request)))


@allowed_to(Act.TREAT)
@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """Keep the item for a colleague, with its sending, then go on to the next one."""
    agent, item = account_of(request), item_or_404(document_id)
    others = [colleague for colleague in selectors.who_treat() if colleague.pk != agent.pk]
    draft = reason_draft(request, HandOverForm, str(document_id))
    form = HandOverForm(request.POST or None, agents=others, initial=draft.begin())

    def give(to: Account) -> HttpResponse:
        given = queue.hand_over(agent=agent, item=item, to=to, words=form.cleaned_data["words"])
        draft.done()
        said = ngettext(
            "Document transmis à %(name)s.",
            "Envoi transmis à %(name)s : %(count)s documents.",
            len(given),
        )
        messages.success(request, said % {"name": to.shown_name, "count": len(given)})
        return go_on(request, item)

    return _give(request, item, form, give, "casework/hand_over.html", draft)


@allowed_to(Act.ASSIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def assign(request: HttpRequest, document_id: uuid.UUID) -> HttpResponse:
    """A supervisor keeps the item for an agent, or for none."""
    item = item_or_404(document_id)
    form = GiveForm(
        request.POST or None,
        agents=selectors.who_treat(),
        no_agent=_("Personne : à qui le prend"),
        initial={"to": str(item.reserved_for_id or "") if item.is_kept else ""},
    )

    def give(to: Account | None) -> HttpResponse:
        queue.assign(agent=account_of(request), item=item, to=to)
        reserved = _("Document réservé à %(name)s.") % {"name": to.shown_name} if to else ""
        messages.success(request, reserved or _("Document à prendre : il n’est plus réservé."))
        if is_from_record(request):
            return redirect("desk:document", item.document_id)
        return redirect(reverse("casework:queue") + query_of(wanted_by(request)))

    return _give(request, item, form, give, "casework/assign.html")


def _give(
    request: HttpRequest,
    item: Item,
    form: GiveForm,
    give: Callable[..., HttpResponse],
    template: str,
    draft: Sheet | None = None,
) -> HttpResponse:
    if form.is_valid():
        try:
            return give(form.cleaned_data["to"])
        except (CannotTreat, NotAvailable) as refusal:
            form.add_error("to", str(refusal.message))
    context = {
        "may": acts_of(account_of(request)),
        "form": form,
        "draft": draft,
        "item": item,
        "filters": carried(request),
    }
    return render(request, template, context)


@allowed_to(Act.TREAT)
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """« Annuler », in time: the document is on the screen again, in hand. Too late: the agent stays on the page."""
    agent = account_of(request)
    decision = get_object_or_404(Decision.objects.undone_by(agent), pk=pk)
    back = as_uuid(request.POST.get("back", ""))
    count = decision.count_together
    try:
        back = deciding.undo(agent=agent, decision=decision).document_id
    except deciding.TooLate as refusal:
        messages.error(request, str(refusal.message))
    else:
        words = ngettext(
            "Décision annulée : rien n’est parti, et le document est à vous.",
            "Décisions annulées : rien n’est parti, et les %(count)s documents sont à vous.",
            count,
        )
        messages.success(request, words % {"count": count})
    return redirect(treat_address(back, request) if back else reverse("casework:queue"))


def item_or_404(document_id: uuid.UUID) -> Item:
    return get_object_or_404(Item.objects.with_what_is_shown(), document=document_id)


def put_off(request: HttpRequest, item_id: uuid.UUID) -> None:
    others = [key for key in request.session.get(PUT_OFF, []) if key != str(item_id)]
    request.session[PUT_OFF] = [*others, str(item_id)][-PUT_OFF_AT_MOST:]


def _put_off_by(request: HttpRequest) -> list[uuid.UUID]:
    return [uuid.UUID(key) for key in request.session.get(PUT_OFF, [])]


def as_uuid(text: str) -> uuid.UUID | None:
    try:
        key: uuid.UUID | None = UUIDField(required=False).clean(text)
    except ValidationError:
        return None
    return key
