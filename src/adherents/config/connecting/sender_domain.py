"""What DNS says of the sender's domain: receivers believe a mail by its SPF, DKIM and DMARC records."""

from collections.abc import Sequence
from typing import Any

import dns.exception
import dns.resolver
from django.conf import settings

from adherents.config.connecting.mail_server import SMTP
from adherents.config.connecting.remarks import Remarks, absent, ok, warning
from adherents.insurer.profile import profile

SECONDS = 4  # for one question, all servers tried


class _NoDns(Exception):
    """No server answers questions here."""


def look(*, selectors: Sequence[str] = (), resolver: dns.resolver.Resolver | None = None) -> Remarks:
    """`selectors`: those that the relay signs with (`s1` of `s1._domainkey.mutuelle.fr`). A machine without DNS is no fault."""
    if settings.EMAIL_BACKEND != SMTP:
        yield absent("no mail leaves")
        return
    shown = _domain_of(profile().mail.sender_address)
    returns_to = _domain_of(settings.ADHERENTS_BOUNCE_ADDRESS or profile().mail.sender_address)
    try:
        asked = resolver or dns.resolver.Resolver()
        asked.lifetime = SECONDS
        yield from _spf(asked, returns_to)
        yield from _dmarc(asked, shown)
        yield from _dkim(asked, shown, selectors)
        if settings.ADHERENTS_BOUNCE_ADDRESS:
            yield from _mx(asked, returns_to)
    except (_NoDns, dns.resolver.NoResolverConfiguration):
        yield absent("no DNS here: look at the records from a machine that has one")


def _spf(resolver: dns.resolver.Resolver, domain: str) -> Remarks:
    records = [text for text in _texts(resolver, domain) if text.lower().split(" ")[0] == "v=spf1"]
    if not records:
        yield warning(
            f"{domain} has no SPF record.",
            f'Publish: {domain} TXT "v=spf1 include:… -all" (your relay says what).',
        )
    elif len(records) > 1:
        yield warning(f"{domain} has {len(records)} SPF records: receivers then believe none.", "Keep one.")
    elif {"+all", "all"} & set(records[0].lower().split()):
        yield warning(
            f"The SPF record of {domain} lets the whole world send in its name (+all).", "End it with -all."
        )
    else:
        yield ok(f"SPF of {domain}")


def _dmarc(resolver: dns.resolver.Resolver, domain: str) -> Remarks:
    """At the domain, or at one above it: receivers look at the organisation's."""
    labels = domain.split(".")
    for above in range(len(labels) - 1):
        place = ".".join(labels[above:])
        for text in _texts(resolver, f"_dmarc.{place}"):
            if text.lower().replace(" ", "").startswith("v=dmarc1"):
                policy = dict(
                    part.strip().lower().split("=", 1) for part in text.split(";") if "=" in part
                ).get("p", "")
                yield ok(f"DMARC of {place} (p={policy or '?'})")
                return
    yield warning(
        f"{domain} has no DMARC record: large receivers refuse or hide its mails.",
        f'Publish: _dmarc.{domain} TXT "v=DMARC1; p=quarantine; rua=mailto:…"',
    )


def _dkim(resolver: dns.resolver.Resolver, domain: str, selectors: Sequence[str]) -> Remarks:
    if not selectors:
        yield absent("DKIM was not looked at: name what your relay signs with (--dkim-selector NAME)")
    for selector in selectors:
        place = f"{selector}._domainkey.{domain}"
        keys = [text.replace(" ", "") for text in _texts(resolver, place)]
        if any("p=" in key and not key.rstrip(";").endswith("p=") for key in keys):
            yield ok(f"DKIM key {selector} of {domain}")
        elif any("p=" in key for key in keys):
            yield warning(f"The DKIM key at {place} was revoked (p= is empty).", "Sign with another one.")
        else:
            yield warning(
                f"There is no DKIM key at {place}.", "Publish the record that your relay gives you."
            )


def _mx(resolver: dns.resolver.Resolver, domain: str) -> Remarks:
    if _ask(resolver, domain, "MX") or _ask(resolver, domain, "A") or _ask(resolver, domain, "AAAA"):
        return
    yield warning(
        f"No server takes mail for {domain}: what cannot be delivered never comes back.",
        f"Publish an MX for {domain}.",
    )


def _texts(resolver: dns.resolver.Resolver, name: str) -> list[str]:
    return [b"".join(record.strings).decode("utf-8", "replace") for record in _ask(resolver, name, "TXT")]


def _ask(resolver: dns.resolver.Resolver, name: str, kind: str) -> list[Any]:
    """The records; none where the name or the kind does not exist. Raises `_NoDns`."""
    try:
        return list(resolver.resolve(name, kind))
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.resolver.YXDOMAIN):
        return []
    except (dns.exception.DNSException, OSError) as error:
        raise _NoDns from error


def _domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()
