"""The sender on the envelope of each mail: an address of ours with a token that names the mail, so that what comes back is known.

A report that a mail was not delivered is itself a mail, that anyone can write. Only the reader of a mail has its token.
"""

import base64
import hmac
import re
import uuid
from hashlib import sha256
from urllib.parse import urlsplit

from django.conf import settings

from adherents.crypto.keys import MasterKey, keyring
from adherents.insurer.profile import profile

_PURPOSE = "bounce"
_MAC_BYTES = 10
_TOKEN = re.compile(r"\+([a-z2-7]{42})@", re.IGNORECASE)  # a server on the way may change the letter case
_PADDING = "=" * 6


def envelope_sender(mail_id: uuid.UUID) -> str:
    """`rebonds+<token>@mutuelle.fr`; the sender that members see where no address takes what comes back."""
    address = settings.ADHERENTS_BOUNCE_ADDRESS
    if not address:
        return profile().mail.sender_address
    name, _at, domain = address.rpartition("@")
    named = mail_id.bytes + _mac(keyring().primary, mail_id)
    return f"{name}+{_written(named)}@{domain}"


def mail_named_in(words: str) -> uuid.UUID | None:
    """The mail that the first genuine token in `words` names; None where there is none: it may be forged, or another key's."""
    for token in _TOKEN.findall(words):
        named = base64.b32decode(token.upper() + _PADDING)
        if _written(named) != token.lower():  # two bits of its last letter say nothing
            continue
        mail_id = uuid.UUID(bytes=named[:-_MAC_BYTES])
        if any(hmac.compare_digest(named[-_MAC_BYTES:], _mac(key, mail_id)) for key in keyring().keys):
            return mail_id
    return None


def _written(named: bytes) -> str:
    return base64.b32encode(named).decode().rstrip("=").lower()


def domain() -> str:
    """The domain that a mail's identifiers are in: the envelope's, so that a receiver sees one sender.

    On trial it is the portal's host: a trial has no business with the insurer's domain.
    """
    if settings.ADHERENTS_BOUNCE_ADDRESS or settings.IN_PRODUCTION:
        address = settings.ADHERENTS_BOUNCE_ADDRESS or profile().mail.sender_address
        return str(address.rpartition("@")[2].lower())
    return urlsplit(settings.BASE_URL).hostname or "localhost"


def _mac(key: MasterKey, mail_id: uuid.UUID) -> bytes:
    return hmac.digest(key.subkey(_PURPOSE), mail_id.bytes, sha256)[:_MAC_BYTES]
