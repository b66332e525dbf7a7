"""What the environment says: one reader per `ADHERENTS_…` variable, each with a default that works on a laptop."""

import base64
import os
import re
import secrets
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from adherents import insurer
from adherents.config.serving.exchanges import Bounds

_CHECKOUT = Path(__file__).resolve().parents[3]
# Where `var` lies by default: the checkout, or the virtual environment that the wheel was installed in.
HOME = _CHECKOUT if (_CHECKOUT / "pyproject.toml").exists() else Path(sys.prefix)
PROFILES = Path(insurer.__file__).parent / "profiles"  # in a checkout, a link to its `profiles`
LOOPBACK = {"127.0.0.1", "localhost", "::1", "testserver"}
SocketAddress = tuple[str, int] | str
S3_CONNECTS_WITHIN, S3_ANSWERS_WITHIN = 3, 8  # seconds, twice at most
_BOUNCE_ADDRESS = re.compile(r"[A-Za-z0-9._-]{1,21}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")


class WrongSetting(Exception):
    """A variable of the environment that cannot be understood: which, why, and what it should be."""


def text(name: str, default: str = "") -> str:
    return os.environ.get(f"ADHERENTS_{name}", "").strip() or default


def split_address(name: str, url: str, should: str) -> SplitResult:
    """The parts of an address, its port a number. Raises `WrongSetting` with what it should be, never with the address:
    it may hold a password."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise WrongSetting(f"ADHERENTS_{name} should be {should}") from None
    return parts


def data_dir() -> Path:
    """Where everything that this installation keeps on disk goes (created, readable by its owner only)."""
    path = Path(text("DATA_DIR", str(HOME / "var"))).expanduser().resolve()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise WrongSetting(f"ADHERENTS_DATA_DIR: {path} cannot be made ({error.strerror})") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise WrongSetting(f"ADHERENTS_DATA_DIR: {path} cannot be written to")
    return path


def profile_path() -> Path:
    """The file that ADHERENTS_PROFILE names; else the one that a restore put in the data folder, else the default."""
    restored = data_dir() / "profile" / "profile.toml"
    default = restored if restored.exists() else PROFILES / "mese.toml"
    return Path(text("PROFILE", str(default))).expanduser()


def base_url() -> str:
    """The portal's public address, without a final slash. It has the host to itself: no path."""
    url, should = text("BASE_URL", "http://127.0.0.1:8000").rstrip("/"), "like https://espace.example.org"
    parts = split_address("BASE_URL", url, should)
    alone = not (parts.path or parts.query or parts.fragment or parts.username)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not alone:
        raise WrongSetting(f"ADHERENTS_BASE_URL should be {should}")
    return url


def is_production() -> bool:
    """Anything that is not reached on this very machine is production, and is held to its rules."""
    return urlsplit(base_url()).hostname not in LOOPBACK


def _kept_secret(file: Path, size: int) -> bytes:
    """A random secret made once and kept in `file`; two processes that start together agree on one.

    The file is written whole under another name, then renamed, so that no process reads half of it.
    """
    if not file.exists():
        descriptor, fresh = tempfile.mkstemp(dir=file.parent)  # readable by its owner only
        with os.fdopen(descriptor, "w") as made:
            made.write(base64.b64encode(secrets.token_bytes(size)).decode())
        with suppress(FileExistsError):
            os.link(fresh, file)
        Path(fresh).unlink()
    return base64.b64decode(file.read_text())


def secret_key() -> str:
    return text("SECRET_KEY") or base64.b64encode(_kept_secret(data_dir() / "secret.key", 48)).decode()


def check_keys_are_given() -> None:
    """Before a restore, which never makes keys of its own in a data folder that should be empty. Raises `WrongSetting`."""
    missing = [f"ADHERENTS_{name}" for name in ("MASTER_KEY", "SECRET_KEY") if not text(name)]
    if missing:
        raise WrongSetting(f"{' and '.join(missing)}: set them to what the saved portal had")


def master_key_file() -> Path | None:
    """The file that ADHERENTS_MASTER_KEY names, when it names one."""
    given = text("MASTER_KEY")
    if not given.startswith(("/", "~", "file:")):
        return None
    return Path(given.removeprefix("file://").removeprefix("file:")).expanduser()


