from collections.abc import Iterator

from adherents.api.models import ApiKey, StoredAnswer
from adherents.crypto.rotation import RotationStats, resealed, rotation


@rotation("keys of clients", covers=[(ApiKey, "digest")])
def keys() -> Iterator[RotationStats]:
    return resealed(ApiKey, "digest")


@rotation("answers to clients", covers=[(StoredAnswer, "request"), (StoredAnswer, "answer")])
def answers() -> Iterator[RotationStats]:
    return resealed(StoredAnswer, "request", "answer")
