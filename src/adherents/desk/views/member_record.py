"""A member's record. What an agent does there is in `act_table`."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from adherents.accounts.decorators import account_of, allowed_to
from adherents.accounts.permissions import Act, acts_of
from adherents.crypto.rows import readable
from adherents.desk.selectors import member_record
from adherents.desk.services import consulting
from adherents.members import nir
from adherents.members.models import Member

NIR_SHOWN = "desk.nir"


def member_or_404(pk: int) -> Member:
    return get_object_or_404(Member.objects.select_related("account"), pk=pk)


def record_context(request: HttpRequest, member: Member) -> dict[str, Any]:
    """What the panes beside the page need; the look is journalled."""
    agent = account_of(request)
    if request.method != "HEAD":
        consulting.consult(agent=agent, member=member)
    return {
        "may": acts_of(agent),
        "record": member_record.record_of(member),
        "member": member,
        "nir": _nir_shown(request, member),
    }


def show_nir_for_a_while(request: HttpRequest, member: Member) -> None:
    """Show the NIR in this session, beside every page about the member, for two minutes."""
    until = timezone.now() + member_record.NIR_SHOWN_FOR
    request.session[NIR_SHOWN] = {"member": member.pk, "until": until.timestamp()}


def _nir_shown(request: HttpRequest, member: Member) -> str:
    """The whole NIR while the reason given for it lasts, else nothing."""
    shown = request.session.get(NIR_SHOWN)
    if not isinstance(shown, dict) or shown.get("member") != member.pk:
        return ""
    if shown["until"] <= timezone.now().timestamp():
        return ""
    whole = readable(member, "nir")
    return nir.spaced(whole) if whole else ""


@allowed_to(Act.CONSULT)
@require_safe
def member_page(request: HttpRequest, pk: int) -> HttpResponse:
    member = member_or_404(pk)
    context = record_context(request, member) | {
        "lines": member_record.journal_about(member, reader=account_of(request))
    }
    return render(request, "desk/member_record.html", context)
