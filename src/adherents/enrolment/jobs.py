from adherents.enrolment.services import first_connection, letters
from adherents.work.registry import sweep


@sweep("identity claims")
def settle_identity_claims() -> int:
    return first_connection.settle_due()


@sweep("letters")
def make_letters() -> int:
    return letters.prepare_due()


@sweep("old letters", every=60)
def destroy_letters() -> int:
    return letters.destroy_old()
