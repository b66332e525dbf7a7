"""Refusals as answers: `application/problem+json` (RFC 9457), with the request's name. Never what was sent."""

import json
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from adherents.accounts.limits import RateLimited
from adherents.api.problems import Problem, Refused
from adherents.telemetry.request_ids import request_id

CONTENT_TYPE = "application/problem+json"
PREFIX = "/api/v1/"
RETRY_AFTER = 60  # seconds: rates are by the minute
IN_PROGRESS_SECONDS = 5
CHALLENGE = 'Bearer realm="api"'


def type_of(problem: Problem) -> str:
    """The address that names this kind of problem, and says what it is."""
    return f"{settings.BASE_URL.rstrip('/')}{PREFIX}problems/{problem.code}"


def problem_response(refused: Refused) -> HttpResponse:
    problem = refused.problem
    said: dict[str, object] = {
        "type": type_of(problem),
        "title": problem.title,
        "status": problem.status,
        **({"detail": refused.detail} if refused.detail else {}),
        "request_id": request_id(),
        **refused.more,
    }
    body = json.dumps(said).encode()
    headers = dict(refused.headers) | {"Cache-Control": "no-store", "Content-Length": str(len(body))}
    if problem.status == 401:
        headers.setdefault("WWW-Authenticate", CHALLENGE)
    return HttpResponse(body, status=problem.status, content_type=CONTENT_TYPE, headers=headers)


def too_many() -> Refused:
    return Refused(Problem.TOO_MANY_REQUESTS, headers={"Retry-After": str(RETRY_AFTER)})


def in_progress() -> Refused:
    return Refused(Problem.IN_PROGRESS, headers={"Retry-After": str(IN_PROGRESS_SECONDS)})


def _refused(request: HttpRequest, refused: Refused) -> HttpResponse:
    return problem_response(refused)


def _rate_limited(request: HttpRequest, error: RateLimited) -> HttpResponse:
    return problem_response(too_many())


def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem_response(Refused(Problem.NOT_FOUND))


def cut_off() -> Refused:
    """The body broke off while the route was reading it: too slow, or nobody is there any more."""
    return Refused(Problem.TOO_SLOW)


def _not_read(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Ninja's own: a body that is no JSON."""
    return problem_response(Refused(Problem.BAD_REQUEST))


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Where, and what should be there; never the value."""
    return problem_response(
        Refused(Problem.INVALID, more={"errors": [_fault(fault) for fault in error.errors]})
    )


def _fault(fault: dict[str, Any]) -> dict[str, str]:
    source, *where = fault["loc"]
    if source == "body":
        where = where[
            1:
        ]  # the first is the name that the body has in our code; nothing after it: the body as a whole
    return {
        "in": str(source),
        "at": "/".join(map(str, where)),
        "code": fault["type"],
        "message": fault["msg"],
    }


def answer_with_problems(api: NinjaAPI) -> None:
    """Whatever a route raises that is foreseen becomes a problem. What is not stays an error, and is logged."""
    handle: Any = api.add_exception_handler  # Ninja types a handler as one that takes the class too
    handle(Refused, _refused)
    handle(RateLimited, _rate_limited)
    handle(Http404, _not_found)
    handle(HttpError, _not_read)
    handle(ValidationError, _invalid)


class DescribedApi(NinjaAPI):
    """Ninja's API, with the problems and the scopes in its description."""

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        schema = super().get_openapi_schema(**kwargs)
        schema["components"]["schemas"]["Problem"] = PROBLEM_SCHEMA
        for methods in schema["paths"].values():
            methods.pop("head", None)  # as GET, without the body
            for operation in methods.values():
                scope = operation.get("x-scope")
                for requirement in operation.get("security", []):
                    requirement.update({name: [scope] for name in requirement})
                # Ninja's own are numbered, ours are named; ours say more.
                answers = operation["responses"]
                operation["responses"] = {str(status): answers[status] for status in answers}
                operation["responses"].update(operation.pop("x-answers", {}))
                _describe_headers(operation)
                if body := operation.pop("x-body", None):
                    operation["requestBody"] = body
        return schema


def _describe_headers(operation: dict[str, Any]) -> None:
    """The headers of each answer that is no refusal."""
    headers = operation.pop("x-headers", {})
    for status, answer in operation["responses"].items():
        if headers and status.startswith("2"):
            answer["headers"] = answer.get("headers", {}) | headers


PROBLEM_SCHEMA = {
    "title": "Problem",
    "description": "RFC 9457. `type` ends with the problem's code and never changes.",
    "type": "object",
    "required": ["type", "title", "status", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("in", "at", "code", "message")},
            },
        },
        "reason": {
            "type": "string",
            "description": "of `file-refused`: why the file is; of `position-gone`: `forgotten` or `restored`",
        },
        "start": {"type": "string", "description": "of `position-gone`: the position to go on from"},
        "error": {"type": "string", "description": "of `POST token`: OAuth's own code"},
    },
}
