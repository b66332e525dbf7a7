"""The mail of a decision, or of those of one sending, with the agents' words. Without them: of one that was reopened, of a
document that went to another file, and to the colleague whom one was handed to. And what breaks its promise tomorrow, to
who leads.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation

from adherents.accounts.addressee import addressee
from adherents.accounts.mails import for_account
from adherents.accounts.models import Account
from adherents.casework.models import Decision, HandOver, Outcome, Summary
from adherents.insurer.profile import profile
from adherents.mail.services import Value, post
from adherents.ui.moments import day
from adherents.vault.models import Document

_MAILS = {
    Outcome.ACCEPTED: "casework/accepted",
    Outcome.REFUSED: "casework/refused",
    Outcome.INCOMPLETE: "casework/correction_asked",
}


def decided_key(decision_id: int) -> str:
    """What the outbox knows a decision's mail by."""
    return f"decision:{decision_id}"


def summary_key(summary_id: int) -> str:
    """What the outbox knows the mail of a sending by."""
    return f"summary:{summary_id}"


def decided(decision: Decision, document: Document, *, key: str = "") -> None:
    """What was decided, why, until when, and where to answer. Nothing is posted where there is no address (G10).

    `key`: what the outbox knows it by; that of the decision by default.
    """
    to, language = document.member.mail_to
    if not to:
        return
    context = _about(document, language) | {
        "words": decision.words(language),
        "until": day(decision.until),
        "asks": decision.asks,
        "link": settings.BASE_URL + _leads_to(decision, document),
    }
    post(
        _MAILS[Outcome(decision.outcome)],
        to=to,
        language=language,
        context=context,
        dedupe_key=key or decided_key(decision.pk),
    )


def summed_up(summary: Summary, decisions: Sequence[Decision], *, left: int) -> None:
    """What was decided of one sending, in one mail. `left`: how many of its documents still wait.

    One decision after which nothing is left has the mail of a document that was sent alone.
    """
    first = decisions[0].item.about
    if len(decisions) == 1 and not left:
        decided(decisions[0], first, key=summary_key(summary.pk))
        return
    to, language = first.member.mail_to
    if not to:
        return
    lines = [_line(decision, language) for decision in decisions]
    outcomes = [decision.outcome for decision in decisions]
    context: dict[str, Value] = {
        "number": first.deposit.number,
        "lines": sorted(lines, key=lambda line: not line["asks"]),
        "asked": len([line for line in lines if line["asks"]]),
        "refused": outcomes.count(Outcome.REFUSED),
        "accepted": outcomes.count(Outcome.ACCEPTED),
        "left": left,
        "link": settings.BASE_URL + reverse("vault:receipt", args=[first.deposit.number]),
        **addressee(first.member.name, first.member.number),
    }
    post(
        "casework/sending_decided",
        to=to,
        language=language,
        context=context,
        dedupe_key=summary_key(summary.pk),
    )


def _line(decision: Decision, language: str) -> dict[str, str]:
    """A document of the sending: which, what was decided, why, until when; and where to send another one, if one is asked for."""
    document = decision.item.about
    with translation.override(language):
        kind = document.kind_label
    return {
        "rank": str(document.rank),
        "kind": kind,
        "outcome": decision.outcome,
        "words": decision.words(language) if decision.outcome != Outcome.ACCEPTED else "",
        "until": day(decision.until) if decision.until else "",
        "asks": settings.BASE_URL + document.send_instead if decision.asks else "",
    }


def reopened(decision: Decision, document: Document, *, expected_on: date) -> None:
    """A decision stands no more. Why is the service's own: the mail says what it means, and by when another one comes."""
    to, language = document.member.mail_to
    if not to:
        return
    context = _about(document, language) | {
        "expected_on": day(expected_on),
        "link": settings.BASE_URL + reverse("vault:document", args=[document.pk]),
    }
    post(
        "casework/reopened", to=to, language=language, context=context, dedupe_key=f"reopening:{decision.pk}"
    )


def relocated(document: Document) -> None:
    """A document of this member's is in another file, as it was not about them. Whose file is not said."""
    to, language = document.member.mail_to
    if not to:
        return
    link = settings.BASE_URL + reverse("vault:document", args=[document.pk])
    post(
        "casework/relocated",
        to=to,
        language=language,
        context=_about(document, language) | {"link": link},
        dedupe_key=f"relocated:{document.pk}",
    )


def filed_here(copy: Document) -> None:
    """An agent added a document to this member's file. Where it came from is not said.

    Nothing is posted to an account that is closed: its link would open nothing.
    """
    account = copy.member.account
    to, language = copy.member.mail_to
    if not to or (account is not None and account.closed_at is not None):
        return
    expected = copy.answer_expected_on
    context = _about(copy, language) | {
        "received_on": day(copy.came_on),
        "expected_on": day(expected),
        "late": int(expected < timezone.localdate()),
        "link": settings.BASE_URL + reverse("vault:document", args=[copy.pk]),
    }
    post("casework/filed_here", to=to, language=language, context=context, dedupe_key=f"filed:{copy.pk}")


def handed_over(hand_over: HandOver, to: Account) -> None:
    """A document waits for this agent. Neither whose nor what it is: the page says that, behind a sign-in."""
    if to.email:
        context: dict[str, Value] = {
            "giver": hand_over.giver.shown_name,
            "link": settings.BASE_URL + reverse("casework:treat", args=[hand_over.item.document_id]),
            **for_account(to),
        }
        post("casework/handed_over", to=to.email, language=to.language, context=context)


def morning_alert(to: Account, breaking: Mapping[str, int], on: date) -> None:
    """How many documents of each kind (its code) are promised for the day `on` and wait still. Neither whose nor which."""
    if not to.email:
        return
    with translation.override(to.language):
        lines = [
            {"kind": profile().documents.kind_label(code), "count": str(count)}
            for code, count in breaking.items()
        ]
    context: dict[str, Value] = {
        "count": sum(breaking.values()),
        "day": day(on),
        "lines": lines,
        "link": f"{settings.BASE_URL}{reverse('casework:queue')}?age=today&extent=all",
        "choice": settings.BASE_URL + reverse("casework:morning_alert"),
        **for_account(to),
    }
    post(
        "casework/morning_alert",
        to=to.email,
        language=to.language,
        context=context,
        dedupe_key=f"morning:{to.pk}:{on.isoformat()}",
    )


def _about(document: Document, language: str) -> dict[str, Value]:
    """Whose document it is, and which."""
    with translation.override(language):
        kind = document.kind_label
    member = document.member
    return {"kind": kind, "number": document.deposit.number, **addressee(member.name, member.number)}


def _leads_to(decision: Decision, document: Document) -> str:
    """The address that the mail leads to: the document, if it was accepted; otherwise the page that sends the right one."""
    if decision.outcome == Outcome.ACCEPTED or not decision.asks:
        return reverse("vault:document", args=[document.pk])
    return document.send_instead
