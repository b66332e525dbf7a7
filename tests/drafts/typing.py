"""What somebody does with a form in these tests: open its page, type, post it, let the script save it."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from django.test import Client

from adherents.accounts.models import Session

SAVE = "/brouillon/"
TYPED = "Ma dent couronnée — « zinc » 42"


def place_on(page: str, kind: str = "") -> str:
    """The sealed place of the form of this kind (the first one, where none is named)."""
    marks = re.findall(r'name="brouillon"\s+value="([^"]+)".*?data-where="([^"]*)"', page, re.DOTALL)
    return next(token for token, where in marks if where.startswith(kind))


def said_in(response: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", response.content.decode())).split())


@dataclass
class Tab:
    """One page open in a browser, with the tokens that it was made with."""

    browser: Client
    address: str
    kind: str = ""
    tokens: dict[str, str] = field(default_factory=dict)
    html: str = ""

    def __post_init__(self) -> None:
        self.html = self.browser.get(self.address).content.decode()
        self.tokens = {"brouillon": place_on(self.html, self.kind)}
        if csrf := re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.html):
            self.tokens["csrfmiddlewaretoken"] = csrf[1]

    def post(self, words: dict[str, Any], to: str = "") -> Any:
        """Its token is looked for, as a server does and a test's client does not: that alone reads the form."""
        handler = self.browser.handler
        before, handler.enforce_csrf_checks = handler.enforce_csrf_checks, True
        try:
            return self.browser.post(to or self.address, {**self.tokens, **words})
        finally:
            handler.enforce_csrf_checks = before

    def save(self, **words: str) -> Any:
        return self.browser.post(SAVE, {"brouillon": self.tokens["brouillon"], **words})

    def shows(self, text: str) -> bool:
        """Whether the page, opened again, has this text."""
        return text in unescape(self.browser.get(self.address).content.decode())


def end_sessions() -> None:
    """As left alone too long: the rows are swept."""
    Session.objects.all().delete()
