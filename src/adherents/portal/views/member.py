"""A member's own pages: home, personal data, what happened on the account."""

import re
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from adherents.accounts.decorators import account_of, member_required
from adherents.accounts.models import Account
from adherents.enrolment.models import AddressToConfirm
from adherents.members.models import Beneficiary, Member
from adherents.portal.history import entries_about, line, previous_sign_in
from adherents.portal.waiting import Waiting, password_days, waiting_for
from adherents.vault.models import Document, Sending
from adherents.vault.origins import Origin

LATEST_DOCUMENTS = 5
LINES_A_PAGE = 25


def _member_of(account: Account) -> Member | None:
    """The person in the register behind an account; None once the register has let go of it."""
    return Member.objects.filter(account=account).first()


def _at_home(account: Account) -> Member | None:
    """As `_member_of`, and whether something waits to be sent: most often nothing does, and nobody asks further."""
    waiting = Sending.objects.filter(member=OuterRef("pk"), deposit=None, expires_at__gt=timezone.now())
    return Member.objects.filter(account=account).annotate(has_unsent=Exists(waiting)).first()


def _given_name(member: Member) -> str:
    """The first of the first names, as one calls somebody: « Marie Ève » for « MARIE ÈVE, ANNE »."""
    first = re.split(r"[,;/]", member.first_names)[0].strip()
    return first.title() if first.isupper() else first


def _latest_documents(member: Member) -> list[Document]:
    """What came with a message is with it."""
    documents = Document.objects.of(member).exclude(origin=Origin.MESSAGE)
    return list(documents.with_what_is_shown().with_answers()[:LATEST_DOCUMENTS])


def _what_waits(member: Any, account: Account, documents: list[Document]) -> Waiting:
    return waiting_for(member=member, account=account, beside=documents, unsent=member.has_unsent)


@require_safe
@member_required
def member_home(request: HttpRequest) -> HttpResponse:
    """What waits first, then sending, then the latest documents."""
    account = account_of(request)
    member = _at_home(account)
    documents = _latest_documents(member) if member else []
    return render(
        request,
        "portal/home.html",
        {
            "member": member,
            "given_name": _given_name(member) if member else "",
            "waiting": _what_waits(member, account, documents) if member else None,
            "documents": documents,
            "previous_sign_in": previous_sign_in(account),
            "password_days": password_days(account),
        },
    )


@require_safe
@member_required
def to_send_again(request: HttpRequest) -> HttpResponse:
    """Everything that did not do and was not sent again, the worst first: the home page shows the first few."""
    account = account_of(request)
    member = _member_of(account)
    waiting = waiting_for(member=member, account=account) if member else None
    return render(request, "portal/to_send_again.html", {"waiting": waiting})


@require_safe
@member_required
def personal_data(request: HttpRequest) -> HttpResponse:
    """« Données personnelles »: who the member is to the insurer, and « Mon mot de passe » (G12)."""
    account = account_of(request)
    member = _member_of(account)
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
        },
    )


@require_safe
@member_required
def history(request: HttpRequest) -> HttpResponse:
    """What happened on the account, newest first."""
    account = account_of(request)
    entries = entries_about(account=account, member=_member_of(account))
    page = Paginator(entries, LINES_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "portal/history.html", {"page": page, "lines": [line(entry) for entry in page]})
