"""Somebody else's object and one that never was are answered alike: 404. Here both are counted, and journalled."""

import logging
import uuid

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from adherents.accounts.browser import address_of
from adherents.accounts.decorators import account_of
from adherents.accounts.limits import RateLimited, hit
from adherents.accounts.middleware import Handler
from adherents.accounts.services.refusals import note_object_refused

log = logging.getLogger("adherents.limits")


class ObjectRefusals:
    """One entry for each 404 of an address that names an object, up to the limit; past it, 429 and a line in the log.

    So a person who tries many identifiers is seen and stopped, and the journal does not grow with the attempts.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        found = request.resolver_match
        if response.status_code != 404 or found is None or "<" not in found.route:
            return response
        if not request.user.is_authenticated:
            return response
        account = account_of(request)
        try:
            hit("object", address=address_of(request), identifier=account.subject)
        except RateLimited as often:
            log.warning("rate limited", extra={"action": often.action})
            response.close()
            return render(request, "ui/errors/429.html", status=429)
        note_object_refused(account=account, page=found.view_name, wanted=_named(found.kwargs))
        return response


def _named(given: dict[str, object]) -> str:
    """The identifiers in the address that only the portal gives: those that a person types may say anything."""
    return " ".join(str(value) for value in given.values() if isinstance(value, uuid.UUID | int))
