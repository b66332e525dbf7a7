"""An installation by itself: over TLS, on SQLite with its settings on, without its database, on a Valkey server."""

import http.client
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.config.installation import ADHERENTS, SAFE, ask, environment, once, run
from tests.engines import Valkey
from tests.ports import free_port

pytestmark = once

OVER_TLS = """
import json
from django.core.management import call_command
from django.db import connection, transaction
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.utils import timezone
from adherents.accounts.models import Account
from adherents.accounts.services.access_link import send_link

call_command("migrate", verbosity=0)
call_command("collectstatic", interactive=False, verbosity=0)
account = Account.objects.create(identifier="70100001", email="camille@example.org", birth_date="1954-03-05",
    password=make_password("tulipe-Bleue-42"), password_changed_at=timezone.now())
client = Client(headers={"host": "espace.example.org", "x-forwarded-proto": "https"})
answers = {}

def note(name, response):
    answers[name] = {
        "status": response.status_code,
        "headers": dict(response.headers),
        "cookies": {cookie.key: {k: v for k, v in cookie.items() if v} for cookie in response.cookies.values()},
    }

note("page", client.get("/adherent/"))
note("static", client.get("/static/nothing.css"))
note("elsewhere", client.get("/adherent/", headers={"host": "evil.example"}))
note("language", client.post("/langue/", {"language": "en"}))
note("signed in", client.post("/adherent/", {"identifier": "70100001", "password": "tulipe-Bleue-42"}))
note("link", client.get("/adherent/authentication/mot-de-passe/" + "0" * 32))
note("no link", client.get("/adherent/authentication/mot-de-passe/"))
note("signed out", client.post("/adherent/deconnexion/"))
with connection.cursor() as cursor:
    answers["pragmas"] = {}
    for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout"):
        cursor.execute(f"PRAGMA {name}")
        answers["pragmas"][name] = cursor.fetchone()[0]
connection.queries_log.clear()
connection.force_debug_cursor = True
with transaction.atomic():
    pass
answers["begin"] = connection.queries_log[0]["sql"]
print(json.dumps(answers))
"""

WITHOUT_DATABASE = """
import json
from django.test import Client
client = Client(headers={"host": "127.0.0.1"})
ready = client.get("/pret/")
print(json.dumps({"live": client.get("/sante/").status_code, "ready": ready.status_code, "says": ready.json()}))
"""


