"""The mails of the demonstration: a folder with one `.eml` file each, and what the pages show of them."""

import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage as OutgoingMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

ID = re.compile(r"[0-9]{8}T[0-9]{12}-[0-9a-f]{8}")
_LINK = re.compile(r"https?://[^\s<>\"»]+")


def folder() -> Path:
    return Path(settings.DATA_DIR) / "courrier"


def keep(content: bytes) -> str:
    """Write a message to the folder, whole or not at all. Names sort by the time of arrival."""
    place = folder()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{timezone.now():%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
    part = place / f"{name}.part"
    part.write_bytes(content)
    part.rename(place / f"{name}.eml")
    return name


@dataclass(frozen=True)
class CaughtMail:
    """A message that arrived. `html`: "" when it has none."""

    id: str
    at: datetime
    sender: str
    to: str
    subject: str
    text: str
    html: str

    @property
    def links(self) -> list[str]:
        """The addresses in the text, each once, in their order."""
        return list(dict.fromkeys(link.rstrip(".,;:!?)") for link in _LINK.findall(self.text)))


def read(mail_id: str) -> CaughtMail | None:
    """One message; None when there is none of this name."""
    path = folder() / f"{mail_id}.eml"
    if not ID.fullmatch(mail_id) or not path.is_file():
        return None
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return CaughtMail(
        id=mail_id,
        at=_date(message, path),
        sender=str(message.get("From", "")),
        to=str(message.get("To", "")),
        subject=str(message.get("Subject", "")).strip(),
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def newest(limit: int) -> Iterator[CaughtMail]:
    """The latest messages, newest first."""
    names = sorted((path.stem for path in folder().glob("*.eml")), reverse=True)
    return (mail for name in names[:limit] if (mail := read(name)))


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""


def _date(message: EmailMessage, path: Path) -> datetime:
    try:
        sent_at = parsedate_to_datetime(str(message["Date"]))
        return timezone.localtime(sent_at if sent_at.tzinfo else sent_at.replace(tzinfo=UTC))  # « -0000 »
    except (TypeError, ValueError):
        return timezone.localtime(
            datetime.fromtimestamp(path.stat().st_mtime, timezone.get_current_timezone())
        )


class FolderBackend(BaseEmailBackend):
    """Puts the mails of the past straight into the folder: no server listens in the past."""

    def send_messages(self, email_messages: Sequence[OutgoingMessage]) -> int:
        for message in email_messages:
            keep(message.message().as_bytes())
        return len(email_messages)
