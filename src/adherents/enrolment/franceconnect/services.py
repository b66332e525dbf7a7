"""A member comes by FranceConnect; the link is made, confirmed, undone.

A `sub` that is linked opens its account. One that is unknown must name exactly one present member, by the whole *identité
pivot*, and never by an e-mail. An account that was there before is linked by its holder, who signs in to it once in another way.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.client import Client
from adherents.accounts.models import Account, Purpose
from adherents.accounts.services import access_link, lock
from adherents.accounts.services.closing import at_closing
from adherents.accounts.services.sign_in import Expired
from adherents.accounts.tokens import hash_token
from adherents.enrolment import mails
from adherents.enrolment.models import FranceConnectIdentity
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.members.models import Member
from adherents.members.pivot import Pivot
from adherents.members.services.accounts import attach_account

SUBJECT = "franceconnect"  # of the journal, where no account is known
CONFIRMED_WITHIN = timedelta(days=1)


@dataclass(frozen=True)
class FranceConnectPerson:
    """Who FranceConnect says it is, all of it verified."""

    issuer: str
    sub: str
    pivot: Pivot

    def __repr__(self) -> str:
        return "<FranceConnectPerson>"


class FranceConnectRefused(Exception):
    """FranceConnect says who it is, and no account opens. `why`: a code for the journal."""

    why = ""
    message: str | Promise = ""


class NobodyIdentified(FranceConnectRefused):
    why = "nobody"
    message = _(
        "FranceConnect vous a bien identifié, mais nous ne retrouvons pas un adhérent, et un seul, avec cette identité. Votre "
        "dossier est peut-être incomplet, ou votre nom y est écrit autrement. Connectez-vous avec votre numéro d’adhérent, ou "
        "appelez-nous."
    )


class ClosedAccount(FranceConnectRefused):
    why = "closed"
    message = _("Votre compte est fermé. Appelez-nous pour le rouvrir.")


class AnotherPerson(FranceConnectRefused):
    why = "another_person"
    message = _(
        "L’identité donnée par FranceConnect n’est pas celle du compte auquel vous êtes connecté : ils ne peuvent "
        "pas être reliés."
    )


class LinkNotConfirmed(FranceConnectRefused):
    """Their account was there before. `account`: to which it waits to be linked."""

    why = "link_awaited"
    message = _("Un compte existe déjà à votre nom.")

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.account = account


class NothingToLink(Exception):
    """Nothing waits to be linked, or to be undone (any more)."""


def arrive(*, person: FranceConnectPerson, client: Client) -> Account:
    """The account that this person signs in to; opened for a member who never had one.

    Raises a `FranceConnectRefused`, `lock.Locked` or `Expired`: the lock, closing and expiry hold as on every path.
    """
    with transaction.atomic():
        outcome = _settled(person)
    if isinstance(outcome, FranceConnectRefused):  # raised here: what led to it stays written
        raise outcome
    lock.check_open(outcome.identifier, lock.device_of(outcome, client))
    if outcome.is_expired:
        with transaction.atomic():
            record(Event.SIGN_IN_EXPIRED, subject=outcome.subject)
        raise Expired
    return outcome


def link_own(*, account: Account, person: FranceConnectPerson) -> None:
    """A member who is signed in, and has just proved it again, links FranceConnect. Raises a `FranceConnectRefused`."""
    with transaction.atomic():
        current = Account.objects.select_for_update().get(pk=account.pk)
        known = FranceConnectIdentity.objects.filter(issuer=person.issuer, sub=person.sub).first()
        member = _member(person)
        theirs = member is not None and member.account_id == current.pk
        taken = known is not None and known.account_id != current.pk
        refusal = AnotherPerson() if not theirs or taken else None
        if refusal is not None:
            _refused(refusal, current.subject)
        else:
            FranceConnectIdentity.objects.filter(account=current).delete()
            _link(current, person, linked=True)
    if refusal is not None:
        raise refusal


def confirm(*, account: Account) -> None:
    """The account's holder, signed in in another way, says that FranceConnect may open it. Raises `NothingToLink`."""
    with transaction.atomic():
        current = Account.objects.select_for_update().get(pk=account.pk)
        if not waiting_for(current).update(linked_at=timezone.now()):
            raise NothingToLink
        _note_linked(current)


