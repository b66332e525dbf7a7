"""The demonstration: whole or made anew, never in somebody's folder, on this machine only, and gone when it is stopped."""

import http.cookiejar
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from django.urls import reverse

from adherents.accounts.models import Account
from adherents.demo import catcher, data_folder, mailbox, people
from adherents.demo.data_folder import CannotRun
from adherents.demo.ports import check_ports, pages_port
from adherents.members import nir
from adherents.members.models import Member
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
ADHERENTS = [sys.executable, "-c", "from adherents.config.command import main; main()"]


def test_the_fifty_have_nirs_that_could_exist_and_addresses_that_reach_nobody() -> None:
    everybody = people.everybody()
    assert len({figure.number for figure in everybody}) == people.HOW_MANY
    for line in [figure.line for figure in everybody]:
        assert line.departement_naissance in nir.departments_of(
            nir.parse(line.nir), birth_year=int(line.date_naissance[-4:])
        ), line
        assert not line.email or line.email.endswith("@example.org")
    for covered in [covered_person for figure in everybody for covered_person in figure.covered]:
        assert nir.is_valid(covered.nir), covered


def test_an_empty_folder_is_filled_and_a_whole_demonstration_is_kept(tmp_path: Path) -> None:
    assert data_folder.is_to_fill(tmp_path)
    data_folder.begin(tmp_path)
    _database(tmp_path, people=1)
    data_folder.finish(tmp_path)
    assert not data_folder.is_to_fill(tmp_path)


def test_a_demonstration_that_was_killed_while_it_was_made_is_made_anew(tmp_path: Path) -> None:
    data_folder.begin(tmp_path)
    _database(tmp_path, people=3)
    (tmp_path / "documents" / "2026").mkdir(parents=True)
    (tmp_path / "documents" / "2026" / "half").write_bytes(b"half")
    (tmp_path / "secret.key").write_text("kept")
    assert data_folder.is_to_fill(tmp_path)
    data_folder.begin(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [data_folder.MARK, "secret.key"]


@pytest.mark.parametrize("what", ["people", "documents"])
def test_a_folder_that_the_demonstration_did_not_make_is_left_alone(tmp_path: Path, what: str) -> None:
    _database(tmp_path, people=1 if what == "people" else 0)
    if what == "documents":
        (tmp_path / "documents").mkdir()
        (tmp_path / "documents" / "one").write_bytes(b"somebody's")
    with pytest.raises(CannotRun, match="ADHERENTS_DATA_DIR"):
        data_folder.is_to_fill(tmp_path)


def test_two_demonstrations_do_not_share_a_folder(tmp_path: Path) -> None:
    with data_folder.take(tmp_path), pytest.raises(CannotRun, match="tourne déjà"):
        data_folder.take(tmp_path)
    data_folder.take(tmp_path).close()


def test_a_port_in_use_is_told_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotRun, match=f"Le port {port} "):
            check_ports(port)
    with pytest.raises(CannotRun, match="n’existe pas"):
        check_ports(65530)


