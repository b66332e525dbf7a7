"""The last file that the register trusted: kept while another one is applied, and then replaced by it."""

from django.db import connection
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from adherents.database.locks import LockNotFree, waiting_at_most
from adherents.database.transactions import needs_transaction
from adherents.members.intake.compare import Plan
from adherents.members.intake.sheets import MEMBERS
from adherents.members.intake.staging import Staging
from adherents.members.models import LastFile


def imports_so_far() -> int:
    """How many imports were applied."""
    counted = LastFile.objects.filter(sheet=MEMBERS.name).values_list("imports", flat=True)
    return counted.first() or 0


def hold(imports: int) -> bool:
    """Keep other imports waiting until the transaction ends. False: one was applied since there were `imports` of them.

    What a file was compared with must be what it is applied to.
    """
    if take_turn() != imports:
        return False
    LastFile.objects.filter(sheet=MEMBERS.name).update(imports=F("imports") + 1)
    return True


class RegisterBusy(Exception):
    """Another one writes facts into the register, and goes on for longer than this one may wait. Nothing was changed."""

    message = _("Le registre est en cours de mise à jour : réessayez dans un instant.")


@needs_transaction
def take_turn(*, within: float | None = None) -> int:
    """Wait until no other transaction writes facts into the register, and keep the next ones waiting. Returns how many imports
    were applied.

    Two that name a new number at once would else mix two people under it. Must be called in a transaction.

    `within`: in how many seconds, on PostgreSQL; an import of a million members is applied for longer, and what answers requests
    must not wait in all its threads. Raises `RegisterBusy` then.
    """
    if within is None:
        return _take_turn()
    try:
        with waiting_at_most(within):
            return _take_turn()
    except LockNotFree as error:
        raise RegisterBusy from error


def _take_turn() -> int:
    LastFile.objects.bulk_create([LastFile(sheet=MEMBERS.name)], ignore_conflicts=True)
    return LastFile.objects.select_for_update().get(sheet=MEMBERS.name).imports


def remember(plan: Plan, staging: Staging) -> None:
    """This file is the last one from now on. Its lines are written only where they came in another order than before.

    Not for a file in doubt: the same cut file, a second time, would find no member missing at its end.
    """
    lines, sheet = staging.sheet.last_lines._meta.db_table, staging.sheet.name
    before = LastFile.objects.filter(sheet=sheet).values_list("order", flat=True).first()
    if before is None or bytes(before) != plan.order:
        with connection.cursor() as cursor:
            emptied = "TRUNCATE TABLE" if connection.vendor == "postgresql" else "DELETE FROM"
            cursor.execute(f"{emptied} {lines}")
            cursor.execute(
                f"INSERT INTO {lines} (rank, key) SELECT line, key FROM {staging.seen} ORDER BY line"  # noqa: S608
            )
    LastFile.objects.update_or_create(sheet=sheet, defaults={"lines": plan.lines, "order": plan.order})
