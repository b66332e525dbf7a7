from adherents.enrolment.services import first_connection
from adherents.work.registry import sweep


@sweep("identity claims")
def settle_identity_claims() -> int:
    return first_connection.settle_due()
