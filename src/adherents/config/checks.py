"""What `adherents check` says is unsafe. Production refuses to start with any of the errors."""

import stat
from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Warning, register
from django.core.exceptions import ImproperlyConfigured

from adherents.backup.target import stopped_half_way
from adherents.config import databases, environment
from adherents.inspection.rasteriser.process import what_is_permitted
from adherents.reading.codes.two_d_doc import papers

VERIFIED = {"verify-ca", "verify-full"}  # PostgreSQL's `sslmode`: TLS, with a server that proved who it is
ENCRYPTED = VERIFIED | {"require"}


@register()
def production(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """In production (an address that is not this very machine) nothing is left to a default that only suits a trial."""
    if not settings.IN_PRODUCTION:
        return []
    messages: list[CheckMessage] = []

    def unsafe(number: int, what: str, hint: str) -> None:
        messages.append(Error(what, hint=hint, id=f"adherents.E{number:03d}"))

    if not settings.HTTPS:
        unsafe(1, "The portal is not served over TLS.", "ADHERENTS_BASE_URL should start with https://")
    if not environment.text("SECRET_KEY"):
        unsafe(
            2,
            "The secret key is the one made for a trial.",
            "Set ADHERENTS_SECRET_KEY (openssl rand -base64 48).",
        )
    elif len(settings.SECRET_KEY) < 40 or len(set(settings.SECRET_KEY)) < 10:
        unsafe(
            3,
            "The secret key can be guessed.",
            "ADHERENTS_SECRET_KEY should have 40 random characters or more (openssl rand -base64 48).",
        )
    if _key_lies_with_data():
        unsafe(
            4,
            "The master key lies beside the data that it protects.",
            "Set ADHERENTS_MASTER_KEY, or the path of a file of it kept elsewhere (openssl rand -base64 32).",
        )
    if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        unsafe(5, "Mail goes to a folder.", "Set ADHERENTS_EMAIL_URL, such as smtp://relay.example.org:25")
    if environment.log_level() == "DEBUG":
        unsafe(6, "Debug logs may hold personal data.", "Set ADHERENTS_LOG_LEVEL to INFO, or leave it out.")
    if any(len(set(key)) < 10 for key in settings.ADHERENTS_MASTER_KEYS):
        unsafe(
            7,
            "The master key can be guessed.",
            "ADHERENTS_MASTER_KEY should be random (openssl rand -base64 32).",
        )
    if settings.PROFILE.agents.oidc and not settings.ADHERENTS_AGENTS_OIDC_SECRET:
        unsafe(
            10,
            "The profile names a directory of agents, and the portal has no secret to prove itself with there.",
            "Set ADHERENTS_AGENTS_OIDC_SECRET to the client secret that the directory gave.",
        )
    if settings.PROFILE.franceconnect and not settings.ADHERENTS_FRANCECONNECT_SECRET:
        unsafe(
            11,
            "The profile names FranceConnect, and the portal has no secret to prove itself with there.",
            "Set ADHERENTS_FRANCECONNECT_SECRET to the client secret that FranceConnect gave.",
        )
    token = settings.ADHERENTS_METRICS_TOKEN
    if token and (len(token) < 20 or len(set(token)) < 8):
        unsafe(
            9,
            "The token of /metrics can be guessed.",
            "ADHERENTS_METRICS_TOKEN should be random (openssl rand -hex 32).",
        )
    return messages


@register()
def restore_is_over(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """A portal that is half restored would be filled anew by the next attempt: it takes nothing before."""
    begun = stopped_half_way()
    if not begun:
        return []
    return [
        Error(
            f"The restore of the backup {begun} was stopped before its end.",
            hint="Run the same `adherents restore` again: it begins anew.",
            id="adherents.E008",
        )
    ]


@register()
def surroundings(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """What may be right on some networks and machines, and should be wanted rather than forgotten."""
    if not settings.IN_PRODUCTION:
        return []
    messages: list[CheckMessage] = []
    if settings.HTTPS and not settings.ADHERENTS_PROXIES:
        messages.append(
            Warning(
                "No reverse proxy is announced: the limits per address count everybody behind one as one person.",
                hint="Set ADHERENTS_PROXIES to how many stand in front, such as 1.",
                id="adherents.W003",
            )
        )
    if stat.S_IMODE(Path(settings.DATA_DIR).stat().st_mode) & 0o077:
        messages.append(
            Warning(
                "Other accounts of this machine can read the data folder.",
                hint=f"chmod 700 {settings.DATA_DIR}",
                id="adherents.W004",
            )
        )
    if settings.ADHERENTS_ANTIVIRUS is None:
        messages.append(
            Warning(
                "No antivirus looks at what members send.",
                hint="Set ADHERENTS_ANTIVIRUS_URL, such as clamd:///run/clamav/clamd.ctl",
                id="adherents.W006",
            )
        )
    unproven = _believed_unproven()
    if unproven:
        messages.append(
            Warning(
                f"Spoken to over TLS, and believed without proof of who answers: {', '.join(unproven)}.",
                hint="?sslmode=verify-full (with sslrootcert), no ?ssl_cert_reqs=none; SSL_CERT_FILE names your own authority.",
                id="adherents.W007",
            )
        )
    readable = _key_file_that_others_read()
    if readable:
        messages.append(
            Warning(
                f"Other accounts of this machine can read the master key, or put another in its place: {readable}.",
                hint="chmod 600 the file and 700 its folder, both the service's own.",
                id="adherents.W010",
            )
        )
    if settings.ADHERENTS_BOUNCE_ADDRESS and not _are_aligned(
        settings.ADHERENTS_BOUNCE_ADDRESS, settings.PROFILE.mail.sender_address
    ):
        messages.append(
            Warning(
                "Mails leave from another domain than that of the sender whom members see: receivers trust them less.",
                hint="ADHERENTS_BOUNCE_ADDRESS should be in the domain of sender_address, or in one below or above it.",
                id="adherents.W012",
            )
        )
    bind = settings.ADHERENTS_METRICS_BIND
    if bind is not None and bind[0] not in environment.LOOPBACK and not settings.ADHERENTS_METRICS_TOKEN:
        messages.append(
            Warning(
                f"Every machine that reaches {bind[0]} reads the figures of /metrics.",
                hint="Set ADHERENTS_METRICS_TOKEN, or let Prometheus alone reach this address.",
                id="adherents.W013",
            )
        )
    wide = _webhook_networks_that_lead_anywhere()
    if wide:
        messages.append(
            Warning(
                f"Webhooks may call this very machine, or nearly every network: {', '.join(wide)}.",
                hint="ADHERENTS_WEBHOOK_NETWORKS should name the networks of the receivers alone, such as 10.1.4.0/24.",
                id="adherents.W014",
            )
        )
    clear = _spoken_to_in_clear()
    if clear:
        messages.append(
            Warning(
                f"Spoken to without TLS, over a network: {', '.join(clear)}.",
                hint="?sslmode=verify-full, smtps:// or ?starttls=1, valkeys://, no ?tls=0; or a network of their own.",
                id="adherents.W005",
            )
        )
    return messages


def _webhook_networks_that_lead_anywhere() -> list[str]:
    inner = [ip_network(network) for network in ("127.0.0.0/8", "169.254.0.0/16", "::1/128", "fe80::/10")]
    return [
        str(network)
        for network in settings.ADHERENTS_WEBHOOK_NETWORKS
        if network.prefixlen < 8
        or any(network.version == one.version and network.overlaps(one) for one in inner)
    ]


@register()
def signed_papers(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """A type of 2D-Doc that nothing can bear would accept nothing, and the person who wrote it would believe otherwise."""
    known = papers()
    wrong = [
        f"{kind.code}: {paper}"
        for kind in settings.PROFILE.documents.kinds
        for paper in kind.accept_signed
        if paper not in known
    ]
    if not wrong:
        return []
    hint = "The types are those of the 2D-Doc specification that is read here: 01 is a bill as a proof of address, 03 a RIB."
    return [Error(f"No 2D-Doc has this type: {', '.join(wrong)}.", hint=hint, id="adherents.E013")]


@register()
def profile_advice(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """What the profile leaves out and the law, or FranceConnect of its partners, asks for."""
    if not settings.IN_PRODUCTION:
        return []
    messages: list[CheckMessage] = []
    legal, franceconnect = settings.PROFILE.legal, settings.PROFILE.franceconnect
    missing = [name for name in ("publisher", "host") if not getattr(legal, name).fr]
    if missing:
        messages.append(
            Warning(
                f"The legal page lacks: {', '.join(missing)}.",
                hint="Fill [legal] in the profile.",
                id="adherents.W002",
            )
        )
    if franceconnect and not franceconnect.button:
        messages.append(
            Warning(
                "The button of FranceConnect is written: its charter asks each partner to show the drawing that it gives.",
                hint="Lay FranceConnect's drawings beside the profile, and name them in [franceconnect] as `button`.",
                id="adherents.W016",
            )
        )
    return messages


def open_to_the_world(bind: str) -> str:
    """Why a portal on trial should not listen there; "" where it may. In production a proxy stands in front, or is refused."""
    if settings.IN_PRODUCTION:
        return ""
    host = bind.rpartition(":")[0].strip("[]") or bind
    if bind.startswith("unix:") or host in environment.LOOPBACK:
        return ""
    return (
        f"{bind} is open to the network, and this portal is on trial: no TLS, a key beside the data, mail in a folder. "
        "Bind to 127.0.0.1, or set ADHERENTS_BASE_URL to its public https:// address."
    )


@register()
def drawing(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """What this machine does not let the process take away from itself that opens what strangers send: measured in one."""
    if not settings.IN_PRODUCTION:
        return []
    try:
        permitted = what_is_permitted()
    except (OSError, TimeoutExpired):
        hint = "Is there memory left, and may this service start processes?"
        if settings.ADHERENTS_DRAWING_SERVICE:
            hint = "Does `adherents serve_drawing` listen at ADHERENTS_DRAWING_URL, and may this user write to its socket?"
        return [
            Warning(
                "No process can be started to draw documents: agents would see none.",
                hint=hint,
                id="adherents.W008",
            )
        ]
    messages: list[CheckMessage] = []
    if not permitted.filtered:
        messages.append(
            Warning(
                "The kernel does not filter the system calls of the process that draws documents.",
                hint="A Linux kernel with seccomp, on x86-64 or ARM 64, and a container that permits it.",
                id="adherents.W009",
            )
        )
    if not permitted.another_user:
        messages.append(
            Info(
                "Documents are drawn under the portal's own user: only the filter of system calls parts them from it.",
                hint="Nothing to do. A drawing service of another user parts them more: ADHERENTS_DRAWING_URL.",
                id="adherents.I001",
            )
        )
    return messages


def refuse_what_is_unsafe() -> None:
    """For a server that does not start through `adherents serve`. Raises `ImproperlyConfigured`."""
    unsafe = [f"{message.msg} {message.hint}" for message in [*restore_is_over(None), *production(None)]]
    if unsafe:
        raise ImproperlyConfigured(" ".join(unsafe))


def _key_lies_with_data() -> bool:
    file = environment.master_key_file()
    if file is None:
        return not environment.text("MASTER_KEY")
    return file.resolve().is_relative_to(Path(settings.DATA_DIR).resolve())


def _spoken_to_in_clear() -> list[str]:
    """Which of database, mail, cache, storage and antivirus are elsewhere and reached without TLS."""
    database = urlsplit(databases.database_url())
    cache = urlsplit(settings.ADHERENTS_CACHE_URL)
    work = urlsplit(settings.ADHERENTS_WORK_URL)
    storage = urlsplit(environment.text("STORAGE_URL"))
    standby = urlsplit(databases.reader_url())
    sslmode, of_standby = (parse_qs(url.query).get("sslmode", [""])[0] for url in (database, standby))
    antivirus = settings.ADHERENTS_ANTIVIRUS
    elsewhere = {
        "database": _is_far(database.hostname) and sslmode not in ENCRYPTED,
        "reader": _is_far(standby.hostname) and of_standby not in ENCRYPTED,
        "mail": _is_far(settings.EMAIL_HOST) and not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL),
        "cache": _is_far(cache.hostname) and cache.scheme == "redis",
        "work": _is_far(work.hostname) and work.scheme in {"redis", "amqp"},
        "documents": _is_far(storage.hostname) and parse_qs(storage.query).get("tls", ["1"])[0] == "0",
        "antivirus": isinstance(antivirus, tuple) and _is_far(antivirus[0]),
    }
    return [name for name, clear in elsewhere.items() if clear]


def _believed_unproven() -> list[str]:
    """The servers whose TLS certificate is not checked: a machine in between could read everything."""
    database = urlsplit(databases.database_url())
    cache = urlsplit(settings.ADHERENTS_CACHE_URL)
    standby = urlsplit(databases.reader_url())
    sslmode, of_standby = (parse_qs(url.query).get("sslmode", [""])[0] for url in (database, standby))
    work = urlsplit(settings.ADHERENTS_WORK_URL)
    unproven_of = {
        "database": _is_far(database.hostname) and sslmode == "require",
        "reader": _is_far(standby.hostname) and of_standby == "require",
        "cache": _is_far(cache.hostname) and cache.scheme == "rediss" and not _is_proven(cache.query),
        "work": _is_far(work.hostname) and work.scheme in {"rediss", "amqps"} and not _is_proven(work.query),
    }
    return [name for name, unproven in unproven_of.items() if unproven]


def _is_proven(query: str) -> bool:
    return parse_qs(query).get("ssl_cert_reqs", ["required"])[0].lower() == "required"


def _are_aligned(one: str, other: str) -> bool:
    """Whether two addresses are in one domain, or one in a domain below the other's (as DMARC has it, relaxed)."""
    domains = [f".{address.rpartition('@')[2].lower()}" for address in (one, other)]
    return domains[0].endswith(domains[1]) or domains[1].endswith(domains[0])


def _key_file_that_others_read() -> str:
    """The master key's file, when its group or everybody may read it, or its folder, when they may write to that."""
    file = environment.master_key_file()
    if file is None or not file.exists():
        return ""
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        return str(file)
    folder = file.resolve().parent
    mode = stat.S_IMODE(folder.stat().st_mode)
    others_write = mode & 0o022 and not mode & stat.S_ISVTX
    return str(folder) if others_write else ""


def _is_far(host: str | None) -> bool:
    return bool(host) and host not in environment.LOOPBACK
