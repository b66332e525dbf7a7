"""What every route of the API does before and after its own work.

In this order: who calls, how often, with which scope; the body's type and size; the same call made before
(`Idempotency-Key`); the work; the journal.
"""

import hashlib
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial, wraps
from inspect import signature
from typing import Any, TypeVar, cast

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from ninja import Router
from ninja.constants import NOT_SET
from ninja.decorators import decorate_view
from ninja.security.base import AuthBase

from adherents.accounts.browser import address_of
from adherents.accounts.limits import RateLimited, hit, hit_own
from adherents.api.converters import ANY_CASE_UUID
from adherents.api.handlers import CONTENT_TYPE, cut_off, in_progress, problem_response, too_many
from adherents.api.models import ApiClient
from adherents.api.problems import Problem, Refused, invalid
from adherents.api.scopes import Scope
from adherents.api.services import answers, calls
from adherents.api.services.callers import Caller, CallsFromAnotherNetwork, NobodyKnown, identify

log = logging.getLogger("adherents.api")
View = TypeVar("View", bound=Callable[..., Any])
Run = Callable[..., HttpResponseBase]
JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
IDEMPOTENCY_KEY = "Idempotency-Key"
KEPT_HEADERS = ("Content-Type", "Location", "ETag", "Retry-After")
NOT_KEPT = {401, 403, 429}  # and whatever is wrong here (5xx): the same call may do better
_WRITES = {"POST", "PUT", "PATCH"}
_VISIBLE = re.compile(r"[\x21-\x7e]{1,255}")
_ALWAYS = (Problem.NOT_AUTHENTICATED, Problem.MISSING_SCOPE, Problem.WRONG_NETWORK, Problem.TOO_MANY_REQUESTS)


def caller_of(request: HttpRequest) -> Caller:
    """Who calls; only in a route that asks for a scope."""
    return cast(Caller, request.caller)  # type: ignore[attr-defined]


def is_visible(key: str) -> bool:
    """Whether an `Idempotency-Key` is what it may be."""
    return bool(_VISIBLE.fullmatch(key))


def look_at(request: HttpRequest, about: object) -> None:
    """Say in the journal's entry of this call which document or thread it was about: an id that only the portal gives."""
    request.about = str(about)  # type: ignore[attr-defined]


