from adherents.casework.services.deciding import settle_due
from adherents.casework.services.entering import enter_lately, put_right
from adherents.casework.services.queue import end_leases
from adherents.work.registry import sweep


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
