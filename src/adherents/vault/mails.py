"""The mails of the vault: one function each. No document in them, and no file's name."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation

from adherents.accounts.addressee import addressee
from adherents.mail.services import Value, post
from adherents.members.models import Member
from adherents.ui.moments import date_and_hour, day
from adherents.ui.pages import page
from adherents.vault.legibility import what_to_send
from adherents.vault.models import Deposit, Document
from adherents.vault.origins import Origin


def deposit_arrived(deposit: Deposit, documents: Sequence[Document]) -> None:
    """« Votre document est bien arrivé », with the receipt's number and the day by which it is treated."""
    _post(
        "vault/deposit_arrived",
        deposit.member,
        document=documents[0],
        number=deposit.number,
        count=len(documents),
        refused=len(deposit.refused),
        **date_and_hour(deposit.at, _language(deposit.member)),
        expected_on=day(documents[0].answer_expected_on),
        link=settings.BASE_URL + reverse("vault:receipt", args=[deposit.number]),
    )


def deposit_entered(deposit: Deposit, documents: Sequence[Document]) -> None:
    """What came by post, at the counter or by mail is in the member's space: how it came, the receipt's number, and by when it is
    treated. Nothing is posted to an account that is closed: its link would open nothing."""
    account = deposit.member.account
    if account is not None and account.closed_at is not None:
        return
    with translation.override(_language(deposit.member)):
        came = deposit.came_in_words
    expected = documents[0].answer_expected_on
    _post(
        "vault/deposit_entered",
        deposit.member,
        document=documents[0],
        number=deposit.number,
        count=len(documents),
        came=came,
        expected_on=day(expected),
        late=int(expected < timezone.localdate()),
        link=settings.BASE_URL + reverse("vault:receipt", args=[deposit.number]),
    )


def still_to_send(member: Member, *, count: int, until: datetime) -> None:
    """Tell the member that files arrived and were never sent: how many, and when they are deleted."""
    account = member.account
    if account is None or account.closed_at is not None or not (account.email or member.email):
        return  # the account is closed, or no mail reaches the member (G10)
    language = _language(member)
    context: dict[str, Value] = {"count": count, "link": settings.BASE_URL + reverse("accounts:sign_in")}
    context |= date_and_hour(until, language)
    post("vault/still_to_send", to=account.email or member.email, language=language, context=context)


def cannot_be_read(document: Document) -> None:
    """The pages could not be drawn: what to do."""
    if _told_to_agent(document) or document.is_from_insurer:
        return  # not theirs to mend
    with translation.override(_language(document.member)):
        advice = what_to_send(document)
    _post(
        "vault/cannot_be_read",
        document.member,
        document=document,
        number=document.deposit.number,
        advice=advice,
        link=_where_to_send_again(document),
    )


def refused_for_safety(document: Document) -> None:
    """The antivirus recognised something: the file is not accepted, and what to do. What it was is not said."""
    if _told_to_agent(document) or document.is_from_insurer:
        return  # not theirs to mend
    _post(
        "vault/refused_for_safety",
        document.member,
        document=document,
        number=document.deposit.number,
        link=_where_to_send_again(document),
    )


def _told_to_agent(document: Document) -> bool:
    """Whether an agent put it there, who is told that it does not open: the member has nothing to do with the scan. An agent who
    has left is told nothing, and the member is, but of what was attached to a message: the conversation says that to both."""
    agent = document.deposit.entered_by
    if agent is None or agent.closed_at is not None:
        return False
    attached = document.origin == Origin.ANSWER
    post(
        "vault/answer_set_aside" if attached else "vault/entered_set_aside",
        to=agent.email,
        language=agent.language,
        context={
            "number": document.deposit.number,
            "link": settings.BASE_URL + page("desk"),
            **addressee(agent.display_name, ""),
        },
    )
    return True


def _where_to_send_again(document: Document) -> str:
    """What came with a message goes into another one: its own page leads there."""
    with_message = document.origin == Origin.MESSAGE
    path = reverse("vault:document", args=[document.pk]) if with_message else document.send_instead
    return settings.BASE_URL + path


def _language(member: Member) -> str:
    """The one chosen in the portal, else the file's."""
    return member.account.language if member.account else member.language


def from_insurer(document: Document) -> None:
    """The insurer put a document in the vault: where to find it."""
    _post(
        "vault/from_insurer",
        document.member,
        document=document,
        date=day(document.at),
        link=settings.BASE_URL + reverse("vault:document", args=[document.pk]),
    )


def _post(name: str, member: Member, *, document: Document, **context: Value) -> None:
    """Nothing is posted where there is no address (G10)."""
    account = member.account
    to = (account.email if account else "") or member.email
    if not to:
        return
    language = _language(member)
    with translation.override(language):
        kind = document.kind_label
    post(
        name,
        to=to,
        language=language,
        context={"kind": kind, **addressee(member.name, member.number), **context},
    )
