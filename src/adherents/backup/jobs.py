from adherents.backup.services import lifting
from adherents.work.registry import sweep


# They read the names of all the objects, once or twice a restore: no mail waits for that.
@sweep("backup.count", lane="drawings", every=5)
def count_objects() -> int:
    return lifting.count_due()


@sweep("backup.unowned", lane="drawings", every=60)
def give_to_sweep() -> int:
    return lifting.give_to_sweep()
