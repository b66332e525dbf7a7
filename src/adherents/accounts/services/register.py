"""What the register tells the accounts: who may have one, and the facts that signing in needs."""

from django.contrib.auth.hashers import make_password
from django.db import transaction

from adherents.accounts.models import Account, Role, normalise_identifier
from adherents.accounts.services.email import follow_register
from adherents.database.transactions import needs_transaction
from adherents.journal.events import Event
from adherents.journal.services import record


@needs_transaction
def ensure_account(
    *, identifier: str, email: str, birth_date: str, language: str, display_name: str = ""
) -> Account:
    """The member's account, made if there is none, its facts brought up to date. It has no password until a link sets one.

    `birth_date`: AAAA-MM-JJ with 00 where unknown. Must be called in a transaction.
    """
    with transaction.atomic():
        account, created = Account.objects.get_or_create(
            identifier=normalise_identifier(identifier),
            defaults={
                "email": email,
                "birth_date": birth_date,
                "language": language,
                "display_name": display_name,
                "password": make_password(None),
            },
        )
        if created:
            record(Event.ACCOUNT_CREATED, subject=account.subject)
        elif account.role == Role.MEMBER:
            _bring_up_to_date(account, email, birth_date, language, display_name)
    return account


def push_facts(
    *, account_id: int, email: str, birth_date: str, language: str, display_name: str = ""
) -> None:
    """The register changed: the account follows. When the address changed, the old and the new one get a mail (G10)."""
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=account_id)
        _bring_up_to_date(account, email, birth_date, language, display_name)


def _bring_up_to_date(
    account: Account, email: str, birth_date: str, language: str, display_name: str
) -> None:
    wanted = {"birth_date": birth_date, "language": language}
    if display_name:
        wanted["display_name"] = display_name
    # A name that does not open is another one: it is written anew, and stops no import.
    known = {name: getattr(account, name) for name in wanted if name != "display_name"}
    known["display_name"] = account.called
    changed = {name: value for name, value in wanted.items() if known[name] != value}
    for name, value in changed.items():
        setattr(account, name, value)
    if changed:
        account.save(update_fields=list(changed))
    follow_register(account=account, email=email)
