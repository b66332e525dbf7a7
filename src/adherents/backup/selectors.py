"""What an administrateur reads after a restore."""

from dataclasses import dataclass
from datetime import datetime

from adherents.accounts.models import Account
from adherents.backup.models import Restoration
from adherents.mail.models import MailState, OutboxMail
from adherents.work.models import HeldWork, Hold


@dataclass(frozen=True)
class AfterRestore:
    """`restoration`: the one after which nothing may be destroyed yet; None: nothing is held. `last`: the latest one."""

    restoration: Restoration | None
    last: Restoration | None
    mails_held_since: datetime | None
    mails_waiting: int


def after_restore() -> AfterRestore:
    held = Hold.objects.on(HeldWork.MAILS).first()
    waiting = OutboxMail.objects.filter(state=MailState.WAITING).count() if held else 0
    return AfterRestore(
        Restoration.objects.open().first(),
        Restoration.objects.order_by("-pk").first(),
        held.since if held else None,
        waiting,
    )


def waits_for(account: Account) -> int:
    """1 while an administrateur has to look, in the menu."""
    return int(Restoration.objects.open().exists())
