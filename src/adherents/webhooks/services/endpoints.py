"""What an administrateur does with a webhook: make it, change its secret, pause it, send again from a moment."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adherents.accounts.models import Account
from adherents.feed.services import give_positions, last_position, oldest_position, position_at
from adherents.journal.events import Event
from adherents.journal.services import record
from adherents.webhooks import networks, signing
from adherents.webhooks.models import Endpoint, EndpointState
from adherents.webhooks.networks import NotAUrl, NotCalled
from adherents.webhooks.selectors import blocking

MOST_ENDPOINTS = 50


class EndpointRefused(Exception):
    """Why nothing was done, in words for the administrateur. `field`: the field of the form to correct."""

    message: str | Promise = _("Ce webhook ne peut pas être créé.")
    field = "url"


class WrongAddress(EndpointRefused):
    message = _("Écrivez une adresse complète, comme https://gestion.mutuelle.fr/evenements.")


class AddressInside(EndpointRefused):
    """`message`: of the trouble."""

    def __init__(self, trouble: NotCalled) -> None:
        super().__init__(trouble.trouble.value)
        self.message = trouble.trouble.label


class EndpointNameTaken(EndpointRefused):
    message = _("Un webhook porte déjà ce nom.")
    field = "name"


class TooManyEndpoints(EndpointRefused):
    message = _("Il y a déjà cinquante webhooks : supprimez-en un.")
    field = "name"


class ActNotDone(Exception):
    """Why what an administrateur asks for was not done, in words for them."""

    message: str | Promise = ""


class NothingToPassOver(ActNotDone):
    message = _("Aucun événement n’attend.")


class AnotherEventWaits(ActNotDone):
    message = _(
        "Ce n’est plus l’événement que vous avez vu qui attend : il a été pris, ou passé. Revenez à la page du webhook."
    )


class OtherSecrets(ActNotDone):
    message = _(
        "Les secrets ont changé depuis que vous avez ouvert cette page. Revenez à la page du webhook."
    )


def make(*, by: Account, name: str, url: str, types: Sequence[str], reason: str) -> Endpoint:
    """It gets what is announced from now on. Its secret is shown once, from `endpoint.secret`. Raises `EndpointRefused`."""
    check_address(url)
    give_positions()
    try:
        with transaction.atomic():
            if Endpoint.objects.count() >= MOST_ENDPOINTS:
                raise TooManyEndpoints
            made = Endpoint(
                name=name,
                url=url,
                types=sorted(types),
                secret=signing.make_secret(),
                position=last_position(),
            )
            made.save(force_insert=True)
            record(Event.WEBHOOK_MADE, subject=made.subject, actor=by.actor, reason=reason)
    except IntegrityError:
        raise EndpointNameTaken from None
    return made


def check_address(url: str) -> None:
    """Raises `WrongAddress` or `AddressInside`."""
    try:
        networks.check_url(url)
    except NotAUrl:
        raise WrongAddress from None
    except NotCalled as trouble:
        raise AddressInside(trouble) from None


def make_secret(*, by: Account, endpoint_id: int, secrets_seen: str, reason: str) -> Endpoint:
    """Another secret, shown once; the one before signs beside it until it is removed. One older than that ends at once.

    `secrets_seen`: the `secrets_mark` that the person has seen: of two at once, one makes the receiver's own end. Raises
    `OtherSecrets`.
    """
    with transaction.atomic():
        endpoint = _with_secrets(endpoint_id, secrets_seen)
        endpoint.former_secret, endpoint.secret = endpoint.secret, signing.make_secret()
        endpoint.rotated_at = timezone.now()
        endpoint.save(update_fields=["secret", "former_secret", "rotated_at"])
        record(Event.WEBHOOK_SECRET_MADE, subject=endpoint.subject, actor=by.actor, reason=reason)
    return endpoint


def remove_former_secret(*, by: Account, endpoint_id: int, secrets_seen: str, reason: str) -> None:
    """The receiver has the new one: the other one signs no more. Raises `OtherSecrets`, as `make_secret`."""
    with transaction.atomic():
        endpoint = _with_secrets(endpoint_id, secrets_seen)
        endpoint.former_secret = ""
        endpoint.save(update_fields=["former_secret"])
        record(Event.WEBHOOK_SECRET_REMOVED, subject=endpoint.subject, actor=by.actor, reason=reason)


def pause(*, by: Account, endpoint_id: int, reason: str) -> None:
    """Nothing is sent until it is resumed. Its place in the feed stays; an event that is on its way may come twice."""
    with transaction.atomic():
        endpoint = _locked(endpoint_id)
        if endpoint.state == EndpointState.LIVE:
            _move(endpoint, state=EndpointState.PAUSED, position=endpoint.position)
            record(Event.WEBHOOK_PAUSED, subject=endpoint.subject, actor=by.actor, reason=reason)


def resume(*, by: Account, endpoint_id: int, reason: str) -> int:
    """Go on where it stopped, set aside or paused. Returns how many events it missed that are no longer kept."""
    with transaction.atomic():
        endpoint = _locked(endpoint_id)
        missed = max(0, oldest_position() - 1 - endpoint.position)
        _move(endpoint, state=EndpointState.LIVE, position=endpoint.position + missed)
        record(Event.WEBHOOK_RESUMED, subject=endpoint.subject, actor=by.actor, reason=reason, missed=missed)
    return missed


def replay(*, by: Account, endpoint_id: int, since: datetime, reason: str) -> int:
    """Send again what was announced since this moment, each event under its own id, then go on. Returns how many events."""
    give_positions()
    with transaction.atomic():
        endpoint = _locked(endpoint_id)
        position = min(position_at(since), endpoint.position)
        again = endpoint.position - position
        _move(endpoint, state=EndpointState.LIVE, position=position)
        record(Event.WEBHOOK_REPLAYED, subject=endpoint.subject, actor=by.actor, reason=reason, events=again)
    return again


def pass_over(*, by: Account, endpoint_id: int, position: int | None, reason: str) -> None:
    """Leave the event that the receiver does not take, and go on with the next one. `position`: of the event that the person has
    seen; another one, which may have been taken, is not lost for it. Raises `ActNotDone`.
    """
    with transaction.atomic():
        endpoint = _locked(endpoint_id)
        left = blocking(endpoint)
        if left is None:
            raise NothingToPassOver
        if left.position != position:
            raise AnotherEventWaits
        _move(endpoint, state=EndpointState.LIVE, position=left.position or 0)
        record(
            Event.WEBHOOK_PASSED_OVER,
            subject=endpoint.subject,
            actor=by.actor,
            reason=reason,
            left=str(left.uid),
        )


def remove(*, by: Account, endpoint_id: int, reason: str) -> None:
    """With its secrets. What it has not taken is not sent."""
    with transaction.atomic():
        endpoint = _locked(endpoint_id)
        record(Event.WEBHOOK_REMOVED, subject=endpoint.subject, actor=by.actor, reason=reason)
        endpoint.delete()


def _with_secrets(endpoint_id: int, secrets_seen: str) -> Endpoint:
    """Locked. Raises `OtherSecrets`."""
    endpoint = _locked(endpoint_id)
    if endpoint.secrets_mark != secrets_seen:
        raise OtherSecrets
    return endpoint


def _locked(endpoint_id: int) -> Endpoint:
    """Raises `Endpoint.DoesNotExist`."""
    endpoint: Endpoint = Endpoint.objects.select_for_update().get(pk=endpoint_id)
    return endpoint


def _move(endpoint: Endpoint, *, state: EndpointState, position: int) -> None:
    """The worker that has it in hand loses it: what it notes afterwards changes nothing."""
    endpoint.state, endpoint.position = state, position
    endpoint.lease, endpoint.leased_until, endpoint.attempts = "", None, 0
    endpoint.next_attempt_at = timezone.now() if state == EndpointState.LIVE else None
    endpoint.failing_since, endpoint.trouble = None, ""
    endpoint.save(update_fields=["state", "position", "failing_since", "trouble", *Endpoint.WORK_FIELDS])