@pytest.fixture(scope="module")
def over_tls(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return ask(tmp_path_factory.mktemp("tls"), OVER_TLS, **SAFE)


def test_every_answer_over_tls_asks_for_tls_for_two_years(over_tls: Any) -> None:
    for name in ("page", "static", "elsewhere", "signed in", "link"):
        assert over_tls[name]["headers"]["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"


def test_every_cookie_is_bound_to_this_host_and_hidden_from_scripts(over_tls: Any) -> None:
    seen: set[str] = set()
    for answer in over_tls.values():
        for name, attributes in (answer.get("cookies", {}) if isinstance(answer, dict) else {}).items():
            seen.add(name)
            assert attributes["secure"] is True, name
            assert attributes["path"] == "/", name
            assert "domain" not in attributes, name
            assert attributes["samesite"] == "Lax", name
            if attributes.get("max-age") != 0 and not attributes.get("expires", "").startswith(
                "Thu, 01 Jan 1970"
            ):
                assert attributes["httponly"] is True, name
    names = ("csrf", "session", "appareil", "langue", "lien", "demande", "numero")
    assert seen == {f"__Host-{name}" for name in names}


def test_signing_out_tells_the_browser_to_forget(over_tls: Any) -> None:
    assert over_tls["signed out"]["headers"]["Clear-Site-Data"] == '"cache", "storage"'


def test_another_hosts_name_is_refused(over_tls: Any) -> None:
    assert over_tls["elsewhere"]["status"] == 400


def test_sqlite_is_set_up_as_the_house_wants_it(over_tls: Any) -> None:
    assert over_tls["pragmas"] == {
        "journal_mode": "wal",
        "synchronous": 1,
        "foreign_keys": 1,
        "busy_timeout": 20000,
    }
    assert over_tls["begin"] == "BEGIN IMMEDIATE"


def test_without_its_database_the_portal_lives_and_is_not_ready(tmp_path: Path) -> None:
    gone = ask(tmp_path, WITHOUT_DATABASE, DATABASE_URL="postgresql://me:pass-word@127.0.0.1:1/portal")
    assert gone["live"] == 200
    assert gone["ready"] == 503
    assert gone["says"] == {"status": "down", "degraded": ["database"]}


def test_a_database_without_its_tables_is_not_ready(tmp_path: Path) -> None:
    says = ask(tmp_path, WITHOUT_DATABASE)["says"]
    assert says["status"] == "down"
    assert "migrations" in says["degraded"]


def _get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[..., int]]:
    """Start `adherents serve` on a port of its own; its log is `<port>.log`."""
    with ExitStack() as stack:

        def start(**given: str) -> int:
            port = free_port()
            log = stack.enter_context((tmp_path / f"{port}.log").open("w"))
            process = subprocess.Popen(
                [*ADHERENTS, "serve", "--bind", f"127.0.0.1:{port}", "--workers", "1"],
                env=environment(tmp_path, **given),
                stdout=log,
                stderr=log,
            )
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
            for _ in range(600):
                assert process.poll() is None, (tmp_path / f"{port}.log").read_text()
                try:
                    _get(port, "/sante/")
                except OSError:
                    time.sleep(0.1)
                else:
                    return port
            raise AssertionError("it never answered")

        yield start


def test_two_portals_on_one_valkey_count_hits_together(tmp_path: Path, serving: Callable[..., int]) -> None:
    mese = (Path(__file__).resolve().parents[2] / "profiles" / "mese.toml").read_text()
    before, section, after = mese.partition("[limits.link]\nper_address = ")
    assert section, "the first rate of this table is an address's"
    (tmp_path / "profile.toml").write_text(before + section + '"5/hour"\n' + after.partition("\n")[2])
    subprocess.run([*ADHERENTS, "migrate", "-v0"], env=environment(tmp_path), check=True, timeout=120)
    link_page = "/adherent/authentication/mot-de-passe/"
    with Valkey() as valkey:
        given = {
            "CACHE_URL": valkey.address,
            "PROFILE": str(tmp_path / "profile.toml"),
        }
        one, other = serving(**given), serving(**given)
        assert json.loads(_get(one, "/pret/")[1]) == {"status": "degraded", "degraded": ["worker"]}
        assert [_get(port, link_page)[0] for port in (one, one, one, other, other)] == [410] * 5
        assert [_get(port, link_page)[0] for port in (one, other)] == [429, 429]
        assert _get(one, "/adherent/")[0] == 200
        valkey.kill()
    until = time.monotonic() + 20
    while (degraded := json.loads(_get(one, "/pret/")[1])["degraded"]) == ["worker"]:
        assert time.monotonic() < until, "the cache is never missed"
        time.sleep(0.2)
    assert (_get(one, "/pret/")[0], degraded) == (200, ["cache", "worker"])
    assert _get(one, "/sante/")[0] == 200
    # Each portal counts in the database now, where both find what the other has counted.
    assert [_get(port, link_page)[0] for port in (one, other, one, other, one)] == [410] * 5
    assert [_get(port, link_page)[0] for port in (one, other)] == [429, 429]
    # Each tells what all the processes of the machine have counted, those that ended too.
    refused = 'adherents_limits_hit_total{action="link"} 4.0'
    assert all(refused in _get(port, "/metrics")[1].decode() for port in (one, other))
    assert run(tmp_path, "worker", "--once", **given).returncode == 0
    figures = _get(other, "/metrics")[1].decode()
    assert refused in figures
    assert 'adherents_sweep_seconds_count{outcome="ok",sweep="mail"}' in figures
    for port in (one, other):
        lines = (tmp_path / f"{port}.log").read_text().splitlines()
        assert lines
        assert all("message" in json.loads(line) for line in lines)
