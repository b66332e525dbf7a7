"""The mails of the desk: one function each.

Those of a decision carry the words that the agent left; that of a message says that one waits, and never what it says.
"""

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from adherents.accounts.whom import whom
from adherents.casework.models import Decision, Message, Outcome
from adherents.mail.services import Value, post
from adherents.members.models import Member
from adherents.vault.models import Document

_MAILS = {
    Outcome.ACCEPTED: "casework/accepted",
    Outcome.REFUSED: "casework/refused",
    Outcome.INCOMPLETE: "casework/correction_asked",
}


def decided(decision: Decision, document: Document) -> None:
    """What was decided, why, until when, and where to answer. Nothing is posted where there is no address (G10)."""
    to, language = _reached(document.member)
    if not to:
        return
    with translation.override(language):
        kind = document.kind_label
    context: dict[str, Value] = {
        "kind": kind,
        "number": document.deposit.number,
        "words": decision.words(language),
        "until": f"{decision.until:%d/%m/%Y}" if decision.until else "",
        "asks": decision.asks,
        "link": settings.BASE_URL + _leads_to(decision, document),
        **whom(document.member.name, document.member.number),
    }
    post(
        _MAILS[Outcome(decision.outcome)],
        to=to,
        language=language,
        context=context,
        dedupe_key=f"decision:{decision.pk}",
    )


def message_waits(message: Message) -> None:
    """« Un message vous attend ». Nothing is posted where there is no address (G10)."""
    to, language = _reached(message.thread.member)
    if not to:
        return
    post(
        "casework/message_waits",
        to=to,
        language=language,
        context={
            "link": settings.BASE_URL + reverse("messages:thread", args=[message.thread_id]),
            **whom(message.thread.member.name, message.thread.member.number),
        },
        dedupe_key=f"message:{message.pk}",
    )


def _reached(member: Member) -> tuple[str, str]:
    """The address (empty when there is none) and the language."""
    account = member.account
    if account is None:
        return member.email, member.language
    return account.email or member.email, account.language


def _leads_to(decision: Decision, document: Document) -> str:
    """What was accepted, to the document; what did not do, to the page that sends the right one, already set."""
    if decision.outcome == Outcome.ACCEPTED or not decision.asks:
        return reverse("vault:document", args=[document.pk])
    return document.send_instead
