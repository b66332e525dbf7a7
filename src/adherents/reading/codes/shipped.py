"""The trust that comes with the portal: the list and the certificates that `tddoc` ships. The list is proved as any other is."""

from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files

from adherents.reading.codes.certificates import KnownCertificate, WrongCertificates, certificates_in
from adherents.reading.codes.trust import Trust
from adherents.reading.codes.trusted_list import TrustedAuthorities, trusted_authorities


@lru_cache(maxsize=1)
def shipped_list() -> TrustedAuthorities:
    return trusted_authorities(files("tddoc.tsl").joinpath("tsl_signed.xml").read_bytes())


@lru_cache(maxsize=1)
def shipped_certificates() -> tuple[KnownCertificate, ...]:
    """All of them; which are trusted is for the list to say."""
    folder = sorted(files("tddoc.chains").iterdir(), key=lambda file: file.name)
    return tuple(_each(file.read_bytes() for file in folder if file.name.endswith(".der")))


def _each(contents: Iterable[bytes]) -> Iterable[KnownCertificate]:
    for content in contents:
        try:
            yield from certificates_in(content)
        except WrongCertificates:
            continue


@lru_cache(maxsize=1)
def shipped_trust() -> Trust:
    return Trust(shipped_list().authorities, shipped_certificates())
