"""The mails of account life: one function each. None of them holds more than its reader needs to act."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation

from adherents.accounts.addressee import addressee
from adherents.accounts.models import Account, Purpose
from adherents.insurer.profile import profile
from adherents.mail.services import Value, post
from adherents.ui.moments import date_and_hour
from adherents.ui.pages import page


def access_link(account: Account, *, purpose: str, token: str) -> None:
    """The link that lets set a password (G6); for an agent an invitation, or what adds a new second factor."""
    name = {
        Purpose.RESET: "accounts/reset_link",
        Purpose.FIRST_CONNECTION: "accounts/first_connection_link",
        Purpose.INVITATION: "accounts/invitation",
        Purpose.SECOND_FACTOR: "accounts/new_factor_link",
    }[Purpose(purpose)]
    address = "accounts:factor_link" if purpose == Purpose.SECOND_FACTOR else "accounts:link"
    _post(name, account, {"link": settings.BASE_URL + reverse(address, args=[token])}, urgent=True)


def reset_waits(account: Account, *, until: datetime) -> None:
    """Instead of a link while the account is locked: until when (G11)."""
    _post("accounts/reset_waits", account, date_and_hour(until, account.language), urgent=True)


def identity_wanted(account: Account) -> None:
    """Instead of a link, once an hour: its mailbox alone does not open this account (`identity_wanted_since`)."""
    hour = f"{timezone.now():%Y-%m-%dT%H}"
    _post("accounts/identity_wanted", account, dedupe_key=f"identity-wanted:{account.pk}:{hour}", urgent=True)


def locked(account: Account, *, until: datetime, dedupe_key: str) -> None:
    _post("accounts/locked", account, date_and_hour(until, account.language), dedupe_key=dedupe_key)


def lock_ended(account: Account) -> None:
    _post("accounts/lock_ended", account)


def password_set(account: Account) -> None:
    """« Un mail de confirmation vous a été envoyé » (G7); it gives the n° adhérent (G9)."""
    _post("accounts/password_set", account, {"identifier": account.identifier})


def password_changed(account: Account) -> None:
    """A change in « Données personnelles » (G12)."""
    _post("accounts/password_changed", account, date_and_hour(timezone.now(), account.language))


def renewal_near(account: Account, *, days: int, on: datetime, dedupe_key: str) -> None:
    """The password ends in `days` days (G4)."""
    _post(
        "accounts/renewal_near",
        account,
        {"days": days, **date_and_hour(on, account.language)},
        dedupe_key=dedupe_key,
    )


def new_device(account: Account, *, browser: str, token: str) -> None:
    """A browser that never signed in before did; the link says « ce n’était pas moi »."""
    link = settings.BASE_URL + reverse("accounts:report", args=[token])
    facts: dict[str, Value] = {"browser": browser, "link": link}
    _post("accounts/new_device", account, facts | date_and_hour(timezone.now(), account.language))


def stranger_reported(account: Account) -> None:
    _post("accounts/stranger_reported", account)


def sessions_ended(account: Account) -> None:
    _post("accounts/sessions_ended", account, date_and_hour(timezone.now(), account.language))


def agent_role_changed(account: Account) -> None:
    with translation.override(account.language):
        role = account.get_role_display()
    _post("accounts/agent_role_changed", account, {"role": role})


def agent_suspended(account: Account) -> None:
    _post("accounts/agent_suspended", account)


def agent_reinstated(account: Account) -> None:
    _post("accounts/agent_reinstated", account)


def directory_linked(account: Account) -> None:
    """From now on a person of the directory signs in to this agent's account: an administrateur said that it is the agent."""
    _post("accounts/directory_linked", account, date_and_hour(timezone.now(), account.language))


def break_glass_used(administrator: Account, *, browser: str) -> None:
    """The account for when the directory fails has signed in."""
    facts: dict[str, Value] = {"browser": browser}
    _post(
        "accounts/break_glass_used",
        administrator,
        facts | date_and_hour(timezone.now(), administrator.language),
    )


def new_factor_asked(account: Account, *, until: datetime) -> None:
    _post("accounts/new_factor_asked", account, date_and_hour(until, account.language))


def new_factor_to_answer(account: Account, *, until: datetime) -> None:
    """To each who can agree: nobody has to look for what waits. It names no agent; the page behind the link does."""
    facts = {"link": settings.BASE_URL + page("agents"), **date_and_hour(until, account.language)}
    _post("accounts/new_factor_to_answer", account, facts)


def new_factor_refused(account: Account) -> None:
    _post("accounts/new_factor_refused", account)


def new_factor_expired(account: Account) -> None:
    _post("accounts/new_factor_expired", account)


def email_changed(account: Account, *, old: str, new: str) -> None:
    """The service changed the address: one mail to the old address, one to the new (G10)."""
    if old:
        _post("accounts/email_changed_old", account, to=old)
    if new:
        _post("accounts/email_changed_new", account, to=new)


def own_email_changed(account: Account, *, new: str) -> None:
    """The member changed the address: a mail to the new one. The mail to the former one has a link, and is another function."""
    _post("accounts/own_email_changed", account, to=new)


def email_in_file_changed(account: Account, *, old: str, new: str) -> None:
    """The same when the insurer's file brought the address or removed it: no person asked for it here."""
    if old:
        _post("accounts/email_in_file_old", account, {"replaced": bool(new)}, to=old)
    if new:
        _post("accounts/email_in_file_new", account, to=new)


def number_given(*, to: str, language: str, name: str, number: str) -> None:
    """The n° adhérent is another person's: the access that it opened is shut, and what was sent is kept."""
    if to:
        post("accounts/number_given", to=to, language=language, context=addressee(name, number))


def closed(account: Account) -> None:
    _post("accounts/closed", account)


def reopened(account: Account) -> None:
    """Say how to get in again: the former password opens nothing."""
    _post("accounts/reopened", account)


def for_account(account: Account) -> dict[str, Value]:
    """The person that a mail about this account is for; an agent has no n° adhérent."""
    return addressee(account.called, "" if account.is_agent else account.identifier)


def _post(
    name: str,
    account: Account,
    facts: Mapping[str, Value] | None = None,
    *,
    to: str | None = None,
    dedupe_key: str | None = None,
    urgent: bool = False,
) -> None:
    """Nothing is posted where there is no address (G10)."""
    to = account.email if to is None else to
    if not to:
        return
    context: dict[str, Value] = {
        "link_validity_minutes": profile().password.link_validity_minutes,
        "lock_hours": profile().lock.hours,
        "agent": account.is_agent,
        **for_account(account),
        **(facts or {}),
    }
    post(name, to=to, language=account.language, context=context, dedupe_key=dedupe_key, urgent=urgent)
