"""The mails of a first connection, and of an address that a member gives."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from adherents.accounts.mails import for_account
from adherents.accounts.models import Account
from adherents.insurer.profile import profile
from adherents.mail.services import post
from adherents.ui.moments import date_and_hour, day
from adherents.ui.templatetags.ui import masked


def confirm_address(account: Account, *, to: str, token: str) -> None:
    """To the address that was given, and that counts for nothing until this link is followed."""
    post(
        "enrolment/confirm_address",
        to=to,
        language=account.language,
        context={
            **for_account(account),
            "link": settings.BASE_URL + reverse("enrolment:address_link", args=[token]),
            "link_validity_minutes": profile().password.link_validity_minutes,
        },
        urgent=True,
    )


def address_changed(account: Account, *, to: str, new: str, token: str, until: datetime) -> None:
    """To the address that was replaced: by which, half hidden, and the link that says « ce n’était pas moi »."""
    post(
        "enrolment/address_changed",
        to=to,
        language=account.language,
        context={
            **for_account(account),
            "link": settings.BASE_URL + reverse("enrolment:report_link", args=[token]),
            "new_address": masked(new),
            "until": day(until),
            **date_and_hour(timezone.now(), account.language),
        },
    )


def franceconnect_linked(account: Account) -> None:
    """From now on FranceConnect opens the account."""
    _tell(account, "enrolment/franceconnect_linked")


def franceconnect_unlinked(account: Account) -> None:
    _tell(account, "enrolment/franceconnect_unlinked")


def _tell(account: Account, name: str) -> None:
    if account.email:
        context = for_account(account) | date_and_hour(timezone.now(), account.language)
        post(name, to=account.email, language=account.language, context=context)


def address_put_back(account: Account) -> None:
    """To the former address, which is the account's again."""
    post(
        "enrolment/address_put_back",
        to=account.email,
        language=account.language,
        context=for_account(account),
    )


def address_withdrawn(account: Account, *, to: str) -> None:
    """To the former address of the account."""
    post("enrolment/address_withdrawn", to=to, language=account.language, context=for_account(account))
