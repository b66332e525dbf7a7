from adherents.reading.services.forgetting import forget
from adherents.vault.erasure import belonging

belonging(forget)
