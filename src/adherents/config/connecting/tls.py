"""A TLS handshake of our own, because it says why a certificate is refused, which most clients do not."""

import socket
import ssl
import struct
from datetime import UTC, datetime

from django.utils import timezone

from adherents.config.connecting.remarks import Remarks, about_certificate, fault

SECONDS = 5
_POSTGRESQL_ASKS = struct.pack("!ii", 8, 80877103)  # SSLRequest


def look(
    host: str, port: int, *, authority: str | None = None, names_host: bool = True, postgresql: bool = False
) -> Remarks:
    """What is wrong with the certificate that the server shows; nothing where it is right, or where no server listens.

    `authority`: a file of the authorities that are believed, instead of the machine's. `postgresql`: it is asked in its way.
    """
    try:
        context = ssl.create_default_context(cafile=authority)
    except OSError as error:
        yield fault(f"The file of authorities {authority} cannot be read ({error.strerror or error}).")
        return
    context.check_hostname = names_host
    try:
        with socket.create_connection((host, port), timeout=SECONDS) as line:
            if postgresql and not _agrees(line):
                yield fault(
                    "The server speaks no TLS.", "Set ssl = on and its certificate in postgresql.conf."
                )
                return
            with context.wrap_socket(line, server_hostname=host) as sealed:
                certificate = sealed.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        yield fault(*refused(error))
    except ssl.SSLError as error:
        yield fault(f"TLS is refused: {(error.reason or 'no reason given').replace('_', ' ').lower()}.")
    except OSError:
        return
    else:
        ends = str(certificate.get("notAfter", ""))
        if ends:
            ends_at = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC)
            yield from about_certificate(ends_at, timezone.now())


def refused(error: ssl.SSLCertVerificationError) -> tuple[str, str]:
    """Why the certificate is not believed, and what to do about it."""
    why = error.verify_message.rstrip(".")
    if "expired" in why:
        hint = "Renew the server's certificate."
    elif "not valid for" in why or "mismatch" in why.lower():
        hint = "Name the server in the setting as its certificate names it."
    else:
        hint = "Name your own authority with SSL_CERT_FILE (for PostgreSQL: sslrootcert)."
    return f"The server's certificate is refused: {why}.", hint


def _agrees(line: socket.socket) -> bool:
    line.sendall(_POSTGRESQL_ASKS)
    return line.recv(1) == b"S"
