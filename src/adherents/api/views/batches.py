"""Many members at once."""

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from adherents.api.decorators import IDEMPOTENCY_KEY, Routes, caller_of, is_visible
from adherents.api.handlers import in_progress, type_of
from adherents.api.problems import Problem, Refused
from adherents.api.resources.members import lines_of
from adherents.api.scopes import Scope
from adherents.api.services.answers import AnotherRequest, InProgress, name_of
from adherents.api.services.batches import put_members_once
from adherents.api.views.found import register_busy
from adherents.members.intake.last_files import RegisterBusy
from adherents.members.services.batch import LINES_AT_MOST, TooManyLines, TooManyOthersInBatch, put_members

routes = Routes("members")
BATCH_BYTES = 8 * 1024 * 1024
NDJSON = "application/x-ndjson"


@routes.add(
    "POST",
    "members/batch",
    scope=Scope.MEMBERS_WRITE,
    name="members.batch",
    refuses=[Problem.PERSONS_CHANGED],
    media_type=NDJSON,
    reads_itself=True,
    repeats_itself=True,
    extra={
        "requestBody": {
            "required": True,
            "content": {NDJSON: {"schema": {"type": "string"}}},
        },
    },
)
def batch(request: HttpRequest, dry: bool = False) -> HttpResponse:
    """Put many members, one a line of JSON, 10,000 lines and 8 MiB at most. The answer has a line for each line, in their order:
    `line`, `number`, `status` as a PUT would have, `outcome`, and `type` and `errors` where the line is refused.

    A refused line stops no other, and nobody is ended. With `dry=true`, nothing is changed. Under an `Idempotency-Key`, each line
    that was answered gets that answer again.
    """
    lines = _lines(request)
    caller = caller_of(request)
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is not None and not is_visible(key):
        raise Refused(Problem.BAD_IDEMPOTENCY_KEY)
    with translation.override("en"):
        try:
            if key is None or dry:
                answers = put_members(lines=lines, dry=dry, actor=caller.actor)
            else:
                name = name_of(method="POST", path=request.path, key=key)
                answers = put_members_once(client=caller.client, actor=caller.actor, name=name, lines=lines)
        except RegisterBusy as error:
            raise register_busy() from error
        except TooManyLines as error:
            raise Refused(Problem.TOO_LARGE, f"At most {LINES_AT_MOST} lines.") from error
        except TooManyOthersInBatch as error:
            raise Refused(Problem.PERSONS_CHANGED) from error
        except AnotherRequest as error:
            raise Refused(Problem.IDEMPOTENCY_KEY_REUSED) from error
        except InProgress as error:
            raise in_progress() from error
        types = {problem.status: type_of(problem) for problem in (Problem.PERSON_CHANGED, Problem.INVALID)}
        return HttpResponse(lines_of(answers, types), content_type=NDJSON)


def _lines(request: HttpRequest) -> list[bytes]:
    """The body, to its end: one that was cut off on the way is not worked on."""
    length = request.headers.get("Content-Length") or "0"
    announced = int(length) if length.isdecimal() else 0
    body = bytearray()
    while len(body) <= BATCH_BYTES and (chunk := request.read(1 << 16)):
        body += chunk
    if len(body) > BATCH_BYTES:
        raise Refused(Problem.TOO_LARGE, f"At most {BATCH_BYTES} bytes.")
    if len(body) < announced:
        raise Refused(Problem.BAD_REQUEST, "The body was cut off.")
    if body.count(b"\n") > 2 * LINES_AT_MOST:  # blank ones are not counted as lines, within reason
        raise Refused(Problem.TOO_LARGE, f"At most {LINES_AT_MOST} lines.")
    return bytes(body).split(b"\n")