def master_keys() -> list[bytes]:
    """32-byte keys, base64, comma separated, the sealing one first; or the path of a file that holds them."""
    given, file = text("MASTER_KEY"), master_key_file()
    if not given:
        return [_kept_secret(data_dir() / "master.key", 32)]
    if file is not None:
        try:
            given = file.read_text()
        except (OSError, UnicodeDecodeError):
            raise WrongSetting(f"ADHERENTS_MASTER_KEY: {file} cannot be read") from None
    try:
        keys = [
            base64.b64decode(part, validate=True)
            for part in given.replace("\n", ",").split(",")
            if part.strip()
        ]
    except ValueError:
        raise WrongSetting("ADHERENTS_MASTER_KEY should be 32 random bytes in base64") from None
    if not keys or any(len(key) != 32 for key in keys):
        raise WrongSetting(
            "ADHERENTS_MASTER_KEY should be 32 random bytes in base64 (openssl rand -base64 32)"
        )
    return keys


def cache_url() -> str:
    """`valkey://host:port/0` (or `redis://…`, which speaks the same; `valkeys://` over TLS); empty: this process's memory."""
    given, should = text("CACHE_URL"), "like valkey://host:6379/0"
    parts = split_address("CACHE_URL", given, should)
    if given and (parts.scheme not in {"valkey", "valkeys", "redis", "rediss"} or not parts.hostname):
        raise WrongSetting(f"ADHERENTS_CACHE_URL should be {should}")
    return given.replace("valkey", "redis", 1) if given.startswith("valkey") else given


def work_url() -> str:
    """The broker that wakes workers and spreads work; empty: each worker looks for work every second.

    `valkey://host:6379/1` (or `redis://…`), `amqp://user:password@host:5672/vhost`; over TLS: `valkeys://`, `rediss://`,
    `amqps://`.
    """
    given, should = text("WORK_URL"), "like valkey://host:6379/1 or amqp://user:password@host:5672/vhost"
    parts = split_address("WORK_URL", given, should)
    known = {"valkey", "valkeys", "redis", "rediss", "amqp", "amqps"}
    if given and (parts.scheme not in known or not parts.hostname):
        raise WrongSetting(f"ADHERENTS_WORK_URL should be {should}")
    if given and find_spec("celery") is None:
        raise WrongSetting("ADHERENTS_WORK_URL needs Celery: install requirements/celery.txt")
    return given.replace("valkey", "redis", 1) if given.startswith("valkey") else given


def antivirus() -> SocketAddress | None:
    """`clamd://host:port` (3310 when it says none) or `clamd:///socket`, as a socket's address; None: no antivirus."""
    given, should = text("ANTIVIRUS_URL"), "like clamd://127.0.0.1:3310 or clamd:///run/clamav/clamd.ctl"
    if not given:
        return None
    parts = split_address("ANTIVIRUS_URL", given, should)
    path = parts.path.rstrip("/")
    if parts.scheme != "clamd" or bool(parts.hostname) == bool(path) or parts.query or parts.username:
        raise WrongSetting(f"ADHERENTS_ANTIVIRUS_URL should be {should}")
    return (parts.hostname, parts.port or 3310) if parts.hostname else unquote(path)


def drawing_service() -> str | None:
    """`unix:///run/…/drawing.sock`, as the path of a socket; None: this process starts what draws by itself."""
    given, should = text("DRAWING_URL"), "like unix:///run/espace-adherents-drawing/drawing.sock"
    if not given:
        return None
    parts = split_address("DRAWING_URL", given, should)
    if parts.scheme != "unix" or parts.netloc or not parts.path.strip("/") or parts.query:
        raise WrongSetting(f"ADHERENTS_DRAWING_URL should be {should}")
    return unquote(parts.path)


def log_level() -> str:
    given = text("LOG_LEVEL", "INFO").upper()
    if given not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
        raise WrongSetting("ADHERENTS_LOG_LEVEL should be DEBUG, INFO, WARNING, ERROR or CRITICAL")
    return given


