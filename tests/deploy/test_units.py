"""What is shipped for systemd, nginx and HAProxy is what these programs take."""

import http.client
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import get_commands
from stress.slow import behind_nginx

from tests.config.installation import once, run
from tests.deploy.units import INSTALLED, ROOT, UNITS, command_of, settings_of
from tests.ports import free_port

pytestmark = once

SERVICES = sorted(UNITS.glob("*.service"))
PROXY = ROOT / "deploy" / "proxy"
WHERE_PROGRAMS_ARE = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"


def said_by(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )


def test_systemd_loads_every_unit_and_finds_nothing_to_say(tmp_path: Path) -> None:
    here = Path(sys.executable).with_name("adherents")
    copies = []
    for unit in [*SERVICES, *UNITS.glob("*.socket")]:
        copies.append(tmp_path / unit.name)
        copies[-1].write_text(unit.read_text().replace(INSTALLED, str(here)))
    assert len(copies) == 5
    done = said_by("systemd-analyze", "verify", "--man=no", *copies)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_what_a_taken_service_exposes_is_little(unit: Path) -> None:
    done = said_by("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=30", unit)
    assert done.returncode == 0, done.stdout
    [level] = re.findall(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert float(level) <= 3


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_a_unit_starts_a_command_that_exists_with_options_that_it_has(unit: Path, tmp_path: Path) -> None:
    command, *options = command_of(unit)[2:]
    assert command in get_commands()
    said = run(tmp_path, command, "--help").stdout
    for option in options:
        assert not option.startswith("--") or option in said


def test_the_users_of_the_units_are_made() -> None:
    done = said_by("systemd-sysusers", "--dry-run", UNITS / "espace-adherents.sysusers.conf")
    assert done.returncode == 0, done.stdout
    made = set(re.findall(r"^u (\S+)", (UNITS / "espace-adherents.sysusers.conf").read_text(), re.MULTILINE))
    assert {settings_of(unit)["User"][0] for unit in SERVICES} == made


def test_the_portal_and_its_workers_ask_the_socket_that_is_listened_on() -> None:
    [listened] = settings_of(UNITS / "espace-adherents-drawing.socket")["ListenStream"]
    for name in ("espace-adherents", "espace-adherents-worker"):
        assert (
            f"ADHERENTS_DRAWING_URL=unix://{listened}"
            in settings_of(UNITS / f"{name}.service")["Environment"]
        )


def test_the_documentation_leads_to_the_files_and_repeats_none_of_them() -> None:
    guide = (ROOT / "docs" / "operating.md").read_text()
    for file in ["nginx.conf", "haproxy.cfg", *(unit.name for unit in UNITS.iterdir())]:
        assert f"`{file}`" in guide, file
    assert "proxy_pass" not in guide
    assert "ProtectSystem" not in guide


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate and its key."""
    folder = tmp_path_factory.mktemp("tls")
    chain, key = folder / "chain.pem", folder / "key.pem"
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run(
        [*new, "-keyout", key, "-out", chain, "-days", "2", "-subj", "/CN=x"], check=True, capture_output=True
    )
    return chain, key


def test_nginx_takes_its_file(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    chain, key = certificate
    shipped = (PROXY / "nginx.conf").read_text().replace("/etc/ssl/private/espace.key", str(key))
    shipped = shipped.replace("/etc/ssl/espace.pem", str(chain)).replace("/var/log/nginx/", f"{tmp_path}/")
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid;\nerror_log {tmp_path}/error.log;\nevents {{ worker_connections 4096; }}\nhttp {{\n{shipped}\n}}\n"
    )
    done = said_by(
        shutil.which("nginx", path=WHERE_PROGRAMS_ARE), "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf"
    )
    assert done.returncode == 0, done.stdout
    assert "warn" not in done.stdout


def haproxy() -> str:
    program = shutil.which("haproxy", path=WHERE_PROGRAMS_ARE)
    assert program, "haproxy is not installed"
    return program


def test_haproxy_takes_its_file(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    chain, key = certificate
    (tmp_path / "espace.pem").write_text(chain.read_text() + key.read_text())
    shipped = (PROXY / "haproxy.cfg").read_text().replace("/etc/haproxy/espace.pem", f"{tmp_path}/espace.pem")
    (tmp_path / "haproxy.cfg").write_text(shipped)
    done = said_by(haproxy(), "-c", "-f", tmp_path / "haproxy.cfg")
    assert done.returncode == 0, done.stdout
    assert "WARNING" not in done.stdout


def answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def behind_haproxy(folder: Path, portal: SimpleNamespace) -> Iterator[int]:
    """HAProxy with the file that is shipped, without TLS; what it logs is in `haproxy/espace.log`."""
    port = free_port()
    shipped = (PROXY / "haproxy.cfg").read_text().replace("127.0.0.1:8000", f"127.0.0.1:{portal.port}")
    shipped = re.sub(r"^ +(user|group|bind :443|http-request redirect).*\n", "", shipped, flags=re.MULTILINE)
    shipped = shipped.replace("bind :80", f"bind 127.0.0.1:{port}")
    shipped = shipped.replace("log /dev/log local0", "log stdout format raw local0")
    place = folder / "haproxy"
    place.mkdir()
    (place / "haproxy.cfg").write_text(shipped)
    with (place / "espace.log").open("wb") as log:
        running = subprocess.Popen(
            [haproxy(), "-db", "-f", place / "haproxy.cfg"], stdout=log, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + 20
        while not answers(port):
            assert running.poll() is None, (place / "espace.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield port
    finally:
        running.terminate()
        running.wait()


@pytest.mark.parametrize("behind", [behind_nginx, behind_haproxy], ids=["nginx", "haproxy"])
def test_a_secret_link_is_in_no_log_of_the_proxy_though_the_portal_is_away(
    tmp_path: Path, behind: object
) -> None:
    """Not in what it logs of requests, nor in what it says of a portal that does not answer."""
    places = ["authentication/mot-de-passe", "adresse/confirmer"]
    with behind(tmp_path, SimpleNamespace(port=free_port())) as port:  # type: ignore[operator]
        for place in places:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as browser:
                browser.sendall(
                    f"GET /adherent/{place}/a-secret?or=a-secret HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
                )
                assert re.match(rb"HTTP/1.1 50[23] ", browser.recv(4096))
        deadline = time.monotonic() + 10
        expected = [f"/adherent/{place.partition('/')[0]}/..." for place in places]
        while not all(place in logs_of(tmp_path) for place in expected):
            assert time.monotonic() < deadline, logs_of(tmp_path)
            time.sleep(0.05)
    assert "a-secret" not in logs_of(tmp_path)


@pytest.mark.parametrize("behind", [behind_nginx, behind_haproxy], ids=["nginx", "haproxy"])
def test_where_no_portal_answers_the_proxy_says_so_in_words_under_the_requests_name(
    tmp_path: Path, behind: object
) -> None:
    with behind(tmp_path, SimpleNamespace(port=free_port())) as port:  # type: ignore[operator]
        for asked, named in (
            ("a-name-1", "a-name-1"),
            ("<b>", r"[0-9a-f-]{32,36}"),
            ("", r"[0-9a-f-]{32,36}"),
        ):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", "/adherent/", headers={"Host": "localhost", "X-Request-ID": asked})
            answer = connection.getresponse()
            page = answer.read().decode()
            connection.close()
            assert answer.status == 503
            assert answer.headers["Retry-After"] == "5"
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            name = answer.headers["X-Request-ID"]
            assert re.fullmatch(named, name)
            assert f"<code>{name}</code>" in page
            assert "Votre espace ne répond pas pour le moment" in page
            assert "Your space does not answer at the moment" in page
            deadline = time.monotonic() + 10
            while name not in logs_of(tmp_path):
                assert time.monotonic() < deadline, logs_of(tmp_path)
                time.sleep(0.05)


def test_an_address_with_too_many_forms_open_is_told_so_by_nginx_in_words(tmp_path: Path) -> None:
    form = b"POST /adherent/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"
    with behind_nginx(tmp_path, SimpleNamespace(port=free_port())) as port, ExitStack() as opened:  # type: ignore[arg-type]
        for _ in range(101):
            last = opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
            last.sendall(form)
        answer = http.client.HTTPResponse(last)
        answer.begin()
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert "Attendez quelques secondes" in answer.read().decode()


def logs_of(folder: Path) -> str:
    return "".join(log.read_text() for log in folder.rglob("*.log"))