class ClientKey(AuthBase):
    """« Authorization: Bearer », with a key or with a token. The route has looked at it before Ninja asks."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = (
        "The key that `adherents create_client` printed, or an access token of `POST token`."
    )

    def __call__(self, request: HttpRequest) -> Caller:
        return caller_of(request)


@dataclass(frozen=True)
class Route:
    """`digest`: what was sent, in short, where it is not the body itself (a file is read as it comes). `asks`: the names that its
    address may have behind the « ? ».
    """

    name: str
    scope: Scope
    media_type: str
    digest: Callable[[HttpRequest], str] | None
    reads_itself: bool
    repeats_itself: bool
    afterwards: Callable[[HttpRequest], None]
    asks: frozenset[str]


@dataclass
class Routes:
    """The routes of one subject. `urls.py` mounts them all.

    `takes_files`, `gives_files`: the addresses whose bodies or answers are long, as `config.serving` asks.
    """

    subject: str
    router: Router = field(default_factory=Router)
    takes_files: set[str] = field(default_factory=set)
    gives_files: set[str] = field(default_factory=set)

    def add(
        self,
        method: str,
        path: str,
        *,
        scope: Scope,
        name: str,
        response: Any = NOT_SET,
        refuses: Iterable[Problem] = (),
        media_type: str = JSON,
        reads_itself: bool = False,
        digest: Callable[[HttpRequest], str] | None = None,
        repeats_itself: bool = False,
        afterwards: Callable[[HttpRequest], None] = lambda request: None,
        gives_a_file: bool = False,
        extra: dict[str, Any] | None = None,
    ) -> Callable[[View], View]:
        """Register a view: `add("GET", "documents", scope=…, name="documents.list", response=DocumentList)`.

        `name`: of the operation, and in the journal. `refuses`: the problems of its own. `media_type`: of its body.
        `reads_itself`: the view reads a long body as it comes, and `digest` says then what was sent (after reading it).
        `repeats_itself`: it answers a call made twice by itself. `afterwards`: done at the end, whatever happened.
        """
        path = path.replace("{uuid:", f"{{{ANY_CASE_UUID}:")
        address = path.replace("{", "<").replace("}", ">")  # as Django writes it
        if reads_itself:
            self.takes_files.add(address)
        if gives_a_file:
            self.gives_files.add(address)

        def register(view: View) -> View:
            route = Route(
                name,
                scope,
                media_type if method in _WRITES else "",
                digest,
                reads_itself,
                repeats_itself,
                afterwards,
                frozenset(_names_in_the_address(view)),
            )
            decorate_view(partial(_called, route))(view)
            self.router.add_api_operation(
                path,
                ["GET", "HEAD"] if method == "GET" else [method],
                view,
                auth=ClientKey(),
                response=response,
                operation_id=name,
                url_name=name,
                summary=(view.__doc__ or name).strip().splitlines()[0],
                description=_described(view, scope),
                tags=[self.subject],
                openapi_extra=documented(method, refuses, scope) | (extra or {}),
            )
            return view

        return register


def _names_in_the_address(view: Callable[..., Any]) -> Iterator[str]:
    for name, parameter in signature(view).parameters.items():
        said = [getattr(part, "alias", None) for part in getattr(parameter.annotation, "__metadata__", ())]
        yield next(filter(None, said), name)


def _described(view: Callable[..., Any], scope: Scope) -> str:
    words = " ".join((view.__doc__ or "").split())
    return f"{words}\n\nScope: `{scope.value}`."


def documented(method: str, refuses: Iterable[Problem], scope: Scope | None) -> dict[str, Any]:
    """The refusals of a route for `openapi.json`, by status; and the header that a POST may have."""
    problems = [*refuses, Problem.INVALID, Problem.BAD_REQUEST, Problem.SERVER_ERROR, Problem.UNAVAILABLE]
    problems += [
        Problem.NOT_FOUND,
        *(_ALWAYS if scope else [Problem.NOT_AUTHENTICATED, Problem.TOO_MANY_REQUESTS]),
    ]
    if method in _WRITES:
        problems += [
            Problem.UNSUPPORTED_MEDIA_TYPE,
            Problem.TOO_LARGE,
            Problem.LENGTH_REQUIRED,
            Problem.TOO_SLOW,
        ]
    parameters = []
    if method == "POST" and scope:
        problems += [Problem.IDEMPOTENCY_KEY_REUSED, Problem.IN_PROGRESS]
        parameters = [
            {
                "in": "header",
                "name": IDEMPOTENCY_KEY,
                "required": False,
                "description": "The same call again under this key does nothing more, and gets the same answer, for 24 hours.",
                "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
            }
        ]
    by_status: dict[str, list[Problem]] = {}
    for problem in dict.fromkeys(problems):
        by_status.setdefault(str(problem.status), []).append(problem)
    responses = {
        status: {
            "description": " ".join(f"`{problem.code}`: {problem.title}" for problem in of_status),
            "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, of_status in sorted(by_status.items())
    }
    said: dict[str, Any] = {"responses": responses}
    if parameters:
        said["parameters"] = parameters
    if scope:
        said["x-scope"] = scope.value
    return said


def headed(**headers: str) -> dict[str, Any]:
    """For `add(extra=…)`: the headers of an answer that is no refusal, each with what it says."""
    described = {
        name: {"description": words, "schema": {"type": "string"}} for name, words in headers.items()
    }
    return {"x-headers": described}


VERSIONED = headed(ETag="the version of the person, for `If-Match`")
LOCATED = headed(Location="the address of what was made")


def given(media_types: Iterable[str], words: str, *headers: str) -> dict[str, Any]:
    """For `add(extra=…)`: an answer that is no JSON of ours, and the headers that say what it is."""
    described = {name: {"schema": {"type": "string"}} for name in headers}
    content: dict[str, Any] = {media_type: {} for media_type in media_types}
    return {"x-answers": {"200": {"description": words, "content": content, "headers": described}}}


def _called(route: Route, run: Run) -> Run:
    """The operation, with what is before and after it."""

    @wraps(run)
    def called(request: HttpRequest, **path: Any) -> HttpResponseBase:
        try:
            caller = _admitted(request, route)
        except Refused as refused:
            return problem_response(refused)
        request.caller = caller  # type: ignore[attr-defined]
        status = 500
        try:
            response = _answered(request, route, caller, partial(run, request, **path))
            status = response.status_code
        finally:
            route.afterwards(request)
            calls.note_call(
                client=caller.client,
                method=request.method or "",
                route=route.name,
                status=status,
                about=getattr(request, "about", ""),
            )
        return response

    return called


def _admitted(request: HttpRequest, route: Route) -> Caller:
    kind, _, presented = request.headers.get("Authorization", "").partition(" ")
    caller = known(request, presented.strip() if kind.lower() == "bearer" else "", route=route.name)
    scope = route.scope
    if scope not in caller.scopes:
        _note_refused(request, caller.client, route.name, Problem.MISSING_SCOPE)
        challenge = f'Bearer realm="api", error="insufficient_scope", scope="{scope.value}"'
        raise Refused(
            Problem.MISSING_SCOPE,
            f"The scope {scope.value} is needed.",
            headers={"WWW-Authenticate": challenge},
        )
    return caller


def known(request: HttpRequest, presented: str, *, route: str) -> Caller:
    """The client behind a key or a token, within its rate. Raises `Refused`. `route`: what it asks for, in the journal.

    A key that is used from elsewhere may be stolen: the journal says so, as often as any key may be tried from one address.
    """
    address = address_of(request)
    try:
        caller = identify(presented=presented, address=address)
    except CallsFromAnotherNetwork as elsewhere:
        _hit_keys(address)
        log.warning("a client calls from another network", extra={"client": elsewhere.client.name})
        _note_refused(request, elsewhere.client, route, Problem.WRONG_NETWORK)
        raise Refused(Problem.WRONG_NETWORK) from elsewhere
    except NobodyKnown as error:
        _hit_keys(address)
        raise Refused(Problem.NOT_AUTHENTICATED) from error
    try:
        hit_own("api", of=caller.actor, rate=f"{caller.client.calls_a_minute}/minute")
    except RateLimited as often:
        raise too_many() from often
    return caller


def _hit_keys(address: str) -> None:
    try:
        hit("key", address=address)
    except RateLimited as often:
        raise too_many() from often


def _note_refused(request: HttpRequest, client: ApiClient, route: str, problem: Problem) -> None:
    """Who tries what a client may not do leaves as many traces as who does what it may."""
    calls.note_call(client=client, method=request.method or "", route=route, status=problem.status)


def _answered(
    request: HttpRequest, route: Route, caller: Caller, work: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    """HEAD answers like GET, without the body (the server leaves it out): nobody has seen anything, so what is written about a
    look at a document or a member is undone. The call itself is journalled as each is.
    """
    if request.method != "HEAD":
        return _worked(request, route, caller, work)
    with transaction.atomic():
        response = _worked(request, route, caller, work)
        transaction.set_rollback(True)
    return response


def _worked(
    request: HttpRequest, route: Route, caller: Caller, work: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    try:
        _check_query(request, route)
        sent = _body(request, route)
        key = request.headers.get(IDEMPOTENCY_KEY)
        if key is None or request.method != "POST" or route.repeats_itself:
            return work()
        if not is_visible(key):
            raise Refused(Problem.BAD_IDEMPOTENCY_KEY)
        return _once(request, caller, key, sent, work)
    except UnreadablePostError:
        return problem_response(cut_off())
    except Refused as refused:
        return problem_response(refused)


def _check_query(request: HttpRequest, route: Route) -> None:
    """What is left empty was not asked for. Raises `Refused` for a name that the route does not know: a misspelt « dry » would
    write, and a misspelt filter give everything.
    """
    asked = request.GET.copy()
    for name in request.GET:
        if name not in route.asks:
            raise invalid(name[:40], "unknown", where="query")
        if not any(asked.getlist(name)):
            del asked[name]
    request.GET = asked  # type: ignore[assignment]


def _body(request: HttpRequest, route: Route) -> str:
    """The SHA-256 of what was sent. The body is read here, before any transaction. Raises `Refused`."""
    if not route.media_type:
        return ""
    if request.content_type != route.media_type:
        raise Refused(Problem.UNSUPPORTED_MEDIA_TYPE, f"Send {route.media_type}.")
    if route.digest is not None:
        return route.digest(request)
    if route.reads_itself:
        return ""
    try:
        return hashlib.sha256(request.body).hexdigest()
    except RequestDataTooBig as error:
        raise Refused(Problem.TOO_LARGE, f"At most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes.") from error


def _once(
    request: HttpRequest, caller: Caller, key: str, sent: str, work: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    name = answers.name_of(method="POST", path=request.path, key=key)
    with transaction.atomic():
        try:
            before = answers.claim(client=caller.client, name=name, request=sent)
        except answers.AnotherRequest as error:
            raise Refused(Problem.IDEMPOTENCY_KEY_REUSED) from error
        except answers.InProgress as error:
            raise in_progress() from error
        if before is not None:
            again = HttpResponse(before.body, status=before.status, headers=dict(before.headers))
            again["Idempotency-Replayed"] = "true"
            return again
        response = work()
        if response.status_code in NOT_KEPT or response.status_code >= 500:
            transaction.set_rollback(True)
        elif isinstance(response, HttpResponse):
            headers = {header: response[header] for header in KEPT_HEADERS if header in response}
            kept = answers.KeptAnswer(response.status_code, headers, response.content)
            answers.keep(client=caller.client, name=name, answer=kept)
    return response
