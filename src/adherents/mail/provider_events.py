"""What the providers' words say of an address: of all their bounces, those that no waiting will mend."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from adherents.mail.refusals import names_no_mailbox

Payload = Mapping[str, Any]
USER = "rebonds"  # of the HTTP basic authentication, whose password is the secret
_INVALID = "invalid"  # django-anymail's name for an address that the provider itself finds wrong
_ENHANCED = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
_MAILJET_FOR_GOOD = {"user unknown", "mailbox inactive", "invalid domain", "no mail host"}


class Told(Protocol):
    """An event as django-anymail reads it from any provider. `esp_event`: as the provider wrote it."""

    recipient: object
    event_type: str
    reject_reason: str | None
    mta_response: object
    esp_event: Payload


def _brevo(payload: Payload) -> bool:
    return payload.get("event") == "hard_bounce"


def _mailjet(payload: Payload) -> bool:
    return payload.get("hard_bounce") is True and payload.get("error") in _MAILJET_FOR_GOOD


# django-anymail reads a bounce that may pass (a full mailbox, a server that is away) and one that will not alike.
_FOR_GOOD: dict[str, Callable[[Payload], bool]] = {"brevo": _brevo, "mailjet": _mailjet}


def refused_address(provider: str, event: Told) -> str:
    """The address that this event proves to be none; "" where it proves nothing.

    A bounce that quotes a code of policy (5.7.1), of a full mailbox or of our message is none of the address, whatever the
    provider calls it.
    """
    if not isinstance(event.recipient, str):
        return ""
    if event.reject_reason == _INVALID:
        return event.recipient
    if event.event_type != "bounced" or not _FOR_GOOD[provider](event.esp_event):
        return ""
    code = _ENHANCED.search(str(event.mta_response or ""))
    says_otherwise = code and not names_no_mailbox(code[0]) and code[0] not in {"5.5.0", "5.0.0"}
    return "" if says_otherwise else event.recipient
