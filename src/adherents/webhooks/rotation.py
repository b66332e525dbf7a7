from collections.abc import Iterator

from adherents.crypto.rotation import RotationStats, resealed, rotation
from adherents.webhooks.models import Endpoint


@rotation("webhooks", covers=[(Endpoint, "secret"), (Endpoint, "former_secret")])
def endpoints() -> Iterator[RotationStats]:
    return resealed(Endpoint, "secret", "former_secret")
