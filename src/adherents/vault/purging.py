from collections.abc import Iterable
from functools import partial

from django.utils import timezone

from adherents.ui.moments import day
from adherents.vault.models import PendingFile
from adherents.vault.services.retention import destroy, rules
from adherents.vault.services.sweeping import KEPT_FOR, sweep_forgotten
from adherents.work.purging import Due, purge


@purge
def documents() -> Iterable[Due]:
    for rule in rules():
        waiting = rule.waiting()
        sentence = f"treated before {day(rule.before)} ({rule.months} months)"
        if waiting:
            sentence += f"; {waiting} older one(s) never treated, kept"
        yield Due(f"document(s) {rule.kind}", sentence, rule.over().count(), partial(destroy, rule))


@purge
def pending_files() -> Iterable[Due]:
    now = timezone.now()
    for_messages = PendingFile.objects.with_no_sending().filter(at__lt=now - KEPT_FOR)
    count = for_messages.count() + PendingFile.objects.filter(sending__expires_at__lte=now).count()
    yield Due("file(s) that wait for a form", f"for more than {KEPT_FOR.days} day", count, sweep_forgotten)
