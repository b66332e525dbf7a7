"""Certificates and lists of revoked ones, as authorities hand them out: DER, PEM, or a `multipart/mixed` answer. Pure code."""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

MOST_BYTES = 20 << 20
MOST_CERTIFICATES = 5_000
_PEM_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_PEM_LIST = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL)
_PART_ENDS = b"--End"
_PART_IS_CERTIFICATE = b"application/pkix-cert"


class WrongCertificates(Exception):
    """The file holds no certificate, or no list of revoked ones; says why."""


@dataclass(frozen=True, slots=True)
class KnownCertificate:
    """A certificate and its names: of itself and of who issued it (« common names »), and of whose it is."""

    certificate: x509.Certificate
    name: str
    issuer: str
    owner: str

    @property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()


def known(certificate: x509.Certificate) -> KnownCertificate:
    """Raises `ValueError` where its names cannot be read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some owners have longer names than the standard allows
        subject, issuer = certificate.subject, certificate.issuer
        name = _first(subject, NameOID.COMMON_NAME)
        owner = (
            _first(subject, NameOID.ORGANIZATION_NAME)
            or _first(subject, NameOID.ORGANIZATIONAL_UNIT_NAME)
            or name
        )
        return KnownCertificate(
            certificate, name, _first(issuer, NameOID.COMMON_NAME), " ".join(owner.split())
        )


def _first(name: x509.Name, kind: x509.ObjectIdentifier) -> str:
    return next((str(one.value) for one in name.get_attributes_for_oid(kind)), "")


def certificates_in(data: bytes) -> list[KnownCertificate]:
    """Every certificate of a file; those that cannot be read are passed over. Raises `WrongCertificates` where there is none."""
    if len(data) > MOST_BYTES:
        raise WrongCertificates("more than 20 MB")
    found = []
    for encoded in _encoded(data):
        try:
            found.append(known(_loaded(encoded)))
        except ValueError:
            continue
        if len(found) > MOST_CERTIFICATES:
            raise WrongCertificates(f"more than {MOST_CERTIFICATES} certificates")
    if not found:
        raise WrongCertificates("no certificate is in it")
    return found


def _encoded(data: bytes) -> Iterator[bytes]:
    if pem := _PEM_CERTIFICATE.findall(data):
        yield from pem
    elif _PART_ENDS in data:
        for part in data.split(_PART_ENDS):
            head, blank, body = part.partition(b"\r\n\r\n")
            if blank and _PART_IS_CERTIFICATE in head.lower():
                yield body.removesuffix(b"\r\n")
    else:
        yield data


def _loaded(encoded: bytes) -> x509.Certificate:
    if encoded.startswith(b"-----BEGIN"):
        return x509.load_pem_x509_certificate(encoded)
    return x509.load_der_x509_certificate(encoded)


def revocations_in(data: bytes) -> list[x509.CertificateRevocationList]:
    """Every list of revoked certificates of a file. Raises `WrongCertificates` where there is none."""
    try:
        if pem := _PEM_LIST.findall(data):
            return [x509.load_pem_x509_crl(one) for one in pem]
        return [x509.load_der_x509_crl(data)]
    except ValueError as error:
        raise WrongCertificates("no list of revoked certificates is in it") from error