def test_the_demonstration_refuses_an_address_that_is_not_this_machine(tmp_path: Path) -> None:
    refused = subprocess.run(
        [*ADHERENTS, "demo", "--port", "1"],
        env=_environment(tmp_path) | {"ADHERENTS_BASE_URL": "https://espace.example.org"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode != 0
    assert "ADHERENTS_BASE_URL" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.fixture
def pages(settings: object, tmp_path: Path) -> Iterator[str]:
    """Where the pages of the mails are served, from an empty folder."""
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]
    server = catcher.start_pages(0)
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_mail_is_shown_without_letting_it_do_anything(pages: str) -> None:
    mail_id = mailbox.keep(
        b"From: A <a@example.org>\r\nTo: b@example.org\r\nSubject: Bonjour <b>\r\nDate: Mon, 23 Nov 2026 09:00:00 +0100\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
        b"<html><head></head><body><script>alert(1)</script><a href='http://127.0.0.1/x'>x</a></body></html>"
    )
    mail = mailbox.read(mail_id)
    assert mail is not None
    assert (mail.subject, mail.to) == ("Bonjour <b>", "b@example.org")
    assert mailbox.read("../../secret") is None
    index = _get(f"{pages}/")
    assert "Bonjour &lt;b&gt;" in index.text
    assert f'href="/messages/{mail_id}/"' in index.text
    assert 'http-equiv="refresh"' in index.text
    html = _get(f"{pages}/messages/{mail_id}/html")
    assert html.headers["Content-Security-Policy"].startswith("sandbox allow-popups ")
    assert "default-src 'none'" in html.headers["Content-Security-Policy"]
    assert '<head><base target="_blank"></head>' in html.text
    page = _get(f"{pages}/messages/{mail_id}/").text
    assert 'sandbox="allow-popups ' in page
    assert f'src="/messages/{mail_id}/html"' in page
    assert _get(f"{pages}/", host="evil.example.org").status == 421
    assert _get(f"{pages}/messages/nothing/").status == 404


def test_the_mails_are_a_site_of_their_own_beside_the_portal(pages: str) -> None:
    """Nothing of the portal's is there: its addresses, its session, what its middleware adds."""
    answers = {
        path: _get(pages + path) for path in ("/", "/personnes/", "/style.css", "/adherent/", "/sante/")
    }
    assert [answer.status for answer in answers.values()] == [200, 200, 200, 404, 404]
    for answer in answers.values():
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Server"] == "courrier"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'; ")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
    assert "Rien ici" in answers["/adherent/"].text
    assert answers["/style.css"].headers["Content-Type"] == "text/css; charset=utf-8"
    assert _get(f"{pages}/", method="POST").status == 405
    assert _get(f"{pages}/", method="HEAD").status == 200
    assert reverse("portal:home") == "/"  # the thread that serves the portal still knows its addresses


