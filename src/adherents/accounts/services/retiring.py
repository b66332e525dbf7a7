"""A n° adhérent was given to another person: the account that signed in with it no longer opens, and keeps all that it has."""

from django.db import transaction
from django.utils import timezone

from adherents.accounts.models import RETIRED, AccessLink, Account, SessionEndReason, SignInCounter
from adherents.crypto.rows import moved
from adherents.journal.events import Event
from adherents.journal.services import record


def retire(*, account: Account, actor: str) -> None:
    """Sessions, links and letters end at once, for good: the person who has the number now begins with a new account.

    Former passwords, second factors, known browsers and counters stay this account's: what was counted for the number was
    counted against its former holder. The caller tells the person.
    """
    with transaction.atomic():
        current = Account.objects.select_for_update().get(pk=account.pk)
        # In lower case: a number that is typed is folded up (`normalise_identifier`).
        identifier = f"{RETIRED}{current.pk}"
        counters = list(SignInCounter.objects.every(current.identifier))
        # A master key that is being rotated may have left two for one browser: the more severe stays.
        for counter in sorted(
            counters, key=lambda row: (row.locked_at is not None, row.failures), reverse=True
        ):
            if not SignInCounter.objects.every(identifier).filter(device_id=counter.device_id).exists():
                own = SignInCounter.objects.filter(pk=counter.pk)
                own.update(identifier_index=SignInCounter.index(identifier))
        SignInCounter.objects.every(current.identifier).delete()
        Account.objects.filter(pk=current.pk).update(
            identifier=identifier,
            display_name=moved(current, "display_name", identifier),
            closed_at=current.closed_at or timezone.now(),
        )
        AccessLink.objects.kill_every_one_of(current)
        ended = current.sessions.all().end(SessionEndReason.SERVICE)
        record(Event.ACCOUNT_RETIRED, subject=current.subject, actor=actor, sessions=ended)
