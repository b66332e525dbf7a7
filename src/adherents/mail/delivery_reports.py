"""Reading the report of a server that could not deliver a mail (RFC 3464). Pure code, for what strangers may have written."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message
from itertools import chain

from adherents.mail.refusals import is_no_mailbox, names_no_mailbox

LONGEST = (
    1 << 20
)  # bytes that are read of one message: the report itself comes before the mail that it returns
MOST_PARTS, MOST_RECIPIENTS = 20, 50
# Where a server says to which address a message came.
_SENT_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
_TYPED = re.compile(r"\s*(?:[a-z0-9-]+\s*;)?\s*<?([^<>\s]+)>?", re.IGNORECASE)
_DIAGNOSTIC = re.compile(r"smtp\s*;\s*(\d{3})[ -](.*)", re.IGNORECASE | re.DOTALL)
_AT_RCPT = re.compile(r"in\s+reply\s+to\s+RCPT\s+TO", re.IGNORECASE)
# A domain that does not exist has a code of the network, as a route that is cut has: only the words tell.
_NO_DOMAIN = re.compile(r"\bhost not found\b|\bnon-?existent\s?domain\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Undelivered:
    """What a report says of one recipient: its address, in lower case, and whether no mail will ever reach it."""

    address: str
    is_for_good: bool


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """`sent_to`: the headers that say to which address the report came; they hold the token of the mail."""

    sent_to: str
    undelivered: tuple[Undelivered, ...]


def read_report(raw: bytes) -> DeliveryReport | None:
    """What a message reports; None where it is no delivery report."""
    try:
        message = message_from_bytes(raw[:LONGEST], policy=policy.compat32)
        is_report = (
            message.get_content_type() == "multipart/report"
            and str(message.get_param("report-type", "")).lower() == "delivery-status"
            and message.is_multipart()
        )
        if not is_report:
            return None
        return _report(message)
    except (RecursionError, ValueError, LookupError):  # parts in parts without end, an encoding that is none
        return None


def _report(message: Message) -> DeliveryReport | None:
    parts: list[Message] = message.get_payload()[:MOST_PARTS]  # type: ignore[assignment, index]
    statuses = next((part for part in parts if part.get_content_type() == "message/delivery-status"), None)
    if statuses is None or not statuses.is_multipart():
        return None
    at_rcpt = bool(_AT_RCPT.search(_text(parts[0]))) if parts else False
    # The first block is about the message, each other one about a recipient.
    blocks: list[Message] = statuses.get_payload()[1 : 1 + MOST_RECIPIENTS]  # type: ignore[assignment, index]
    if not blocks:
        return None
    failed = [block for block in blocks if _field(block, "Action").lower() == "failed"]
    sent_to = chain.from_iterable(message.get_all(name, []) for name in _SENT_TO)
    return DeliveryReport(
        " ".join(str(header) for header in sent_to),
        tuple(Undelivered(_address(block), _is_for_good(block, at_rcpt)) for block in failed),
    )


def _is_for_good(block: Message, at_rcpt: bool) -> bool:
    """By the status; where it says nothing (5.0.0), by the answer that the report quotes. Without an enhanced code of its own,
    that answer counts if it was given to the recipient, and not to the message."""
    status = _field(block, "Status").split(" ", 1)[0]
    words = _field(block, "Diagnostic-Code")
    if names_no_mailbox(status):
        return True
    if status == "5.4.4":
        return bool(_NO_DOMAIN.search(words))
    quoted = _DIAGNOSTIC.match(words)
    if status not in {"5.0.0", ""} or not quoted:
        return False
    return is_no_mailbox(int(quoted[1]), quoted[2], enhanced_only=not at_rcpt)


def _address(block: Message) -> str:
    """The one that failed: with a mailbox that keeps a copy and forwards another, not the one that the mail was sent to."""
    address = _TYPED.match(_field(block, "Final-Recipient") or _field(block, "Original-Recipient"))
    return address[1].lower() if address else ""


def _field(block: Message, name: str) -> str:
    return " ".join(str(block.get(name, "")).split())


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
