from django.db.models import QuerySet

from adherents.casework.models import Decision, Item
from adherents.casework.services.deciding import settle_due
from adherents.casework.services.entering import enter_lately, put_right, ready_to_enter
from adherents.casework.services.queue import end_leases
from adherents.vault.models import Document
from adherents.work.registry import backlog, sweep


@backlog("queue_entry", since="checked_at")
def entering() -> QuerySet[Document]:
    return ready_to_enter()


@backlog("decisions", since="at")
def unsettled() -> QuerySet[Decision]:
    return Decision.objects.unfinished()


@backlog("queue", since="entered_at", lane="")
def for_agents() -> QuerySet[Item]:
    return Item.objects.waiting()


@sweep("casework.entering")
def enter() -> int:
    return enter_lately()


@sweep("casework.entering.all", every=120)
def enter_what_was_forgotten() -> int:
    return put_right()


@sweep("casework.leases", every=5)
def free() -> int:
    return end_leases()


@sweep("casework.decisions")
def settle() -> int:
    return settle_due()
