"""The slow senders and readers, from addresses of 127.0.0.0/8: a process of its own, so that it delays no measurement.

Usage: slow_load < plan.json (see `stress.slow`). Prints, as JSON, what became of them once every phone is done, or time is up.
"""

import asyncio
import base64
import contextlib
import json
import secrets
import socket
import sys
from collections import Counter
from pathlib import Path
from typing import Any

PIECE = 1 << 20
STEP = 0.5  # seconds between what a phone sends
TRIES = 40
APART = 0.05  # seconds between one phone and the next: two hundred quick requests at once are another matter
SEND = "/adherent/documents/envoyer/"
FILES = f"{SEND}fichiers/"


class Load:
    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.content = Path(plan["content"]).read_bytes()
        self.told: Counter[str] = Counter()
        self.wrong: list[str] = []

    async def run(self) -> dict[str, Any]:
        """Every phone to its receipt; drips and unread downloads for as long as that takes."""
        around = [asyncio.create_task(self.drip(drip)) for drip in self.plan["drips"]]
        around += [asyncio.create_task(self.unread(download)) for download in self.plan["downloads"]]
        phones = []
        for plan in self.plan["phones"]:
            phones.append(asyncio.create_task(self.phone(plan)))
            await asyncio.sleep(APART)
        done, late = await asyncio.wait(phones, timeout=self.plan["seconds"])
        for task in [*around, *late]:
            task.cancel()
        self.wrong += [f"{len(late)} phones did not end in {self.plan['seconds']} s"] if late else []
        self.wrong += [repr(task.exception()) for task in done if task.exception()]
        return {**self.told, "wrong": self.wrong[:10]}

    async def connect(
        self, address: str, receives: int = 0
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        made = socket.socket()
        if receives:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        made.setblocking(False)
        made.bind((address, 0))
        await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", self.plan["port"]))
        return await asyncio.open_connection(sock=made, limit=1 << 16)

    def head(self, method: str, path: str, headers: dict[str, str]) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode()

    async def ask(
        self, sender: dict[str, Any], method: str, path: str, body: bytes = b"", **more: str
    ) -> tuple[int, dict[str, str]]:
        """At the phone's pace. Raises OSError when the connection breaks."""
        reader, writer = await self.connect(sender["address"])
        headers = {**sender["headers"], **{name.replace("_", "-"): value for name, value in more.items()}}
        headers["Content-Length"] = str(len(body))
        try:
            writer.write(self.head(method, path, headers))
            step = int(sender["rate"] * STEP)
            for at in range(0, len(body), step):
                writer.write(body[at : at + step])
                await writer.drain()
                await asyncio.sleep(STEP)
            answer = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise ConnectionError(repr(error)) from error
        finally:
            writer.close()
        status, *lines = answer.decode("latin-1").split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines if ": " in line)
        return int(status.split()[1]), {name.lower(): value for name, value in fields.items()}

    async def phone(self, sender: dict[str, Any]) -> None:
        order = "" if sender["plain"] else await self.in_pieces(sender)
        for _ in range(TRIES):
            try:
                status, headers = await self.ask(
                    sender, "POST", f"{SEND}?sending={sender['sending']}", *self.form(sender, order)
                )
            except OSError:
                self.told["forms_begun_again"] += 1
                continue
            if status == 503 and self.plan.get("outages"):
                self.told["forms_told_to_come_back"] += 1
                await asyncio.sleep(2)
                continue
            if status == 302 and "/accuses/" in headers["location"]:
                self.told["plain_forms_ended" if sender["plain"] else "uploads_ended"] += 1
                return
            raise AssertionError(f"the form answers {status} {headers.get('location')}")
        raise AssertionError("the form was never taken")

    async def in_pieces(self, sender: dict[str, Any]) -> str:
        """As the page's script does it: what breaks is gone on with where it was."""
        size, at = len(self.content), 0
        metadata = f"sending {base64.b64encode(sender['sending'].encode()).decode()}"
        while True:
            status, headers = await self.ask(
                sender, "POST", FILES, Upload_Length=str(size), Upload_Metadata=metadata
            )
            if status != 503 or not self.plan.get("outages"):
                break
            await asyncio.sleep(2)
        assert status == 201, f"announcing answers {status}"
        path = headers["location"]
        for _ in range(TRIES + size // PIECE):
            if at >= size:
                return path.removeprefix(FILES).strip("/")
            kind = "application/offset+octet-stream"
            piece = self.content[at : at + PIECE]
            try:
                status, headers = await self.ask(
                    sender, "PATCH", path, piece, Upload_Offset=str(at), Content_Type=kind
                )
            except OSError:
                status = 0
            if status != 204:
                self.told[f"pieces_answered_{status}"] += 1
                await asyncio.sleep(2)
                status, headers = await self.ask(sender, "HEAD", path)
            if "upload-offset" in headers:
                at = int(headers["upload-offset"])
        raise AssertionError("the file was never taken")

    def form(self, sender: dict[str, Any], order: str) -> tuple[bytes]:
        boundary = sender["boundary"] = secrets.token_hex(8)
        fields = [("kind", "rib"), ("note", ""), *([("order", order)] if order else [])]
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields
        ]
        if sender["plain"]:
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="1.pdf"\r\n\r\n'
            parts += [head.encode(), self.content, b"\r\n"]
        sender["headers"]["Content-Type"] = f"multipart/form-data; boundary={boundary}"
        return (b"".join([*parts, f"--{boundary}--\r\n".encode()]),)

    async def drip(self, drip: dict[str, Any]) -> None:
        """A form at a byte every five seconds; begun again when it is dropped."""
        while True:
            self.told["drips_begun"] += 1
            with contextlib.suppress(OSError):
                _, writer = await self.connect(drip["address"])
                try:
                    form = {**drip["headers"], "Content-Length": "5000"}
                    form["Content-Type"] = "application/x-www-form-urlencoded"
                    head = self.head("POST", "/adherent/", form)
                    writer.write(head[:-4] if drip["in_headers"] else head)
                    while not writer.is_closing():
                        await asyncio.sleep(5)
                        writer.write(b"x")
                        await writer.drain()
                finally:
                    writer.close()
            await asyncio.sleep(1)

    async def unread(self, download: dict[str, Any]) -> None:
        """A download of which only the first bytes are read; begun again when it is dropped."""
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                reader, writer = await self.connect(download["address"], receives=4096)
                try:
                    writer.write(self.head("GET", download["path"], download["headers"]))
                    status = await reader.readline()
                    self.told[f"downloads_begun_{status.split()[1].decode() if status else 'not'}"] += 1
                    writer.transport.pause_reading()
                    while not writer.is_closing():
                        await asyncio.sleep(1)
                        if self.was_dropped(writer):
                            break
                finally:
                    writer.transport.abort()
            await asyncio.sleep(1)

    @staticmethod
    def was_dropped(writer: asyncio.StreamWriter) -> bool:
        """Whether the other side reset the connection, which one who does not read is not told."""
        asked = writer.get_extra_info("socket")
        return bool(asked.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) == b"\x07")  # TCP_CLOSE


if __name__ == "__main__":
    print(json.dumps(asyncio.run(Load(json.load(sys.stdin)).run())))
