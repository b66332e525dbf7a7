"""Whether an agent may still do an act: what a page or a caller knows of them may be minutes old."""

from adherents.accounts.models import Account
from adherents.accounts.permissions import TABLE, Act
from adherents.database.transactions import needs_transaction


class ActRefused(Exception):
    """The agent was suspended, or has another role since."""


@needs_transaction
def check_act(*, agent: Account, act: Act) -> Account:
    """The agent's row as it is now. Who suspends the agent, or changes the role, waits for the end of the transaction.

    Must be called in a transaction, before any other row is locked. Raises `ActRefused`.
    """
    # Without the key: rows that name the agent are written at the same time, and need not wait.
    rows = Account.objects.select_for_update(no_key=True)
    current: Account | None = rows.filter(pk=agent.pk, closed_at=None).first()
    if current is None or current.role not in TABLE[act]:
        raise ActRefused
    return current
