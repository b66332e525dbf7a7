"""A peer that sends or reads slowly holds nothing that serves the others: real sockets, with nginx before the portal and without.

`make stress` holds hundreds, and compares times; here there are as many as froze a portal of eight threads.
"""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from stress.slow import SlowPortal, behind_nginx, held, people

from tests.vault.tus_client import SEND, Phone

MEMBERS = people(3)
THREADS = 8
FILE_PART = b'Content-Disposition: form-data; name="files"; filename="a.pdf"\r\n\r\n'
MOST_SECONDS = 5  # for a page, on a machine that has other things to do


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlowPortal]:
    running = SlowPortal(tmp_path_factory.mktemp("slow"))
    running.environment["ADHERENTS_LEAST_RATE"] = "2000"
    try:
        running.prepare(MEMBERS, with_account=MEMBERS)
        running.start_web()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def with_phones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlowPortal]:
    """A portal with the usual settings, for sixteen phones and one member who opens pages meanwhile."""
    running = SlowPortal(tmp_path_factory.mktemp("phones"))
    owners = people(17)
    try:
        running.prepare(owners, with_account=owners)
        running.start_web()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def too_slow(portal: SlowPortal) -> Iterator[dict[str, socket.socket]]:
    """A form, headers and silence that are begun as these tests begin, and looked at when their half minute has passed."""
    host = ["Host: localhost"]
    form = opened(
        portal,
        headers=["POST /adherent/ HTTP/1.1", *host, "Content-Length: 5000", "", ""],
        body=b"identifier=",
    )
    in_headers = opened(portal, headers=["POST /adherent/ HTTP/1.1", *host, "X-"])
    silent = opened(portal, headers=[""])
    with form, in_headers, silent:
        yield {"form": form, "headers": in_headers, "silence": silent}


@pytest.fixture(scope="module")
def unread(portal: SlowPortal) -> Iterator[bytes]:
    """Begin a download of which only the first bytes are read. Returns these bytes."""
    member = Phone(portal, MEMBERS[1])
    _, receipt = member.deposit([large()])
    document = member.page(receipt).split("/adherent/documents/")[1:]
    path = next(part[:36] for part in document if part[8:9] == "-")
    headers = [
        f"GET /adherent/documents/{path}/telecharger/ HTTP/1.1",
        *(f"{name}: {value}" for name, value in member.headers.items()),
        "",
        "",
    ]
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", portal.port))
    with connection:
        connection.sendall("\r\n".join(headers).encode())
        yield connection.recv(12)


@pytest.mark.usefixtures("too_slow", "unread")  # their half minute passes meanwhile
@pytest.mark.parametrize("nginx", [False, True], ids=["alone", "behind nginx"])
def test_pages_are_served_and_every_upload_ends_while_others_are_slow(
    with_phones: SlowPortal, nginx: bool
) -> None:
    """Phones at 10 kB/s, by pieces and by the plain form, drips and unread downloads."""
    figure = held(
        portal=with_phones,
        nginx=nginx,
        phones=16,
        drips=24,
        downloads=16,
        size=200_000,
        quiet_seconds=3,
        most_seconds=150,
        bar=1000,
    )
    assert figure["wrong"] == []
    assert figure["uploads_ended"] + figure["plain_forms_ended"] == 16
    assert figure["plain_forms_ended"] == 2


def test_behind_one_address_no_page_is_refused_and_every_upload_ends(with_phones: SlowPortal) -> None:
    figure = held(
        portal=with_phones,
        address_each=False,
        phones=12,
        drips=24,
        downloads=8,
        size=150_000,
        quiet_seconds=3,
        most_seconds=150,
        bar=1000,
    )
    assert figure["wrong"] == []


def is_served(portal: SlowPortal) -> None:
    for path in ("/sante/", "/adherent/", "/contact/"):
        begun = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=30)
        try:
            connection.request("GET", path)
            assert connection.getresponse().status == 200
        finally:
            connection.close()
        assert time.monotonic() - begun < MOST_SECONDS, path


@pytest.mark.parametrize("size", [30, 200_000, 1_000_000, 2_000_000])
def test_one_connection_brings_as_many_forms_as_a_browser_likes(portal: SlowPortal, size: int) -> None:
    """A form whose body has all come leaves nothing to wait for: the next one on the same connection is answered at once."""
    connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=30)
    try:
        for _ in range(25):
            begun = time.monotonic()
            connection.request("POST", "/adherent/", b"identifier=" + b"1" * size)
            connection.getresponse().read()
            assert time.monotonic() - begun < MOST_SECONDS
    finally:
        connection.close()


