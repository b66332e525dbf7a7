"""What `reading_kills` asks for inside its portal (`inside`). Leases and waits are moved here instead of being waited for."""

from collections.abc import Callable
from typing import Any

from django.db.models import Count
from django.utils import timezone
from tests.agents import make_agent

from adherents.accounts.models import Account, Role
from adherents.feed.models import Announcement
from adherents.mail.models import OutboxMail
from adherents.reading.models import Judgement, PaperField, PaperReading
from adherents.reading.services.entering import enter_checked
from adherents.reading.services.judging import judge_value
from adherents.vault.models import Document
from stress.vault_inside import age, left, sweep, verify

WORK = {"documents": Document, "mails": OutboxMail, "readings": PaperReading}


def in_hand() -> int:
    """How many papers are being read at this moment."""
    return PaperReading.objects.filter(leased_until__gt=timezone.now()).count()


def release() -> dict[str, int]:
    """Free at once what the killed worker had in hand. Returns how much that was."""
    now = timezone.now()
    return {
        name: model._default_manager.filter(leased_until__gt=now).update(leased_until=now)
        for name, model in WORK.items()
    }


def due() -> dict[str, int]:
    """What is left to do, also what was put off: its time has come now, behind what waited for its turn."""
    for model in WORK.values():
        model._default_manager.filter(next_attempt_at__gt=timezone.now()).update(
            next_attempt_at=timezone.now()
        )
    enter_checked()
    return {
        name: model._default_manager.filter(next_attempt_at__isnull=False).count()
        for name, model in WORK.items()
    }


def judge() -> int:
    """An agent says « Juste » of each account that was read and not judged; how many."""
    agent = Account.objects.filter(role=Role.SUPERVISOR).first() or make_agent(Role.SUPERVISOR)
    fields = PaperField.objects.filter(code="iban", judgement="").select_related("reading")
    for field in fields:
        judge_value(
            agent=agent,
            document_id=field.reading.document_id,
            field_id=field.pk,
            judgement=Judgement.RIGHT,
        )
    return len(fields)


def readings() -> list[dict[str, Any]]:
    """Each document with its reading, and the values that are kept of it."""
    said: dict[int, list[tuple[str, str]]] = {}
    for field in PaperField.objects.select_related("reading").order_by("rank"):
        said.setdefault(field.reading_id, []).append((field.code, field.clear))
    columns = ("pk", "outcome", "attempts", "failures", "versions", "document__sha256")
    return [
        {**row, "values": said.get(row["pk"], [])}
        for row in PaperReading.objects.order_by("pk").values(*columns)
    ]


def facts() -> dict[str, Any]:
    """How many documents there are; seconds that mails and drawings took; what the feed tells twice."""
    sent = OutboxMail.objects.filter(sent_at__isnull=False).values_list("created_at", "sent_at")
    drawn = Document.objects.filter(checked_at__isnull=False).values_list("at", "checked_at")
    told = Announcement.objects.values("type", "subject").annotate(times=Count("pk"))
    return {
        "documents": Document.objects.count(),
        "checked": len(drawn),
        "mails": [(ended - began).total_seconds() for began, ended in sent],
        "drawings": [(ended - began).total_seconds() for began, ended in drawn],
        "events": Announcement.objects.count(),
        "told_again": list(told.filter(times__gt=1).values_list("type", "times")),
        "confirmed": Announcement.objects.filter(type="reading.confirmed").count(),
    }


QUESTIONS: dict[str, Callable[[], Any]] = {
    function.__name__: function
    for function in (in_hand, release, due, judge, readings, facts, verify, age, sweep, left)
}
