"""The mail of a decision: it carries the words that the agent left."""

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from adherents.accounts.addressee import addressee
from adherents.casework.models import Decision, Outcome
from adherents.mail.services import Value, post
from adherents.ui.moments import day
from adherents.vault.models import Document

_MAILS = {
    Outcome.ACCEPTED: "casework/accepted",
    Outcome.REFUSED: "casework/refused",
    Outcome.INCOMPLETE: "casework/correction_asked",
}


def decided(decision: Decision, document: Document) -> None:
    """What was decided, why, until when, and where to answer. Nothing is posted where there is no address (G10)."""
    to, language = document.member.mail_to
    if not to:
        return
    with translation.override(language):
        kind = document.kind_label
    context: dict[str, Value] = {
        "kind": kind,
        "number": document.deposit.number,
        "words": decision.words(language),
        "until": day(decision.until),
        "asks": decision.asks,
        "link": settings.BASE_URL + _leads_to(decision, document),
        **addressee(document.member.name, document.member.number),
    }
    post(
        _MAILS[Outcome(decision.outcome)],
        to=to,
        language=language,
        context=context,
        dedupe_key=f"decision:{decision.pk}",
    )


def _leads_to(decision: Decision, document: Document) -> str:
    """The address that the mail leads to: the document, if it was accepted; otherwise the page that sends the right one."""
    if decision.outcome == Outcome.ACCEPTED or not decision.asks:
        return reverse("vault:document", args=[document.pk])
    return document.send_instead
