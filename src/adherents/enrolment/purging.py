from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from adherents.accounts.services.email import REPORT_FOR as UNDONE_WITHIN
from adherents.enrolment.franceconnect.services import CONFIRMED_WITHIN
from adherents.enrolment.models import LETTERS_KEPT_FOR as PRINTED_WITHIN
from adherents.enrolment.models import AddressToConfirm, FranceConnectIdentity, LetterBatch
from adherents.insurer.profile import profile
from adherents.work.purging import Due, purge, rows
from adherents.work.retention import BY_PURGE, BY_USE, BY_WORKER, Kept, in_words, keeps

LETTERS_KEPT_FOR = timedelta(days=90)
ADDRESSES_KEPT_FOR = timedelta(days=1)


@purge
def enrolment() -> Iterable[Due]:
    """Requests whose content is destroyed, and addresses that were never confirmed."""
    now = timezone.now()
    made = LetterBatch.objects.filter(destroyed_at__lt=now - LETTERS_KEPT_FOR)
    yield rows("letters", f"destroyed more than {LETTERS_KEPT_FOR.days} days ago", made)
    late = FranceConnectIdentity.objects.filter(linked_at=None, asked_at__lt=now - CONFIRMED_WITHIN)
    yield rows("people of FranceConnect who wait", f"not confirmed within {CONFIRMED_WITHIN.days} day", late)
    ended = now - ADDRESSES_KEPT_FOR
    addresses = AddressToConfirm.objects.filter(link__expires_at__lt=ended).exclude(
        report__expires_at__gte=ended
    )
    yield rows("addresses to confirm", f"ended more than {ADDRESSES_KEPT_FOR.days} day ago", addresses)


@keeps
def kept_enrolment() -> Iterable[Kept]:
    """What first connections, letters and changes of address keep."""
    yield Kept(
        "Premières connexions : NIR, naissance, nom et prénom tapés (scellés)",
        ("enrolment.IdentityClaim",),
        "leur traitement, en secondes",
        BY_WORKER,
    )
    yield Kept(
        "Courriers d’activation à imprimer : PDF et liste des numéros (scellés)",
        ("enrolment.LetterBatch",),
        f"{in_words(PRINTED_WITHIN)} après leur préparation ; puis qui les a demandés, pourquoi et pour quels adhérents : "
        f"{in_words(LETTERS_KEPT_FOR)}",
        f"{BY_WORKER}, puis {BY_PURGE}",
    )
    yield Kept(
        "Adhérents connus de FranceConnect : émetteur et identifiant technique (« sub »). L’identité pivot n’est pas gardée",
        ("enrolment.FranceConnectIdentity",),
        f"le déliement, ou la fermeture du compte ; {in_words(CONFIRMED_WITHIN)} sans être confirmé",
        f"{BY_USE}, ou {BY_PURGE}",
    )
    yield Kept(
        "Adresses à confirmer (scellées)",
        ("enrolment.AddressToConfirm",),
        f"{in_words(ADDRESSES_KEPT_FOR)} après la fin des liens (confirmer : {profile().password.link_validity_minutes} minutes "
        f"; « ce n’était pas moi » : {in_words(UNDONE_WITHIN)})",
        BY_PURGE,
    )
