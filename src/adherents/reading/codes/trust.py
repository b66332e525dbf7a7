"""Whether the signature of a 2D-Doc can be believed. Pure code; nothing here asks the network or looks at a folder.

It can where all of this holds; else no value of the code is said:

- its authority is on a trusted list, which `trusted_list` has proved to be the one of France Titres (ANTS);
- its certificate was issued by that authority: by name, and by signature;
- the authority and the certificate were valid **on the day of the signature**, whatever has become of them since;
- the certificate was not revoked, then or later: who has stolen a key writes any day they like;
- the signature is right, with the hash that belongs to its curve;
- it is none of the test authority.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from adherents.reading.codes.certificates import KnownCertificate
from adherents.reading.codes.two_d_doc import TwoDDoc

Extension = TypeVar("Extension", bound=x509.ExtensionType)
TEST_AUTHORITIES = frozenset({"FR00"})
_TEST = "TEST"
_HASHES: dict[str, tuple[int, hashes.HashAlgorithm]] = {
    "secp256r1": (64, hashes.SHA256()),
    "secp384r1": (96, hashes.SHA384()),
    "secp521r1": (132, hashes.SHA512()),
}


class Worth(StrEnum):
    """What the signature of a code is worth. Only of one that is `SIGNED` values are said."""

    SIGNED = "signed"
    REVOKED = "revoked"
    EXPIRED = "expired"  # not valid on the day of the signature
    ALTERED = "altered"  # the signature is not of these data
    UNKNOWN = "unknown"  # no certificate of that name, from an authority that is trusted
    TEST = "test"
    UNREADABLE = "unreadable"


_MOST_TELLING = list(Worth)


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority of the trusted list. `until`: the first day on which it was no longer trusted; None where it is today."""

    known: KnownCertificate
    until: date | None = None


@dataclass(frozen=True, slots=True)
class WeighedSignature:
    """`signer`: whose certificate it is; "" where the signature is not believed."""

    worth: Worth
    signer: str = ""


@dataclass(frozen=True)
class Trust:
    """Who is trusted. `allows_test`: for tests of the portal itself."""

    authorities: Sequence[Authority]
    certificates: Sequence[KnownCertificate]
    revocations: Sequence[x509.CertificateRevocationList] = ()
    allows_test: bool = False
    _by_name: dict[tuple[str, str], list[KnownCertificate]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        for one in self.certificates:
            self._by_name.setdefault((one.issuer, one.name), []).append(one)

    def weigh(self, doc: TwoDDoc, *, today: date) -> WeighedSignature:
        """What the signature is worth. Several certificates may have one name: the best of them counts."""
        if doc.authority in TEST_AUTHORITIES and not self.allows_test:
            return WeighedSignature(Worth.TEST)
        named = self._by_name.get((doc.authority, doc.certificate), [])
        all_weighed = [self._by(one, doc, today) for one in named]
        return min(
            all_weighed,
            key=lambda one: _MOST_TELLING.index(one.worth),
            default=WeighedSignature(Worth.UNKNOWN),
        )

    def _by(self, one: KnownCertificate, doc: TwoDDoc, today: date) -> WeighedSignature:
        authorities = [
            each for each in self.authorities if _has_issued(each.known.certificate, one.certificate)
        ]
        if not authorities or not _may_sign(one.certificate):
            return WeighedSignature(Worth.UNKNOWN)
        if _is_test(one) and not self.allows_test:
            return WeighedSignature(Worth.TEST)
        if not signature_is_right(one.certificate.public_key(), doc.signed, doc.signature):
            return WeighedSignature(Worth.ALTERED)
        if any(self._is_revoked(one.certificate, each.known.certificate) for each in authorities):
            return WeighedSignature(Worth.REVOKED)
        day = doc.signed_on
        if day is None or day > today or not _was_valid(one.certificate, day):
            return WeighedSignature(Worth.EXPIRED)
        if not any(
            _was_valid(each.known.certificate, day) and (each.until is None or day < each.until)
            for each in authorities
        ):
            return WeighedSignature(Worth.EXPIRED)
        return WeighedSignature(Worth.SIGNED, one.owner)

    def _is_revoked(self, certificate: x509.Certificate, authority: x509.Certificate) -> bool:
        return any(
            listed.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None
            for listed in self.revocations
            if is_of(listed, authority)
        )


def signature_is_right(key: CertificatePublicKeyTypes, signed: bytes, signature: bytes) -> bool:
    """Whether r and s, one after the other, are the signature of these bytes by this key, with the hash of its curve."""
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in _HASHES:
        return False
    length, hash_ = _HASHES[key.curve.name]
    if len(signature) != length:
        return False
    r, s = (int.from_bytes(half, "big") for half in (signature[: length // 2], signature[length // 2 :]))
    try:
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hash_))
    except InvalidSignature:
        return False
    return True


def is_of(listed: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    """Whether this authority signed that list of revoked certificates."""
    if listed.issuer != authority.subject:
        return False
    try:
        return listed.is_signature_valid(authority.public_key())  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False


def _has_issued(authority: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True


def may_issue(certificate: x509.Certificate) -> bool:
    """Whether it is an authority's by what it says of itself."""
    constraints = _extension(certificate, x509.BasicConstraints)
    usage = _extension(certificate, x509.KeyUsage)
    return constraints is not None and constraints.ca and (usage is None or usage.key_cert_sign)


def _may_sign(certificate: x509.Certificate) -> bool:
    usage = _extension(certificate, x509.KeyUsage)
    return not may_issue(certificate) and (
        usage is None or usage.digital_signature or usage.content_commitment
    )


def _extension(certificate: x509.Certificate, kind: type[Extension]) -> Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return None


def _was_valid(certificate: x509.Certificate, day: date) -> bool:
    return certificate.not_valid_before_utc.date() <= day <= certificate.not_valid_after_utc.date()


def _is_test(one: KnownCertificate) -> bool:
    return one.issuer in TEST_AUTHORITIES or _TEST in one.owner.upper().split() or one.name == _TEST
