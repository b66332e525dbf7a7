from adherents.mail.registry import address_refused
from adherents.members.services.addresses import note_refusal


@address_refused
def note_refused_address(address: str) -> None:
    note_refusal(address=address)
