"""A member's phone without a browser: what tests and proofs send with, straight to a portal's socket."""

import base64
import http.client
import http.cookiejar
import re
import secrets
import socket
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Mapping, Sequence

from tests.cast import CAMILLE, PASSWORD, Person
from tests.journeys.running import Portal

SEND = "/adherent/documents/envoyer/"
FILES = f"{SEND}fichiers/"


class Phone:
    """A member's phone, signed in: it speaks tus by itself, and posts a form too."""

    def __init__(self, portal: Portal, person: Person = CAMILLE) -> None:
        self.portal, self.person = portal, person
        jar = http.cookiejar.CookieJar()
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        entrance = f"{portal.base}/adherent/"
        fields = {
            "identifier": person.number,
            "password": PASSWORD,
            "csrfmiddlewaretoken": self._token(browser, entrance),
        }
        browser.open(entrance, urllib.parse.urlencode(fields).encode()).close()
        token = self._token(browser, f"{portal.base}{SEND}")
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)
        self.headers = {
            "Host": f"localhost:{portal.port}",
            "Cookie": cookies,
            "X-CSRFToken": token,
            "Tus-Resumable": "1.0.0",
        }
        self.begin_another()

    def begin_another(self) -> None:
        """From now on it prepares another sending, as a page opened anew does."""
        self.sending = str(uuid.uuid4())
        self.form_address = f"{SEND}?sending={self.sending}"

    @staticmethod
    def _token(browser: urllib.request.OpenerDirector, address: str) -> str:
        with browser.open(address) as answer:
            match = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', answer.read().decode())
        assert match
        return match[1]

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str]]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        status, given, _ = self._exchange(method, path, body, named)
        return status, given

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.portal.port, timeout=60)
        try:
            named = {name: value for name, value in {**self.headers, **headers}.items() if value}
            connection.request(method, path, body, named)
            with connection.getresponse() as answer:  # which may have taken the connection over
                return answer.status, dict(answer.headers), answer.read()
        finally:
            connection.close()

    def announce(self, content: bytes) -> str:
        metadata = f"sending {base64.b64encode(self.sending.encode()).decode()}"
        status, headers = self.ask("POST", FILES, Upload_Length=str(len(content)), Upload_Metadata=metadata)
        assert status == 201
        return headers["Location"]

    def bring(self, path: str, content: bytes, offset: int = 0) -> int:
        kind = "application/offset+octet-stream"
        return self.ask("PATCH", path, content, Upload_Offset=str(offset), Content_Type=kind)[0]

    def begin(self, path: str, content: bytes, offset: int, *, announced: int) -> socket.socket:
        """Bring fewer bytes than announced, and keep the connection."""
        lines = [f"PATCH {path} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers.items())]
        lines += [
            f"Upload-Offset: {offset}",
            f"Content-Length: {announced}",
            "Content-Type: application/offset+octet-stream",
        ]
        connection = socket.create_connection(("127.0.0.1", self.portal.port))
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + content)
        return connection

    def begin_form(self, content: bytes, *, announced: int) -> socket.socket:
        """Begin to post the form with fewer bytes than announced, and keep the connection."""
        lines = [f"POST {SEND} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers.items())]
        lines += [f"Content-Length: {announced}", "Content-Type: multipart/form-data; boundary=x"]
        connection = socket.create_connection(("127.0.0.1", self.portal.port))
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + content)
        return connection

    def page(self, path: str) -> str:
        """A page's words and tags, whatever its status."""
        return self._exchange("GET", path, None, {"Tus-Resumable": ""})[2].decode()

    def offset(self, path: str, *, past: int = -1, patience: float = 25) -> int:
        """Asked again while the portal still holds the file, or has not begun to read what was sent."""
        deadline = time.monotonic() + patience
        while True:
            status, headers = self.ask("HEAD", path)
            at = int(headers.get("Upload-Offset", -1))
            if at > past:
                return at
            assert status in {200, 423}
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def wait_until_held(self, path: str) -> None:
        deadline = time.monotonic() + 10
        while self.ask("HEAD", path)[0] != 423:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def deposit(self, contents: Sequence[bytes] = (), *, order: Sequence[str] = ()) -> tuple[int, str]:
        """Post the form, with these files and with those of `order` that arrived before; its status and where it leads."""
        boundary = secrets.token_hex(16)
        fields = [("kind", "rib"), ("note", ""), *(("order", key) for key in order)]
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields
        ]
        for number, content in enumerate(contents):
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{number}.pdf"\r\n\r\n'
            parts.append(head.encode() + content + b"\r\n")
        body = b"".join([*parts, f"--{boundary}--\r\n".encode()])
        kind = f"multipart/form-data; boundary={boundary}"
        status, headers = self.ask("POST", self.form_address, body, Content_Type=kind)
        return status, headers.get("Location", "")

    def download(self, document_id: str) -> bytes:
        """A document of one's own, whole."""
        status, _, content = self._exchange(
            "GET", f"/adherent/documents/{document_id}/telecharger/", None, {}
        )
        assert status == 200, content.decode(errors="replace")[:2000]
        return content
