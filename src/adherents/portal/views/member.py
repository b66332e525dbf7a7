"""A member's own pages: home, personal data, what happened on the account."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from adherents.accounts.decorators import account_of, member_required
from adherents.accounts.models import Account
from adherents.enrolment.models import AddressToConfirm, FranceConnectIdentity
from adherents.insurer.profile import profile
from adherents.members.acting import May, acting_for
from adherents.members.models import Beneficiary, Member
from adherents.members.names import said_given_name
from adherents.portal.history import entries_about, line, previous_sign_in
from adherents.portal.waiting import all_to_send_again, password_days, waiting_for
from adherents.vault.selectors.cards import cards_of

LINES_A_PAGE = 25


def _file_of(account: Account) -> Member | None:
    """Whose file this account's pages show; None once the register has let go of it, 403 where it may not be read."""
    acting = acting_for(account)
    if acting is None:
        return None
    acting.check(May.READ)
    return acting.file


@require_safe
@member_required
def member_home(request: HttpRequest) -> HttpResponse:
    """What waits first, then sending, then the latest documents."""
    account = account_of(request)
    member = _file_of(account)
    waiting = waiting_for(member, account) if member else None
    return render(
        request,
        "portal/home.html",
        {
            "member": member,
            "given_name": said_given_name(member.first_names) if member else "",
            "waiting": waiting,
            "cards": cards_of(waiting.latest, brief=True) if waiting else [],
            "previous_sign_in": previous_sign_in(account),
            "password_days": password_days(account),
        },
    )


@require_safe
@member_required
def to_send_again(request: HttpRequest) -> HttpResponse:
    """Every document to send again, the worst first. The home page shows only the first few."""
    account = account_of(request)
    member = _file_of(account)
    waiting = all_to_send_again(member) if member else None
    return render(request, "portal/to_send_again.html", {"waiting": waiting})


@require_safe
@member_required
def personal_data(request: HttpRequest) -> HttpResponse:
    """« Données personnelles »: who the member is to the insurer, and « Mon mot de passe » (G12)."""
    account = account_of(request)
    member = _file_of(account)
    waiting = AddressToConfirm.objects.waiting().filter(member=member).first() if member else None
    return render(
        request,
        "portal/personal_data.html",
        {
            "member": member,
            "beneficiaries": list(Beneficiary.objects.of(member).present()) if member else [],
            "account": account,
            "password_days": password_days(account),
            "waiting_address": waiting.address if waiting else "",
            "franceconnect": _franceconnect_of(account),
        },
    )


def _franceconnect_of(account: Account) -> FranceConnectIdentity | None:
    return FranceConnectIdentity.objects.filter(account=account).first() if profile().franceconnect else None


@require_safe
@member_required
def history(request: HttpRequest) -> HttpResponse:
    """What happened on the account, newest first."""
    account = account_of(request)
    entries = entries_about(account=account, member=_file_of(account))
    page = Paginator(entries, LINES_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "portal/history.html", {"page": page, "lines": [line(entry) for entry in page]})
