"""« Première connexion », which is « Identifiant perdu » too (G8, G9).

The request only writes down what was typed, in the same row for every request; the worker looks in the register. So neither
the answer nor its delay says whether the person is a member, has an account, or has an address.
"""

import json
from dataclasses import asdict

from django.db import transaction
from django.utils import timezone

from adherents.accounts.client import Client
from adherents.accounts.models import Account, Purpose
from adherents.accounts.services import access_link
from adherents.accounts.tokens import hash_token
from adherents.enrolment.models import IdentityClaim
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.claims import Claim
from adherents.members.models import Member
from adherents.members.services.accounts import attach_account
from adherents.work.services import do_each


def claim_identity(*, claim: Claim, client: Client) -> None:
    """Write down that this person wants a link."""
    IdentityClaim.objects.create(
        words=json.dumps(asdict(claim)),
        device_hashes=[hash_token(token) for token in client.device_tokens],
    )


def settle(row: IdentityClaim) -> None:
    """Mail the link to the address on file, or nothing; then forget what was typed."""
    with transaction.atomic():
        member = Member.objects.present(timezone.localdate()).matching(Claim(**json.loads(row.words)))
        if member is None:
            record(Event.IDENTITY_UNMATCHED, subject="enrolment")
        else:
            account = Account.objects.select_for_update().get(pk=attach_account(member=member).pk)
            record(Event.IDENTITY_CLAIMED, subject=account.subject)
            access_link.answer_request(
                account=account, purpose=Purpose.FIRST_CONNECTION, device_hashes=row.device_hashes
            )
        row.delete()


def settle_due(limit: int = 50) -> int:
    """Settle the claims that wait. Returns how many."""
    return do_each(IdentityClaim.objects.claim_due(limit), settle)
