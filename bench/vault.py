"""A 20 MiB deposit over what sealing and hashing the same bytes costs by itself, its download over one decryption, and memory."""

import hashlib
import io
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

MEBIBYTE = 1 << 20
SIZE = 20 * MEBIBYTE
TEN_TIMES = 10 * SIZE
ROUNDS = 9
GROWTHS = 3
BOUNDARY = "bench-boundary-7f3a"


class Nowhere:
    """A sink that keeps nothing."""

    closed = False

    def write(self, chunk: bytes) -> int:
        return len(chunk)

    def writable(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True


def sealed_and_hashed(content: bytes) -> None:
    """The baseline: Tink and SHA-256 on the same bytes, in the same chunks, written nowhere."""
    from adherents.crypto.envelopes import new_document_key, sealing_stream

    key = new_document_key(document_id="bench")
    stream = sealing_stream(key, Nowhere(), document_id="bench")  # type: ignore[arg-type]
    digest = hashlib.sha256()
    for at in range(0, len(content), MEBIBYTE):
        chunk = content[at : at + MEBIBYTE]
        digest.update(chunk)
        stream.write(chunk)
    stream.close()


def opened(document: Any, chunk_bytes: int) -> None:
    """The baseline: the object decrypted once by Tink, nothing hashed, nothing sent."""
    from adherents.crypto.envelopes import opening_stream
    from adherents.storage.objects import open_object

    key, source = bytes(document.wrapped_key), open_object(document.storage_name)
    with opening_stream(key, source, document_id=document.sealed_as, sha256=document.sha256) as stream:
        while stream.read(chunk_bytes):
            pass


def padded_pdf(size: int) -> Iterator[bytes]:
    """A PDF of exactly `size` bytes, most of them random, by the mebibyte."""
    head, tail = b"%PDF-1.4\n%", b"\nstartxref\n0\n%%EOF\n"
    left = size - len(head) - len(tail)
    yield head
    while left:
        noise = os.urandom(min(left, MEBIBYTE))
        left -= len(noise)
        yield noise
    yield tail


class Browser:
    """A member who is signed in, speaking to the WSGI application without a network between."""

    def __init__(self) -> None:
        from django.core.wsgi import get_wsgi_application
        from django.test import Client

        from adherents.accounts.models import Account
        from adherents.members.models import Member

        account = Account.objects.create(identifier="70100001", email="bench@example.org")
        Member.objects.create(number="70100001", birth_name="BANC", first_names="Camille", account=account)
        client = Client()
        client.force_login(account)
        self._cookies = {name: morsel.value for name, morsel in client.cookies.items()}
        self._application = get_wsgi_application()
        page = self._ask("GET", "/adherent/documents/envoyer/")
        match = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert match, page[:500]
        self._token = match[1]

    def form_with(self, size: int, file: Path) -> int:
        """Write a request's body with a PDF of `size` bytes to `file` (the network's part of the memory); its length."""
        fields = {"csrfmiddlewaretoken": self._token, "kind": "autre", "note": ""}
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        opening = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="a.pdf"\r\n'
            "Content-Type: application/pdf\r\n\r\n"
        )
        with file.open("wb") as written:
            written.write("".join(parts).encode() + opening.encode())
            written.writelines(padded_pdf(size))
            written.write(f"\r\n--{BOUNDARY}--\r\n".encode())
        return file.stat().st_size

    def deposit(self, body: Path, length: int) -> str:
        """Send the form; the answer leads to the receipt, whose number is in its address."""
        with body.open("rb") as stream:
            receipt = self._ask("POST", "/adherent/documents/envoyer/", stream=stream, length=length)
        assert "/accuses/D-20" in receipt, receipt[:500]
        return receipt

    def read(self, receipt: str) -> None:
        page = self._ask("GET", receipt)
        assert receipt.split("/")[-2] in page, page[:500]

    def download(self, document_id: str) -> int:
        """How many bytes came; none of them is kept."""
        answered: dict[str, Any] = {}
        body = self._answer("GET", f"/adherent/documents/{document_id}/telecharger/", answered)
        came = sum(len(chunk) for chunk in body)
        body.close()
        assert answered["status"].startswith("200"), answered
        return came

    def _ask(self, method: str, path: str, *, stream: Any = None, length: int = 0) -> str:
        """The page's text, or the address it leads to."""
        answered: dict[str, Any] = {}
        body = self._answer(method, path, answered, stream=stream, length=length)
        text = b"".join(body).decode()
        if hasattr(body, "close"):
            body.close()
        headers = dict(answered["headers"])
        for name, value in answered["headers"]:
            if name == "Set-Cookie":
                cookie, _, rest = value.partition("=")
                self._cookies[cookie] = rest.partition(";")[0]
        if answered["status"].startswith("302"):
            return headers["Location"]
        assert answered["status"].startswith("200"), (answered["status"], text[:2000])
        return text

    def _answer(
        self, method: str, path: str, answered: dict[str, Any], *, stream: Any = None, length: int = 0
    ) -> Any:
        """The application's answer; `answered` gets its status and headers."""

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[[bytes], object]:
            answered.update(status=status, headers=headers)
            return lambda _written: None

        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "SCRIPT_NAME": "",
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "127.0.0.1:8000",
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}" if stream else "",
            "CONTENT_LENGTH": str(length),
            "wsgi.input": stream or io.BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "http",
        }
        return self._application(environ, start)


