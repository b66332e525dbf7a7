"""What `vault` and its portal ask for inside (`inside`). Leases and ages are moved here instead of being waited for."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

from django.core.management import CommandError, call_command
from django.db.models import Count, F
from django.utils import timezone

from adherents.mail.models import OutboxMail
from adherents.storage.models import UnclaimedObject
from adherents.storage.objects import object_names
from adherents.vault.models import Document, PendingFile, Sending, Upload
from adherents.vault.services.verification import to_verify
from adherents.work.services import run_until_nothing_is_left


def in_hand() -> dict[str, int]:
    """What the workers hold at this moment."""
    now = timezone.now()
    return {
        "documents": Document.objects.filter(leased_until__gt=now).count(),
        "mails": OutboxMail.objects.filter(leased_until__gt=now).count(),
    }


def release() -> dict[str, int]:
    """Free at once what the killed process had in hand. Returns how much that was."""
    held, now = in_hand(), timezone.now()
    for model in (Document, OutboxMail, Upload):
        model._default_manager.filter(leased_until__gt=now).update(leased_until=now)
    return held


def due() -> dict[str, int]:
    """What is left for the workers to do, also what was put off: its time has come now."""
    for model in (Document, OutboxMail):
        model._default_manager.filter(next_attempt_at__gt=timezone.now()).update(
            next_attempt_at=timezone.now()
        )
    return {
        "documents": Document.objects.filter(next_attempt_at__isnull=False).count(),
        "mails": OutboxMail.objects.filter(next_attempt_at__isnull=False).count(),
    }


def documents() -> list[dict[str, Any]]:
    rows = Document.objects.annotate(images=Count("pages")).values(
        "id", "sha256", "state", "page_count", "images", number=F("deposit__number"), of=F("member__number")
    )
    return [{**row, "id": str(row["id"])} for row in rows]


def age() -> None:
    """Two days pass for whatever waits for an owner."""
    past = timezone.now() - timedelta(days=2)
    UnclaimedObject.objects.update(at=past)
    PendingFile.objects.update(at=past)
    Upload.objects.update(expires_at=past)
    Sending.objects.update(expires_at=past)


def verify() -> str:
    """What `verify_vault` says; nothing when everything is whole."""
    output = StringIO()
    try:
        call_command("verify_vault", pace=0.0, stdout=output)
    except CommandError as error:
        return f"{output.getvalue()}{error}"
    return ""


def sweep() -> int:
    return run_until_nothing_is_left()


def left() -> dict[str, int]:
    """After the sweeps: notes, waiting files, objects in the storage, and rows that own one."""
    return {
        "notes": UnclaimedObject.objects.count(),
        "waiting": PendingFile.objects.count() + Upload.objects.count(),
        "objects": sum(1 for _ in object_names()),
        "owned": to_verify()[0],
    }


QUESTIONS: dict[str, Callable[[], Any]] = {
    function.__name__: function for function in (in_hand, release, due, documents, verify, age, sweep, left)
}
