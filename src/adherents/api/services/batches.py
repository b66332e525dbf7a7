"""A batch that comes twice under one `Idempotency-Key`: each line that was answered gets that answer again, for 24 hours.

By line, not as a whole: a program that was cut off sends what it has left, or all of it, under the same key. The answers and
what they tell of are committed together.
"""

import json
from collections.abc import Sequence
from hashlib import blake2b

from django.db import transaction

from adherents.api.models import ApiClient
from adherents.api.services.answers import AnotherRequest, hold
from adherents.members.intake.compare import LineOutcome
from adherents.members.intake.facts import RowReason
from adherents.members.services.batch import LINES_AT_MOST, LineAnswer, put_members

_BATCH = "batch"  # what stands for the body, in the row of such a call
_DIGEST_BYTES = 16


def put_members_once(*, client: ApiClient, actor: str, name: str, lines: Sequence[bytes]) -> list[LineAnswer]:
    """As `put_members`, for the lines that were not answered yet under this name. Raises `AnotherRequest` (more than a batch) and
    `InProgress` too.
    """
    with transaction.atomic():
        row = hold(client=client, name=name, request=_BATCH)
        if row.request != _BATCH:
            raise AnotherRequest
        kept: dict[str, list[object]] = json.loads(row.answer) if row.answer else {}
        digests = _digests(lines)
        known = {line for line, digest in digests.items() if digest in kept}
        if len(kept) + len(digests) - len(known) > LINES_AT_MOST:
            raise AnotherRequest
        # A line that is known is left blank, so that the others keep their places.
        rest = [b"" if place in known else line for place, line in enumerate(lines, start=1)]
        fresh = put_members(lines=rest, actor=actor)
        kept |= {digests[answer.line]: _as_kept(answer) for answer in fresh}
        row.answer = json.dumps(kept)
        row.save(update_fields=["answer"])
    again = [_answer(line, kept[digests[line]]) for line in known]
    return sorted([*fresh, *again], key=lambda answer: answer.line)


def _digests(lines: Sequence[bytes]) -> dict[int, str]:
    """By line: the hash of what it says, and which of the same lines it is. The second of two has another answer."""
    digests: dict[int, str] = {}
    seen: dict[str, int] = {}
    for place, line in enumerate(lines, start=1):
        if text := line.strip():
            digest = blake2b(text, digest_size=_DIGEST_BYTES).hexdigest()
            seen[digest] = seen.get(digest, 0) + 1
            digests[place] = f"{digest}/{seen[digest]}"
    return digests


def _as_kept(answer: LineAnswer) -> list[object]:
    reasons = [[field, str(message)] for field, message in answer.reasons]
    return [answer.number, answer.outcome.value, reasons]


def _answer(line: int, kept: list[object]) -> LineAnswer:
    number, outcome, reasons = kept
    assert isinstance(reasons, list)
    told = [RowReason(field, message) for field, message in reasons]
    return LineAnswer(line, str(number), LineOutcome(str(outcome)), told)