def proxies() -> int:
    """How many reverse proxies stand in front: the browser's address is read from X-Forwarded-For behind them."""
    given = text("PROXIES", "0")
    if given not in {str(count) for count in range(10)}:
        raise WrongSetting("ADHERENTS_PROXIES should be the number of reverse proxies in front, such as 1")
    return int(given)


def _number(name: str, default: int, least: int, most: int) -> int:
    given = text(name, str(default))
    if not given.isascii() or not given.isdecimal() or not least <= int(given[:12]) <= most:
        raise WrongSetting(f"ADHERENTS_{name} should be a number from {least} to {most}, such as {default}")
    return int(given)


def bounds() -> Bounds:
    """How much of one web process slow peers may hold."""
    usual = Bounds()
    return Bounds(
        least_rate=_number("LEAST_RATE", usual.least_rate, 100, 4000),
        by_address=_number("SLOW_PER_ADDRESS", usual.by_address, 8, 10_000),
        by_member=_number("SLOW_PER_MEMBER", usual.by_member, 2, 1000),
        memory=_number("BODIES_MB", usual.memory >> 20, 16, 65_536) << 20,
        uploads=_number("UPLOAD_THREADS", usual.uploads, 4, 1000),
        downloads=_number("DOWNLOADS", usual.downloads, 4, 1000),
    )


def metrics_dir() -> Path:
    """Where the processes of this machine keep what they count."""
    return Path(text("METRICS_DIR", str(data_dir() / "metrics"))).expanduser()


def metrics_token() -> str:
    """What a reader of /metrics must show (`Authorization: Bearer …`); "": no token opens it."""
    token = text("METRICS_TOKEN")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise WrongSetting("ADHERENTS_METRICS_TOKEN should be letters and digits (openssl rand -hex 32)")
    return token


def metrics_bind() -> tuple[str, int] | None:
    """The address of a listener for figures alone; None: there is none."""
    given, should = text("METRICS_BIND"), "like 127.0.0.1:9100"
    if not given:
        return None
    parts = split_address("METRICS_BIND", f"//{given}", should)
    if not parts.hostname or not parts.port or given != parts.netloc or parts.username:
        raise WrongSetting(f"ADHERENTS_METRICS_BIND should be {should}")
    return parts.hostname, parts.port


def otlp_url() -> str:
    """The HTTP address of a receiver of traces (OTLP); "": traces are off."""
    given, should = text("OTLP_URL"), "like http://127.0.0.1:4318"
    parts = split_address("OTLP_URL", given, should)
    if given and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query):
        raise WrongSetting(f"ADHERENTS_OTLP_URL should be {should}")
    return given


@dataclass(frozen=True)
class Mailer:
    """Where mail goes: Django's backend and its options."""

    backend: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    use_tls: bool = False
    use_ssl: bool = False
    folder: str = ""


def mailer() -> Mailer:
    """`smtp://user:password@host:port?starttls=1`, `smtps://…` or `file:///folder` (one file a mail)."""
    url, should = text("EMAIL_URL", f"file://{data_dir() / 'mails'}"), "like smtp://host:25 or file:///folder"
    parts = split_address("EMAIL_URL", url, should)
    if parts.scheme == "file" and parts.path.strip("/"):
        return Mailer("django.core.mail.backends.filebased.EmailBackend", folder=unquote(parts.path))
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise WrongSetting(f"ADHERENTS_EMAIL_URL should be {should}")
    ssl = parts.scheme == "smtps"
    return Mailer(
        "django.core.mail.backends.smtp.EmailBackend",
        host=parts.hostname,
        port=parts.port or (465 if ssl else 25),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        use_ssl=ssl,
        use_tls=parse_qs(parts.query).get("starttls", ["0"])[0] == "1",
    )


def bounce_address() -> str:
    """`rebonds@mutuelle.fr`: where what cannot be delivered comes back to, as `rebonds+<token>@…`; "": to no program."""
    address = text("BOUNCE_ADDRESS")
    if address and not _BOUNCE_ADDRESS.fullmatch(address):
        raise WrongSetting(
            "ADHERENTS_BOUNCE_ADDRESS should be like rebonds@mutuelle.fr: 21 characters at most before the @, and no + "
            "(the portal adds one, and a token)"
        )
    return address


