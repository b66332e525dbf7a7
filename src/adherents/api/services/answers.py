"""A call that comes twice under one `Idempotency-Key` works once, and gets the same answer again for 24 hours.

The row, the work and the answer are committed together: a process that is killed leaves none of them. Of two calls at once, the
second waits on the row for the first, and is refused where that takes too long: on PostgreSQL, where others work meanwhile.
SQLite has one writer at a time, for whom the second one waits as for any other.
"""

import hashlib
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from adherents.api.ids import ANY_CASE_ID
from adherents.api.models import ApiClient, StoredAnswer
from adherents.database.locks import LockNotFree, waiting_at_most
from adherents.database.transactions import needs_transaction

_ID = re.compile(ANY_CASE_ID)
WAITS = 10.0  # seconds: a call that takes longer is asked for again


class AnotherRequest(Exception):
    """Another request was sent under this key."""


class InProgress(Exception):
    """The same call is being worked on, for longer than this one may wait. Its answer comes later, under the same key."""


@dataclass(frozen=True)
class KeptAnswer:
    """As it left: the status, the headers that say what the body is, and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def name_of(*, method: str, path: str, key: str) -> str:
    """One name for one address: an id in capitals is the same id."""
    path = _ID.sub(lambda found: found[0].lower(), path)
    return hashlib.sha256("\n".join((method, path, key)).encode()).hexdigest()


@needs_transaction
def claim(*, client: ApiClient, name: str, request: str) -> KeptAnswer | None:
    """The answer that was given already; None: this call is the first, and does the work.

    To be called in the transaction in which the work is done and `keep` called. `request`: what was sent, in short.
    Raises `AnotherRequest` and `InProgress`.
    """
    held = hold(client=client, name=name, request=request)
    if held.request != request:
        raise AnotherRequest
    if not held.answer:
        return None
    said = json.loads(held.answer)
    return KeptAnswer(said["status"], said["headers"], b64decode(said["body"]))


@needs_transaction
def hold(*, client: ApiClient, name: str, request: str) -> StoredAnswer:
    """The row of a call, made if there is none, under lock. Must be called in a transaction. Raises `InProgress`."""
    rows = StoredAnswer.objects.filter(client=client, name=name)
    row = StoredAnswer(client=client, name=name, request=request)
    try:
        with waiting_at_most(WAITS):
            rows.over().delete()
            # On PostgreSQL this waits for another transaction that has written the row, until its end.
            StoredAnswer.objects.bulk_create([row], ignore_conflicts=True)
            return rows.select_for_update().get()
    except LockNotFree as error:
        raise InProgress from error


@needs_transaction
def keep(*, client: ApiClient, name: str, answer: KeptAnswer) -> None:
    """Keep the answer, sealed. To be called in the transaction of `claim`."""
    row = StoredAnswer.objects.get(client=client, name=name)
    said = {"status": answer.status, "headers": dict(answer.headers), "body": b64encode(answer.body).decode()}
    row.answer = json.dumps(said)
    row.save(update_fields=["answer"])
