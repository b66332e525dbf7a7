"""Members who send, and begin again whatever the portal did not acknowledge."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import TypeVar

from tests.cast import Person
from tests.vault.conftest import pdf
from tests.vault.tus_client import FILES, Phone

from stress.portal import MortalPortal

PATIENCE = (
    400  # seconds, for one deposit with all that happens to it, on a machine that has other things to do
)
Answer = TypeVar("Answer")


class Unexpected(Exception):
    """The portal answered what it should not have."""


@dataclass
class Delivery:
    """What a member sent: the number that acknowledged it, and at which steps the portal was lost on the way."""

    contents: list[bytes]
    documents: list[str] = field(default_factory=list)
    number: str = ""
    lost: list[str] = field(default_factory=list)


def paper(chance: random.Random) -> bytes:
    """A PDF of one page that no other member has, of up to two megabytes."""
    noise = chance.randbytes(chance.randrange(20_000, 1_000_000)).hex().encode()
    return pdf(words="Facture").replace(b"\n", b"\n%" + noise + b"\n", 1)


class Sender:
    """One member, with a phone that goes on where it was."""

    def __init__(self, portal: MortalPortal, person: Person, seed: int) -> None:
        self.portal, self.phone, self.chance = portal, Phone(portal, person), random.Random(seed)

    def deliver(self) -> Delivery:
        """One to three files: two times in three each by itself and then the form, else all in the form."""
        self.phone.begin_another()
        delivery = Delivery([paper(self.chance) for _ in range(self.chance.randint(1, 3))])
        deadline = time.monotonic() + PATIENCE
        if self.chance.random() < 2 / 3:
            for content in delivery.contents:
                delivery.documents.append(self._bring(delivery, content, deadline))
            self._send_form(delivery, [], deadline)
        else:
            self._send_form(delivery, delivery.contents, deadline)
        return delivery

    def _bring(self, delivery: Delivery, content: bytes, deadline: float) -> str:
        """Resumable, in one go or two and those that what is lost makes; the document's id."""
        path, at = "", 0
        until = len(content) if self.chance.random() < 0.5 else self.chance.randrange(1, len(content))
        while not path:
            path = self._try(delivery, "announcing", deadline, lambda: self.phone.announce(content)) or ""
        while at < len(content):

            def bring(at: int = at, until: int = until) -> int:
                return self.phone.bring(path, content[at:until], at)

            status = self._try(delivery, "bringing", deadline, bring)
            if status not in {None, 204, 409, 423}:
                raise Unexpected(f"PATCH answers {status}")
            if status == 204 and until == len(content):
                break
            until = len(content)
            asked = None
            while asked is None:
                asked = self._try(delivery, "asking", deadline, lambda: self.phone.offset(path, patience=120))
            at = asked
        return path.removeprefix(FILES).strip("/")

    def _send_form(self, delivery: Delivery, contents: list[bytes], deadline: float) -> None:
        while True:
            answer = self._try(
                delivery,
                "depositing",
                deadline,
                lambda: self.phone.deposit(contents, order=delivery.documents),
            )
            if answer is None:
                continue
            status, location = answer
            if status == 302 and "/accuses/" in location:
                delivery.number = location.split("/")[-2]
                return
            raise Unexpected(f"the form answers {status} {location}")

    def _try(
        self, delivery: Delivery, step: str, deadline: float, act: Callable[[], Answer]
    ) -> Answer | None:
        """None when the portal was lost meanwhile; it is there again then."""
        if time.monotonic() > deadline:
            raise Unexpected(f"not delivered: {delivery.lost}")
        try:
            return act()
        except (OSError, HTTPException):
            delivery.lost.append(step)
            self.portal.wait_until_ready()
            return None
