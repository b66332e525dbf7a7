"""Real SMTP servers for the tests, on this machine."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Mailbox:
    """A server's handler that keeps what it is sent. `refused`: addresses that it answers 550 to; `answers`: to RCPT or DATA.

    `ends`: addresses at which it ends the connection, and what it says before. `silence`: seconds before it answers DATA.
    """

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.refused: set[str] = set()
        self.answers: dict[str, str] = {}
        self.ends: dict[str, str] = {}
        self.silence = 0.0
        self.asked = 0  # how often it was brought a message

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.ends:
            if not self.ends[address]:
                server.transport.close()
            return self.ends[address] or "421"
        if address in self.refused:
            return "550 No such user here"
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.asked += 1
        await asyncio.sleep(self.silence)
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.envelopes.append(envelope)
        return "250 OK"

    @property
    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(envelope.content, policy=policy.default) for envelope in self.envelopes]  # type: ignore[misc]


@contextmanager
def listening(mailbox: Mailbox, port: int) -> Iterator[Mailbox]:
    """An SMTP server on 127.0.0.1 for as long as the block lasts."""
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
