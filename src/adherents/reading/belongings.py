from adherents.reading.services.forgetting import forget, withdraw
from adherents.vault.erasure import belonging, undone

belonging(forget)
undone(withdraw)
