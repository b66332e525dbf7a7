"""The files that go with an agent's message: with which sending they wait, and how they leave with it."""

import uuid

from adherents.accounts.models import Account
from adherents.accounts.permissions import Act
from adherents.accounts.services.acts import check_act
from adherents.database.transactions import needs_transaction
from adherents.members.models import Member
from adherents.vault.models import Document
from adherents.vault.services.attaching import attach_to_answer
from adherents.vault.services.receiving import FormFiles

ANSWERS = uuid.UUID("5f6ce1a4-6f0d-4d0c-9d0b-3f4f8a4b9f27")  # the name space of `sending_of`


def sending_of(agent: Account, about: str) -> uuid.UUID:
    """With which sending an agent's files wait, the same on each page: one for each agent and thread, or first message."""
    return uuid.uuid5(ANSWERS, f"{agent.actor} {about}")


def first_message(member: Member) -> str:
    """What the files of a first message to this member are about."""
    return f"first message to {member.subject}"


@needs_transaction
def check_agent(agent: Account, files: FormFiles) -> None:
    """To be called first in the transaction of the message, before another row is locked. Raises `ActRefused`."""
    if files.brings_any:
        check_act(agent=agent, act=Act.MESSAGES)


@needs_transaction
def attach_files(*, agent: Account, member: Member, about: str, files: FormFiles) -> list[Document]:
    """Make documents of what goes with the message, in the caller's transaction. A system of the insurer has no form.

    Raises as `attach_to_answer`.
    """
    if not agent.is_agent:
        return []
    return attach_to_answer(agent=agent, member=member, sending_id=sending_of(agent, about), files=files)
