"""What `adherents check` calls unsafe or warns of, asked in the process."""

import os
import ssl
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from django.core.mail.backends.smtp import EmailBackend

from adherents.config import checks
from adherents.inspection.rasteriser import process
from adherents.inspection.rasteriser.confinement import Confined
from adherents.insurer.directory import Directory, RoleFromClaim
from adherents.insurer.franceconnect import Button, FranceConnect
from adherents.insurer.values import Words
from tests.config.installation import MASTER_KEY, SECRET_KEY
from tests.vault.test_confinement import started_by

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def production(settings: LazySettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> LazySettings:
    """An installation with nothing to say against it."""
    settings.IN_PRODUCTION = settings.HTTPS = True
    settings.SECRET_KEY = SECRET_KEY
    settings.ADHERENTS_MASTER_KEYS = [bytes(range(32))]
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_USE_SSL = SMTP, "relay.example.org", True
    settings.ADHERENTS_PROXIES = 1
    settings.ADHERENTS_ANTIVIRUS = "/run/clamav/clamd.ctl"
    tmp_path.chmod(0o700)
    settings.DATA_DIR = tmp_path
    for name in ("DATABASE_URL", "LOG_LEVEL", "STORAGE_URL"):
        monkeypatch.delenv(f"ADHERENTS_{name}", raising=False)
    monkeypatch.setenv("ADHERENTS_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("ADHERENTS_MASTER_KEY", MASTER_KEY)
    return settings


def found() -> list[str]:
    messages: list[CheckMessage] = [*checks.production(None), *checks.surroundings(None)]
    return [str(message.id).removeprefix("adherents.") for message in messages]


def test_a_safe_installation_has_nothing_said_against_it(production: LazySettings) -> None:
    assert found() == []
    checks.refuse_what_is_unsafe()


def test_figures_are_not_left_open(production: LazySettings) -> None:
    production.ADHERENTS_METRICS_BIND = ("127.0.0.1", 9100)
    assert found() == []
    production.ADHERENTS_METRICS_BIND = ("10.0.0.1", 9100)
    assert found() == ["W013"]
    for guessed in ("short", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"):
        production.ADHERENTS_METRICS_TOKEN = guessed
        assert found() == ["E009"]
    production.ADHERENTS_METRICS_TOKEN = "b7d0c9e2f1a34856b7d0c9e2f1a34856"
    assert found() == []


def test_a_directory_of_agents_needs_a_secret(production: LazySettings) -> None:
    table = Directory(
        name=Words(fr="l’annuaire"),
        issuer="https://login.example.org",
        client_id="portal",
        role_claim="groups",
        roles=(RoleFromClaim(value="agents", role="conseiller"),),
    )
    agents = production.PROFILE.agents.model_copy(update={"oidc": table})
    production.PROFILE = production.PROFILE.model_copy(update={"agents": agents})
    assert found() == ["E010"]
    production.ADHERENTS_AGENTS_OIDC_SECRET = "given"
    assert found() == []


def test_an_envelope_in_another_domain_than_the_senders_is_warned_of(production: LazySettings) -> None:
    for address, warned in {
        "rebonds@mese.se.com": False,
        "rebonds@mails.mese.se.com": False,
        "rebonds@se.com": False,
        "rebonds@nomese.se.com": True,
        "rebonds@mutuelle.example": True,
    }.items():
        production.ADHERENTS_BOUNCE_ADDRESS = address
        assert ("W012" in found()) is warned, address


@pytest.mark.parametrize(
    ("network", "warned"),
    [("10.1.4.0/24", False), ("fd00:1::/32", False), ("127.0.0.0/8", True), ("0.0.0.0/0", True), ("::/0", True),
     ("169.254.169.254/32", True), ("fe80::/64", True)],
)  # fmt: skip
def test_webhooks_that_may_call_this_machine_or_anybody_are_warned_of(
    production: LazySettings, network: str, warned: bool
) -> None:
    production.ADHERENTS_WEBHOOK_NETWORKS = [ip_network(network)]
    assert found() == (["W014"] if warned else [])


def test_a_trial_on_this_very_machine_is_left_alone(
    production: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    production.IN_PRODUCTION = production.HTTPS = False
    monkeypatch.delenv("ADHERENTS_SECRET_KEY")
    assert found() == []
    checks.refuse_what_is_unsafe()


def test_plain_http_is_unsafe(production: LazySettings) -> None:
    production.HTTPS = False
    assert found() == ["E001"]
    with pytest.raises(ImproperlyConfigured, match="not served over TLS"):
        checks.refuse_what_is_unsafe()


def test_the_secret_key_made_for_a_trial_is_unsafe(
    production: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ADHERENTS_SECRET_KEY")
    assert found() == ["E002"]


@pytest.mark.parametrize("key", ["short", "a" * 60, "changeme" * 8])
def test_a_secret_key_that_can_be_guessed_is_unsafe(production: LazySettings, key: str) -> None:
    production.SECRET_KEY = key
    assert found() == ["E003"]


def test_a_master_key_beside_the_data_is_unsafe(
    production: LazySettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("ADHERENTS_MASTER_KEY")
    assert found() == ["E004"]
    monkeypatch.setenv("ADHERENTS_MASTER_KEY", str(tmp_path / "keys" / "master.key"))
    assert found() == ["E004"]
    monkeypatch.setenv("ADHERENTS_MASTER_KEY", "/run/secrets/master.key")
    assert found() == []


def test_mail_kept_in_a_folder_is_unsafe(production: LazySettings) -> None:
    production.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    assert found() == ["E005"]


def test_debug_logs_are_unsafe(production: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADHERENTS_LOG_LEVEL", "debug")
    assert found() == ["E006"]


@pytest.mark.parametrize(
    ("work", "told"),
    [
        ("redis://127.0.0.1:6379/1", ""),
        ("redis://broker.example.org/1", "W005"),
        ("amqp://broker.example.org/", "W005"),
        ("rediss://broker.example.org/1?ssl_cert_reqs=none", "W007"),
        ("amqps://broker.example.org/?ssl_cert_reqs=none", "W007"),
        ("amqps://broker.example.org/", ""),
    ],
)
def test_a_broker_on_a_network_is_spoken_to_over_tls_and_proves_who_it_is(
    production: LazySettings, work: str, told: str
) -> None:
    production.ADHERENTS_WORK_URL = work
    assert found() == ([told] if told else [])


def test_a_master_key_that_can_be_guessed_is_unsafe(production: LazySettings) -> None:
    production.ADHERENTS_MASTER_KEYS = [bytes(range(32)), b"\0" * 32]
    assert found() == ["E007"]


def test_no_proxy_announced_is_told(production: LazySettings) -> None:
    production.ADHERENTS_PROXIES = 0
    assert found() == ["W003"]


def test_a_folder_that_others_read_is_told(production: LazySettings, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert found() == ["W004"]


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("DATABASE_URL", "postgresql://me@db.example.org/portal", "database"),
        ("DATABASE_URL", "postgresql://me@db.example.org/portal?sslmode=prefer", "database"),
        ("STORAGE_URL", "s3://a:b@s3.example.org/papers?tls=0", "documents"),
    ],
)
def test_what_is_spoken_to_in_clear_is_told(
    production: LazySettings, monkeypatch: pytest.MonkeyPatch, name: str, value: str, what: str
) -> None:
    monkeypatch.setenv(f"ADHERENTS_{name}", value)
    [message] = checks.surroundings(None)
    assert message.id == "adherents.W005"
    assert what in message.msg


@pytest.mark.parametrize(
    ("database", "cache", "what"),
    [
        ("postgresql://me@db.example.org/portal?sslmode=require", "", "database"),
        ("sqlite:////srv/portal.sqlite3", "rediss://cache.example.org?ssl_cert_reqs=none", "cache"),
        ("sqlite:////srv/portal.sqlite3", "rediss://cache.example.org?ssl_cert_reqs=optional", "cache"),
    ],
)
def test_tls_that_checks_no_certificate_is_told(
    production: LazySettings, monkeypatch: pytest.MonkeyPatch, database: str, cache: str, what: str
) -> None:
    monkeypatch.setenv("ADHERENTS_DATABASE_URL", database)
    production.ADHERENTS_CACHE_URL = cache
    [message] = checks.surroundings(None)
    assert message.id == "adherents.W007"
    assert message.msg.endswith(f": {what}.")


@pytest.mark.parametrize(
    "cache", ["rediss://cache.example.org", "rediss://c.example.org?ssl_cert_reqs=required"]
)
def test_a_cache_that_proves_who_it_is_is_fine(production: LazySettings, cache: str) -> None:
    production.ADHERENTS_CACHE_URL = cache
    assert found() == []


def test_the_tls_of_mail_asks_who_answers(settings: LazySettings) -> None:
    """Django's own doing, which the warnings above rely on; a custom certificate alone would change it."""
    context = EmailBackend(use_ssl=True).ssl_context
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert settings.EMAIL_SSL_CERTFILE is None
    assert settings.EMAIL_SSL_KEYFILE is None


@pytest.mark.parametrize(
    ("mode", "folder_mode", "told"),
    [
        (0o600, 0o700, []),
        (0o400, 0o755, []),
        (0o640, 0o700, ["W010"]),
        (0o604, 0o700, ["W010"]),
        (0o600, 0o777, ["W010"]),
        (0o600, 0o770, ["W010"]),
    ],
)
def test_a_key_file_that_others_read_or_replace_is_told(
    production: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    mode: int,
    folder_mode: int,
    told: list[str],
) -> None:
    file = tmp_path_factory.mktemp("secrets") / "master.key"
    file.write_text("dGVzdHMgb25seSwgdGVzdHMgb25seSwgMzIgYnl0ZXM=")
    file.chmod(mode)
    file.parent.chmod(folder_mode)
    monkeypatch.setenv("ADHERENTS_MASTER_KEY", str(file))
    assert found() == told


@pytest.mark.parametrize(
    "bind", ["0.0.0.0:8000", "[::]:8000", "192.0.2.7:8000", ":8000", "portal.example.org:80"]
)
def test_a_portal_on_trial_that_listens_to_the_network_is_told(settings: LazySettings, bind: str) -> None:
    assert bind in checks.open_to_the_world(bind)
    settings.IN_PRODUCTION = True
    assert checks.open_to_the_world(bind) == ""


@pytest.mark.parametrize("bind", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "unix:/run/portal.sock"])
def test_a_portal_on_trial_may_listen_to_its_own_machine(settings: LazySettings, bind: str) -> None:
    assert checks.open_to_the_world(bind) == ""


def test_mail_and_cache_in_clear_are_told(production: LazySettings) -> None:
    production.EMAIL_USE_SSL = False
    production.ADHERENTS_CACHE_URL = "redis://cache.example.org"
    [message] = checks.surroundings(None)
    assert message.msg.endswith("mail, cache.")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://me@db.example.org/portal?sslmode=verify-full"),
        ("DATABASE_URL", "postgresql://me@127.0.0.1/portal"),
        ("DATABASE_URL", "sqlite:////srv/portal.sqlite3"),
        ("STORAGE_URL", "s3://a:b@s3.example.org/papers"),
    ],
)
def test_tls_and_this_very_machine_are_fine(
    production: LazySettings, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"ADHERENTS_{name}", value)
    assert found() == []


def test_what_the_law_asks_for_and_the_profile_lacks_is_told(production: LazySettings) -> None:
    [message] = checks.profile_advice(None)
    assert "host" in message.msg


def test_a_button_of_franceconnect_without_its_drawing_is_told(production: LazySettings) -> None:
    known = FranceConnect.model_construct(issuer="https://fc.example", client_id="x", button=None)
    production.PROFILE = production.PROFILE.model_copy(update={"franceconnect": known})
    assert [message.id for message in checks.profile_advice(None)] == ["adherents.W002", "adherents.W016"]
    drawn = known.model_copy(update={"button": Button.model_construct(light=Path("fc.svg"))})
    production.PROFILE = production.PROFILE.model_copy(update={"franceconnect": drawn})
    assert [message.id for message in checks.profile_advice(None)] == ["adherents.W002"]


def test_no_antivirus_is_told(production: LazySettings) -> None:
    production.ADHERENTS_ANTIVIRUS = None
    assert found() == ["W006"]


def test_an_antivirus_on_a_network_is_spoken_to_in_clear(production: LazySettings) -> None:
    production.ADHERENTS_ANTIVIRUS = ("av.example.org", 3310)
    assert found() == ["W005"]
    production.ADHERENTS_ANTIVIRUS = ("127.0.0.1", 3310)
    assert found() == []


@pytest.mark.parametrize(("mode", "ids"), [("verify-full", []), ("require", ["W007"]), ("prefer", ["W005"])])
def test_the_reader_is_spoken_to_as_the_database_is(
    production: LazySettings, monkeypatch: pytest.MonkeyPatch, mode: str, ids: list[str]
) -> None:
    monkeypatch.setenv("ADHERENTS_DATABASE_URL", "postgresql://me@db.example.org/portal?sslmode=verify-full")
    monkeypatch.setenv(
        "ADHERENTS_DATABASE_READER_URL", f"postgresql://me@standby.example.org/portal?sslmode={mode}"
    )
    assert found() == ids
    assert mode == "verify-full" or "reader" in checks.surroundings(None)[0].msg


def drawing() -> list[str]:
    return [str(message.id).removeprefix("adherents.") for message in checks.drawing(None)]


def test_a_machine_that_permits_everything_has_nothing_said_of_its_drawing(production: LazySettings) -> None:
    assert drawing() == ([] if os.geteuid() == 0 else ["I001"])
    production.IN_PRODUCTION = False
    assert drawing() == []


def test_a_service_that_is_nobody_special_is_told_under_whose_name_it_draws() -> None:
    """Asked of a process that really is one."""
    code = (
        "from adherents.inspection.rasteriser.process import what_is_permitted; print(*what_is_permitted())"
    )
    completed = subprocess.run(
        [*started_by(True), sys.executable, "-I", "-c", code],
        capture_output=True,
        text=True,
        env={},
        timeout=60,
    )
    another_user, _, filtered = completed.stdout.split()
    assert (another_user, filtered) == ("False", "True"), completed.stderr


@pytest.mark.parametrize(
    ("permitted", "told"),
    [
        (Confined(True, True, True), []),
        (Confined(True, True, False), ["W009"]),
        (Confined(False, False, True), ["I001"]),
        (Confined(False, False, False), ["W009", "I001"]),
    ],
)
def test_what_the_machine_does_not_permit_to_a_drawing_is_told(
    production: LazySettings, monkeypatch: pytest.MonkeyPatch, permitted: Confined, told: list[str]
) -> None:
    monkeypatch.setattr(checks, "what_is_permitted", lambda: permitted)
    assert drawing() == told


def test_a_machine_that_starts_no_process_is_told(
    production: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "MEASURE", "raise SystemExit(1)")
    assert drawing() == ["W008"]
