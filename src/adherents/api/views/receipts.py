"""The signed proofs of what arrived."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path

from adherents.api.decorators import Routes, caller_of, given
from adherents.api.problems import Problem, Refused
from adherents.api.scopes import Scope
from adherents.vault.models import Deposit
from adherents.vault.receipts.services import hand_out_to_insurer

routes = Routes("receipts")


@routes.add(
    "GET",
    "receipts/{number}",
    scope=Scope.DOCUMENTS_READ,
    name="receipts.read",
    extra=given(
        ["application/json"], "The statement with its signature, as its member has it: docs/receipts.md."
    ),
)
def receipt(request: HttpRequest, number: Annotated[str, Path(max_length=20)]) -> HttpResponse:
    """The receipt of a deposit, signed: it can be checked without this portal."""
    try:
        given_out = hand_out_to_insurer(number=number, actor=caller_of(request).actor)
    except Deposit.DoesNotExist as error:
        raise Refused(Problem.NOT_FOUND) from error
    return HttpResponse(
        given_out.content, content_type="application/json", headers={"Cache-Control": "no-store"}
    )