def unlink(*, account: Account) -> None:
    """FranceConnect opens this account no more, or what waits is forgotten. Raises `NothingToLink`."""
    with transaction.atomic():
        current = Account.objects.select_for_update().get(pk=account.pk)
        identity = FranceConnectIdentity.objects.filter(account=current).first()
        if identity is None:
            raise NothingToLink
        identity.delete()
        if identity.linked_at is not None:
            record(Event.FRANCECONNECT_UNLINKED, subject=current.subject, actor=current.subject)
            mails.franceconnect_unlinked(current)


def send_link(*, account: Account, client: Client) -> None:
    """To the address on file, for a holder who has no password any more: as « Mot de passe oublié », limits included."""
    with transaction.atomic():
        current = Account.objects.select_for_update().get(pk=account.pk)
        if not waiting_for(current).exists():
            return
        record(Event.LINK_REQUESTED, subject=current.subject)
        hashes = [hash_token(token) for token in client.device_tokens]
        access_link.answer_request(account=current, purpose=Purpose.RESET, device_hashes=hashes)


def note_refused(*, why: str) -> None:
    """Nothing is known of who it was."""
    record(Event.FRANCECONNECT_REFUSED, subject=SUBJECT, why=why)


def waiting_for(account: Account) -> QuerySet[FranceConnectIdentity]:
    """What waits to be linked to this account."""
    since = timezone.now() - CONFIRMED_WITHIN
    return FranceConnectIdentity.objects.filter(account=account, linked_at=None, asked_at__gt=since)


@at_closing
def forget(account: Account) -> None:
    """A closed account that opens again is linked again."""
    FranceConnectIdentity.objects.filter(account=account).delete()


def _settled(person: FranceConnectPerson) -> Account | FranceConnectRefused:
    identity = FranceConnectIdentity.objects.filter(issuer=person.issuer, sub=person.sub).first()
    if identity is not None and identity.linked_at is not None:
        account = Account.objects.select_for_update().get(pk=identity.account_id)
        if not account.is_retired:
            return account if account.is_active else _refused(ClosedAccount(), account.subject)
        identity.delete()  # the number is another person's: this one may be a member again, under another number
    member = _member(person)
    if member is None:
        return _refused(NobodyIdentified(), SUBJECT)
    account = Account.objects.select_for_update().get(pk=attach_account(member=member).pk)
    if not account.is_active:
        return _refused(ClosedAccount(), account.subject)
    # Read again now that the account's row is locked: the same person may come in another tab.
    known = FranceConnectIdentity.objects.filter(issuer=person.issuer, sub=person.sub)
    if known.filter(account=account, linked_at__isnull=False).exists():
        return account
    others = FranceConnectIdentity.objects.filter(account=account)
    if others.filter(issuer=person.issuer, linked_at__isnull=False).exists():
        return _refused(
            NobodyIdentified(), account.subject
        )  # linked to another `sub`: not to be replaced from outside
    others.delete()
    known.filter(linked_at=None).delete()
    never_opened = account.last_sign_in_at is None and not account.has_usable_password()
    if never_opened and account.identity_wanted_since is None:
        _link(account, person, linked=True)
        return account
    _link(account, person, linked=False)
    record(Event.FRANCECONNECT_ASKED, subject=account.subject, actor=account.subject)
    return _refused(LinkNotConfirmed(account), account.subject)


def _member(person: FranceConnectPerson) -> Member | None:
    return Member.objects.present(timezone.localdate()).of_pivot(person.pivot)


def _link(account: Account, person: FranceConnectPerson, *, linked: bool) -> None:
    FranceConnectIdentity.objects.create(
        account=account,
        issuer=person.issuer,
        sub=person.sub,
        linked_at=timezone.now() if linked else None,
    )
    if linked:
        _note_linked(account)


def _note_linked(account: Account) -> None:
    record(Event.FRANCECONNECT_LINKED, subject=account.subject, actor=account.subject)
    mails.franceconnect_linked(account)


def _refused(refusal: FranceConnectRefused, subject: str) -> FranceConnectRefused:
    record(Event.FRANCECONNECT_REFUSED, subject=subject, why=refusal.why)
    return refusal
