from adherents.mail.bounces import address_refused
from adherents.members.services.addresses import record_bounce


@address_refused
def note_refused_address(address: str) -> None:
    record_bounce(address=address)
