"""Certificates as an authority of the tests gives them: right, expired, for another host."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificate:
    """The files of a server's certificate, of its key, and of the authority that gave it."""

    file: Path
    key: Path
    authority: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.file, self.key)
        return context


def certificate(folder: Path, *, days: int = 365, host: str = "127.0.0.1") -> Certificate:
    """A certificate for `host`, an address or a name, that ends in `days` days; it has ended where they are negative."""
    now = datetime.now(UTC)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _signed(
        "authority of the tests", authority_key, None, now + timedelta(days=3650), [], authority_key
    )
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
    server = _signed("server", key, authority, now + timedelta(days=days), [name], authority_key)
    files = [folder / name for name in ("server.pem", "server.key", "authority.pem")]
    files[0].write_bytes(server.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    files[1].chmod(0o600)
    files[2].write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    return Certificate(*files)


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    ends_at: datetime,
    names: list[x509.GeneralName],
    by: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends_at - timedelta(days=4000))
        .not_valid_after(ends_at)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    )
    if names:
        built = built.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return built.sign(by, hashes.SHA256())