@pytest.mark.parametrize("path", [SEND, "/adherent/", "/verifier/", "/adherent/messages/nouveau/"])
def test_a_form_that_is_answered_while_it_comes_is_taken_to_its_end(portal: SlowPortal, path: str) -> None:
    """A browser sends all of a form before it reads: the page to sign in at, or « too long », has to wait for that."""
    size, step = 8_000_000, 100_000  # more than the two machines keep of it
    headers = ["Host: localhost", "Content-Type: multipart/form-data; boundary=x", f"Content-Length: {size}"]
    connection = opened(portal, headers=[f"POST {path} HTTP/1.1", *headers, "", ""])
    connection.settimeout(MOST_SECONDS)
    try:
        for part in range(size // step):
            connection.sendall(b"a" * step)
            time.sleep(0.02 if part else 1)  # the network's: the answer is there before the body
        status = connection.recv(12)
        assert status == (
            b"HTTP/1.1 302" if path.startswith((SEND, "/adherent/messages")) else b"HTTP/1.1 413"
        )
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/verifier/", SEND, "/adherent/messages/nouveau/"])
def test_behind_nginx_a_file_that_is_too_large_is_refused_by_the_portal_in_its_words(
    portal: SlowPortal, tmp_path: Path, path: str
) -> None:
    """Wherever a page takes a file, nginx lets the portal say why not."""
    phone = Phone(portal, MEMBERS[0])
    body = b"--x\r\n" + FILE_PART + b"%PDF-1.7\n" + b"x" * 24_000_000 + b"\r\n--x--\r\n"
    with behind_nginx(tmp_path, portal) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            kind = {"Content-Type": "multipart/form-data; boundary=x"}
            connection.request("POST", path, body, phone.headers | kind)
            answer = connection.getresponse()
            assert answer.status in {200, 413}
            assert '<html lang="fr">' in answer.read().decode()
        finally:
            connection.close()


def opened(portal: SlowPortal, *, headers: list[str], body: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", portal.port))
    connection.sendall("\r\n".join(headers).encode() + body)
    return connection


def ended_within(connection: socket.socket, seconds: float) -> bytes:
    """What the portal said before it hung up."""
    connection.settimeout(seconds)
    received = b""
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


def test_one_members_slow_forms_and_a_strangers_hold_no_page(portal: SlowPortal) -> None:
    """A stranger's is answered before its first byte is asked for, whatever address it is sent to."""
    member = Phone(portal, MEMBERS[0])
    theirs = [member.begin_form(b"--x\r\n", announced=9_000_000) for _ in range(2 * THREADS)]
    asked = [
        "Host: localhost",
        "Content-Type: multipart/form-data; boundary=x",
        "Content-Length: 9000000",
        "",
        "",
    ]
    strangers = [
        (path, opened(portal, headers=[f"POST {path} HTTP/1.1", *asked], body=b"--x\r\n"))
        for path in (SEND, "/adherent/", "/verifier/", "/adherent/messages/nouveau/")
        for _ in range(THREADS)
    ]
    try:
        is_served(portal)
        for path, connection in strangers:
            connection.settimeout(20)
            status = connection.recv(12)
            assert status == (
                b"HTTP/1.1 302" if path.startswith((SEND, "/adherent/messages")) else b"HTTP/1.1 413"
            )
    finally:
        for connection in [*theirs, *(connection for _, connection in strangers)]:
            connection.close()


def test_a_body_whose_length_nobody_says_is_told_to_say_it(portal: SlowPortal) -> None:
    """Nothing could bound it; read as empty, it would be answered as another form than the one that was sent."""
    asked = ["POST /adherent/ HTTP/1.1", "Host: localhost", "Transfer-Encoding: chunked", "", ""]
    with opened(portal, headers=asked, body=b"b\r\nidentifier=\r\n0\r\n\r\n") as connection:
        connection.settimeout(20)
        assert connection.recv(12) == b"HTTP/1.1 411"


@pytest.mark.parametrize(
    "line", ["POST /adherent/ HTTP/1.1\r\nContent-Length: " + "1" * 5000, "GET http://[::1 HTTP/1.1"]
)
def test_what_is_no_request_is_told_so_and_is_no_error_of_the_portals(portal: SlowPortal, line: str) -> None:
    with opened(portal, headers=[line, "Host: localhost", "", ""]) as connection:
        assert ended_within(connection, 20).startswith(b"HTTP/1.1 400")


def test_what_is_too_slow_is_told_so_and_let_go(too_slow: dict[str, socket.socket]) -> None:
    assert ended_within(too_slow["form"], 60).startswith(b"HTTP/1.1 408")
    assert ended_within(too_slow["headers"], 5) == ended_within(too_slow["silence"], 5) == b""


def test_a_download_that_nobody_reads_is_let_go(portal: SlowPortal, unread: bytes) -> None:
    assert unread == b"HTTP/1.1 200"
    serving = psutil.Process(portal.serving()[-1].pid)
    deadline = time.monotonic() + 90
    while any(
        connection.raddr and connection.laddr.port == portal.port
        for connection in serving.net_connections("tcp")
        if connection.status == "ESTABLISHED"
    ):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    is_served(portal)


def large() -> bytes:
    from tests.vault.conftest import pdf

    return pdf().replace(b"\n", b"\n%" + b"x" * (19 << 20) + b"\n", 1)


def test_the_settings_can_be_read(portal: SlowPortal) -> None:
    assert (
        json.loads(
            portal.run(
                "shell",
                "-v0",
                "-c",
                "from django.conf import settings; print(settings.ADHERENTS_BOUNDS.least_rate)",
            )
        )
        == 2000
    )
