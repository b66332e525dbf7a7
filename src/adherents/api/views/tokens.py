"""`POST token`: the client credentials of OAuth 2 (RFC 6749 §4.4). Its refusals are OAuth's own, inside a problem."""

import binascii
from base64 import b64decode
from typing import Annotated, Any, Literal
from urllib.parse import unquote_plus

from django.http import HttpRequest, JsonResponse
from ninja import Form, Router
from pydantic import BaseModel, Field

from adherents.api.decorators import FORM, documented, known
from adherents.api.problems import Problem, Refused
from adherents.api.scopes import NoSuchScope, scopes_in
from adherents.api.services import calls
from adherents.api.services.callers import TOKEN_SECONDS, issue_token

router = Router()
NAME = "token"
BASIC = {"WWW-Authenticate": 'Basic realm="api"'}


class AccessToken(BaseModel):
    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="seconds")
    scope: str


@router.post(
    "token",
    auth=None,
    response=AccessToken,
    operation_id=NAME,
    url_name=NAME,
    summary="A token for a client's key (OAuth 2, client credentials).",
    tags=["token"],
    openapi_extra=documented("POST", [Problem.BAD_REQUEST, Problem.WRONG_NETWORK], None),
)
def token(
    request: HttpRequest,
    grant_type: Annotated[str, Form(max_length=100)] = "",
    scope: Annotated[str, Form(max_length=500)] = "",
    client_id: Annotated[str, Form(max_length=200)] = "",
    client_secret: Annotated[str, Form(max_length=1000)] = "",
) -> Any:
    """`client_id` is the client's name, `client_secret` its key: in the form, or as HTTP Basic. The token lives ten minutes, and
    dies with the key and when the client is suspended. An `Idempotency-Key` does nothing here: no token is stored.
    """
    if request.content_type != FORM:
        raise Refused(Problem.UNSUPPORTED_MEDIA_TYPE, f"Send {FORM}.")
    name, key = _credentials(request) or (client_id, client_secret)
    try:
        caller = known(request, key if key.startswith("adh_") else "", route=NAME)
    except Refused as refused:
        raise _oauth("invalid_client", refused.problem, headers={**refused.headers, **BASIC}) from refused
    if caller.client.name != name:
        raise _oauth("invalid_client", Problem.NOT_AUTHENTICATED, headers=BASIC)
    if grant_type != "client_credentials":
        raise _oauth("unsupported_grant_type" if grant_type else "invalid_request", Problem.BAD_REQUEST)
    try:
        wanted = frozenset(scopes_in(scope)) if scope.strip() else caller.scopes
    except NoSuchScope as error:
        raise _oauth("invalid_scope", Problem.BAD_REQUEST) from error
    if not wanted <= caller.scopes:
        raise _oauth("invalid_scope", Problem.BAD_REQUEST)
    calls.note_call(client=caller.client, method="POST", route=NAME, status=200)
    said = {
        "access_token": issue_token(caller=caller, scopes=wanted),
        "token_type": "Bearer",
        "expires_in": TOKEN_SECONDS,
        "scope": " ".join(sorted(wanted)),
    }
    return JsonResponse(said, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def _credentials(request: HttpRequest) -> tuple[str, str] | None:
    """Those of HTTP Basic, each decoded as RFC 6749 §2.3.1 says; None where there are none."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _, key = b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(name), unquote_plus(key)


def _oauth(error: str, problem: Problem, headers: dict[str, str] | None = None) -> Refused:
    return Refused(problem, headers=headers or {}, more={"error": error})