def figures() -> Iterator[dict[str, Any]]:
    """The whole request, with and without the page of the receipt that follows; reading it back; memory."""
    browser = Browser()
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small"), Path(folder, "large")
        small_length, large_length = browser.form_with(MEBIBYTE, small), browser.form_with(SIZE, large)
        for _ in range(3):
            browser.deposit(small, small_length)
        grown = growth(lambda: browser.deposit(large, large_length))
        yield from deposited(browser, large, large_length)
        yield {
            "figure": "memory growth during a 20 MiB deposit",
            "mebibytes": round(grown / MEBIBYTE, 1),
            "bar": 16,
            "baseline": "the same process after three deposits of 1 MiB",
        }
        yield downloaded(browser)
        yield ten_times(browser, Path(folder, "ten times"), large, large_length)


def deposited(browser: Browser, large: Path, length: int) -> Iterator[dict[str, Any]]:
    content = b"".join(padded_pdf(SIZE))
    deposits, pages, baselines = [], [], []
    for _ in range(ROUNDS):
        baselines.append(timed(lambda: sealed_and_hashed(content)))
        receipts: list[str] = []
        deposits.append(timed(lambda: receipts.append(browser.deposit(large, length))))  # noqa: B023
        pages.append(timed(lambda: browser.read(receipts[0])))  # noqa: B023
    deposit, page, baseline = (statistics.median(times) for times in (deposits, pages, baselines))
    yield {
        "figure": "20 MiB deposit, request to receipt, flushed to disk",
        "ratio": round(deposit / baseline, 2),
        "bar": 2,
        "ratio_with_the_receipts_page": round((deposit + page) / baseline, 2),
        "ours_ms": round(deposit * 1000, 1),
        "baseline_ms": round(baseline * 1000, 1),
        "baseline": "Tink and SHA-256 alone on the same bytes",
    }


def downloaded(browser: Browser) -> dict[str, Any]:
    """Verified to its last byte, then sent: two readings, over one."""
    from adherents.vault.models import Document

    document = Document.objects.filter(size=SIZE).latest("at")
    downloads, baselines, quickest = [], [], []
    for _ in range(ROUNDS):
        baselines.append(timed(lambda: opened(document, MEBIBYTE)))
        quickest.append(timed(lambda: opened(document, 1 << 16)))
        came: list[int] = []
        downloads.append(timed(lambda: came.append(browser.download(str(document.pk)))))  # noqa: B023
        assert came == [SIZE]
    ours, baseline = statistics.median(downloads), statistics.median(baselines)
    return {
        "figure": "20 MiB download, verified whole before its first byte",
        "ratio": round(ours / baseline, 2),
        "bar": 2.5,
        "ours_ms": round(ours * 1000, 1),
        "baseline_ms": round(baseline * 1000, 1),
        "baseline": "the same object decrypted once by Tink, by the mebibyte as its documentation reads",
        "ratio_over_blocks_of_64_kib": round(ours / statistics.median(quickest), 2),
    }


def ten_times(browser: Browser, huge: Path, large: Path, length: int) -> dict[str, Any]:
    """What a file ten times as large, where the profile would let it in, adds to the highest memory of a deposit."""
    from django.conf import settings
    from django.test import override_settings

    profile = settings.ADHERENTS_PROFILE
    raised = profile.documents.model_copy(update={"max_file_mb": 200})
    huge_length = browser.form_with(TEN_TIMES, huge)
    grown: dict[str, list[int]] = {"20": [], "200": []}
    with override_settings(ADHERENTS_PROFILE=profile.model_copy(update={"documents": raised})):
        for _ in range(GROWTHS):
            grown["20"].append(growth(lambda: browser.deposit(large, length)))
            grown["200"].append(growth(lambda: browser.deposit(huge, huge_length)))
    twenty, two_hundred = (statistics.median(grown[size]) / MEBIBYTE for size in ("20", "200"))
    return {
        "figure": "memory growth during a 200 MiB deposit, less that of a 20 MiB one",
        "mebibytes": round(two_hundred - twenty, 1),
        "bar": 4,
        "growth_of_20": round(twenty, 1),
        "growth_of_200": round(two_hundred, 1),
        "baseline": "a 20 MiB deposit in the same process",
    }


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def growth(work: Callable[[], object]) -> int:
    """By how many bytes the process's peak of resident memory exceeds what it held before."""
    import psutil

    before = psutil.Process().memory_info().rss
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew from here
    work()
    match = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert match
    return int(match[1]) * 1024 - before