def test_no_file_of_the_demonstration_is_in_what_an_insurer_installs(tmp_path: Path) -> None:
    for name in ("README.md", "LICENSE", "pyproject.toml", "requirements/base.in"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(
        ROOT / "src" / "adherents",
        tmp_path / "src" / "adherents",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    build = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", build, "made"], cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "made").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "adherents/ui/templates/ui/base.html" in names
    assert [name for name in names if name.startswith("adherents/demo/")] == []


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[[], tuple[subprocess.Popen[str], int]]]:
    """Start `adherents demo` on free ports with this test's own folder, and wait until the portal answers."""
    running: list[subprocess.Popen[str]] = []

    def start() -> tuple[subprocess.Popen[str], int]:
        port = _free_ports()
        demo = subprocess.Popen(
            [*ADHERENTS, "demo", "--port", str(port)],
            env=_environment(tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running.append(demo)
        _wait_for(
            lambda: demo.poll() is not None or _get(f"http://127.0.0.1:{port}/sante/").status == 200, 240
        )
        assert demo.poll() is None, demo.communicate()[0]
        return demo, port

    yield start
    for demo in running:
        with demo:  # closes what it said
            demo.kill()


@pytest.mark.journey
def test_the_demonstration_signs_a_member_in_catches_mail_and_leaves_nothing_behind(
    tmp_path: Path, started: Callable[[], tuple[subprocess.Popen[str], int]]
) -> None:
    demo, port = started()
    portal, mail = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{pages_port(port)}"
    family = _family(demo)

    browser = Browser()
    home = browser.submit(f"{portal}/adherent/", identifier="7010 0001", password=people.PASSWORD)
    assert "Bonjour Camille" in home
    states = browser.get(f"{portal}/adherent/documents/")
    for state in ("Reçu", "En cours", "Accepté", "Refusé", "À compléter"):
        assert state in states
    assert re.search(r'class="code">\d{6}<', _get(f"{mail}/codes/").text)
    assert "254033818504293" in _get(f"{mail}/personnes/").text

    browser.sum_up_and_submit(f"{portal}/adherent/mot-de-passe-oublie/", identifier="70100006")
    _wait_for(lambda: f"{portal}/adherent/authentication/mot-de-passe/" in _mails(mail), 60)

    demo.send_signal(signal.SIGTERM)
    output = demo.communicate(timeout=15)[0]
    assert demo.returncode == 0, output
    assert "70100001     tulipe-Bleue-42" in output
    assert "conseiller@example.org" in output
    _wait_for(
        lambda: not [process for process in family if process.is_running() and process.status() != "zombie"],
        5,
    )

    kept = _figures(tmp_path)
    demo, port = started()
    demo.send_signal(signal.SIGTERM)
    demo.communicate(timeout=15)
    assert _figures(tmp_path) == kept


class Page:
    """An answer, whatever its status."""

    def __init__(self, status: int, text: str, headers: dict[str, str]) -> None:
        self.status, self.text, self.headers = status, text, headers


class Browser:
    """Enough of a browser for a form: cookies, and the hidden fields of the page."""

    def __init__(self) -> None:
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(cookies)

    def get(self, address: str) -> str:
        with self.opener.open(address, timeout=20) as answer:
            return str(answer.read().decode())

    def submit(self, address: str, **fields: str) -> str:
        return self._post(address, self.get(address), fields)

    def sum_up_and_submit(self, address: str, **fields: str) -> str:
        page = self.get(address)
        asked = re.search(r"(\d+) \+ (\d+) =", page)
        assert asked, page
        return self._post(address, page, fields | {"answer": str(int(asked[1]) + int(asked[2]))})

    def _post(self, address: str, page: str, fields: dict[str, str]) -> str:
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
        with self.opener.open(
            address, urllib.parse.urlencode(dict(hidden) | fields).encode(), timeout=20
        ) as answer:
            return str(answer.read().decode())


def _get(address: str, *, host: str = "", method: str = "GET") -> Page:
    request = urllib.request.Request(address, headers={"Host": host} if host else {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return Page(answer.status, answer.read().decode(), dict(answer.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Page(error.code, error.read().decode(), dict(error.headers))
    except OSError:
        return Page(0, "", {})


def _mails(mail: str) -> str:
    """Return the text of every mail caught: a link leaves before the notices that were written before it."""
    addresses = re.findall(r'href="(/messages/[^"]+)"', _get(f"{mail}/").text)
    return "".join(_get(mail + address).text for address in addresses)


def _wait_for(done: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.1)


def _family(demo: "subprocess.Popen[str]") -> list[psutil.Process]:
    children = psutil.Process(demo.pid).children(recursive=True)
    assert len(children) >= 3  # gunicorn, its worker, and the portal's
    return children


def _figures(folder: Path) -> dict[str, int]:
    tables = ("members_member", "members_beneficiary", "accounts_account", "vault_document", "vault_deposit")
    with closing(sqlite3.connect(folder / data_folder.DATABASE)) as opened:
        return {
            **{table: opened.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in tables},
            "filled": int(json.loads((folder / data_folder.MARK).read_text())["whole"]),
        }


def _environment(folder: Path) -> dict[str, str]:
    """A bare one: nothing of what the tests' own settings say reaches the demonstration."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("ADHERENTS_", "DJANGO_"))
    }
    return kept | {"ADHERENTS_DATA_DIR": str(folder)}


def _free_ports() -> int:
    """The first of those that a demonstration takes."""
    for _ in range(50):
        port = free_port()
        try:
            check_ports(port)
        except CannotRun:
            continue
        return port
    raise AssertionError("no free ports")


def _database(folder: Path, *, people: int) -> None:
    """A database with the portal's table of members, and this number of rows in it."""
    with closing(sqlite3.connect(folder / data_folder.DATABASE)) as made, made:
        made.execute(f"CREATE TABLE {Member._meta.db_table} (id INTEGER)")
        made.execute(f"CREATE TABLE {Account._meta.db_table} (id INTEGER)")
        made.executemany(f"INSERT INTO {Member._meta.db_table} VALUES (?)", [(n,) for n in range(people)])