def agents_oidc_secret() -> str:
    """What the portal proves itself with to the agents' directory (`[agents.oidc]` of the profile); "": nothing is set."""
    return _client_secret("AGENTS_OIDC_SECRET", text("AGENTS_OIDC_SECRET"))


def franceconnect_secret() -> str:
    """The same to FranceConnect (`[franceconnect]`)."""
    return _client_secret("FRANCECONNECT_SECRET", text("FRANCECONNECT_SECRET"))


def _client_secret(name: str, given: str) -> str:
    if not given.isascii() or not given.isprintable():
        raise WrongSetting(f"ADHERENTS_{name} should be the client secret, as it was given")
    return given


@dataclass(frozen=True)
class MailEvents:
    """The provider that carries the mails and says by HTTP what became of them; `secret`: what it proves itself with."""

    provider: str
    secret: str = field(repr=False)


def mail_events() -> MailEvents | None:
    """`brevo:secret` or `mailjet:secret`, the secret 32 characters or more; None: no provider says anything."""
    given = text("MAIL_EVENTS")
    if not given:
        return None
    provider, _colon, secret = given.partition(":")
    if provider not in {"brevo", "mailjet"} or not re.fullmatch(r"[A-Za-z0-9_-]{32,}", secret):
        raise WrongSetting(
            "ADHERENTS_MAIL_EVENTS should be brevo:secret or mailjet:secret, the secret 32 letters and digits or more "
            "(openssl rand -hex 24)"
        )
    if find_spec("anymail") is None:
        raise WrongSetting(
            "ADHERENTS_MAIL_EVENTS needs django-anymail (pip install -r requirements/anymail.txt)"
        )
    return MailEvents(provider, secret)


def webhook_networks() -> list[IPv4Network | IPv6Network]:
    """`10.1.0.0/16,fd00:1::/32`: inner networks that webhooks may call, by http:// too; none: the internet, by https:// alone."""
    given = [network.strip() for network in text("WEBHOOK_NETWORKS").split(",")]
    try:
        return [ip_network(network) for network in given if network]
    except ValueError:
        raise WrongSetting(
            "ADHERENTS_WEBHOOK_NETWORKS should be networks such as 10.1.0.0/16,fd00:1::/32"
        ) from None


def storage() -> tuple[str, dict[str, object]]:
    """`file:///folder`, or `s3://key:secret@host:port/bucket` (`?region=…&tls=0`): a Django storage and its options."""
    return storage_at(text("STORAGE_URL", f"file://{data_dir() / 'documents'}"))


def storage_at(url: str) -> tuple[str, dict[str, object]]:
    """As `storage`, of an address that is not the setting's."""
    should = "file:///folder or s3://key:secret@host:port/bucket"
    parts = split_address("STORAGE_URL", url, should)
    if parts.scheme == "file" and parts.path.strip("/"):
        return "django.core.files.storage.FileSystemStorage", {
            "location": unquote(parts.path),
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        }
    if parts.scheme != "s3" or not parts.path.strip("/"):
        raise WrongSetting(f"ADHERENTS_STORAGE_URL should be {should}")
    query = parse_qs(parts.query)
    options: dict[str, object] = {
        "bucket_name": parts.path.strip("/"),
        "access_key": unquote(parts.username or "") or None,
        "secret_key": unquote(parts.password or "") or None,
        "region_name": query.get("region", ["us-east-1"])[0],
        "file_overwrite": False,
        "default_acl": None,
    }
    addressing = "auto"
    if parts.hostname:
        addressing = "path"
        scheme = "http" if query.get("tls", ["1"])[0] == "0" else "https"
        options["endpoint_url"] = (
            f"{scheme}://{parts.hostname}:{parts.port or (443 if scheme == 'https' else 80)}"
        )
    from botocore.config import Config  # a folder does without it

    # Left to itself, the client waits five times a minute for a server that hangs, in one of the few threads that serve.
    options["client_config"] = Config(
        connect_timeout=S3_CONNECTS_WITHIN,
        read_timeout=S3_ANSWERS_WITHIN,
        retries={"total_max_attempts": 2, "mode": "standard"},
        s3={"addressing_style": addressing},
    )
    return "storages.backends.s3.S3Storage", options
