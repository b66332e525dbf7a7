"""Whose signatures on printed codes are believed: the list that the portal ships, or a later one that was taken in."""

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import transaction
from django.utils import timezone

from adherents.reading.codes.certificates import (
    KnownCertificate,
    WrongCertificates,
    certificates_in,
    revocations_in,
)
from adherents.reading.codes.shipped import shipped_certificates, shipped_list, shipped_trust
from adherents.reading.codes.trust import Trust, is_of
from adherents.reading.codes.trusted_list import TrustedAuthorities, WrongList, trusted_authorities
from adherents.reading.models import TrustedList


@dataclass(frozen=True, slots=True)
class TakenIn:
    """The list, how many certificates and lists of revoked ones go with it now."""

    said: TrustedAuthorities
    certificates: int
    revocations: int


@transaction.atomic
def take_in(
    content: bytes,
    *,
    certificates: Sequence[bytes] = (),
    revocations: Sequence[bytes] = (),
    signers: Sequence[bytes] = (),
) -> TakenIn:
    """Believe this list from now on, and what goes with it besides what is there already. A list that is older than the one in
    use is refused: it may trust whom the newer one does not.

    `certificates`, `revocations`, `signers`: files (DER or PEM). Raises `WrongList` or `WrongCertificates`.
    """
    may_have_signed = [one for file in signers for one in certificates_in(file)]
    said = trusted_authorities(content, signers=may_have_signed)
    before = TrustedList.objects.select_for_update().filter(pk=TrustedList.ONLY).first()
    in_use = max(shipped_list().sequence, before.sequence if before else 0)
    if said.sequence < in_use:
        raise WrongList(f"it is number {said.sequence}, and number {in_use} is in use")
    known = {one.fingerprint: one for one in _certificates(before)}
    known |= {one.fingerprint: one for file in certificates for one in certificates_in(file)}
    listed = {one.fingerprint(SHA256()): one for one in _revocations(before)}
    for one in (one for file in revocations for one in revocations_in(file)):
        if not any(is_of(one, authority.known.certificate) for authority in said.authorities):
            raise WrongCertificates("a list of revoked certificates is of no authority of the list")
        listed[one.fingerprint(SHA256())] = one
    TrustedList.objects.update_or_create(
        pk=TrustedList.ONLY,
        defaults={
            "sequence": said.sequence,
            "issued_on": said.issued_on,
            "next_on": said.next_on,
            "at": timezone.now(),
            "content": content,
            "signers": b"".join(one.certificate.public_bytes(Encoding.PEM) for one in may_have_signed),
            "certificates": b"".join(one.certificate.public_bytes(Encoding.PEM) for one in known.values()),
            "revocations": b"".join(one.public_bytes(Encoding.PEM) for one in listed.values()),
        },
    )
    return TakenIn(said, len(known), len(listed))


def trust() -> Trust:
    """The newest list there is, with all certificates. What was taken in is proved again: a row may be anybody's."""
    row = TrustedList.objects.filter(pk=TrustedList.ONLY).first()
    if row is None:
        return shipped_trust()
    authorities = shipped_list().authorities
    if row.sequence >= shipped_list().sequence:
        authorities = trusted_authorities(bytes(row.content), signers=_signers(row)).authorities
    return Trust(authorities, [*shipped_certificates(), *_certificates(row)], _revocations(row))


def _signers(row: TrustedList) -> list[KnownCertificate]:
    return certificates_in(bytes(row.signers)) if row.signers else []


def _certificates(row: TrustedList | None) -> list[KnownCertificate]:
    return certificates_in(bytes(row.certificates)) if row and row.certificates else []


def _revocations(row: TrustedList | None) -> list[x509.CertificateRevocationList]:
    return revocations_in(bytes(row.revocations)) if row and row.revocations else []
