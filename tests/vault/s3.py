"""A real S3 server, out of a wheel, on this machine alone."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

ACCESS_KEY, SECRET_KEY = "tests", "tests-only"


@dataclass
class Server:
    """`stop`: frozen, it takes connections and never answers. `go_on`: it does then what was asked meanwhile. `kill`: gone at
    once; `start`: it comes back with what it had.
    """

    endpoint: str
    command: list[str]
    log: Path

    def address_of(self, bucket: str) -> str:
        """As `ADHERENTS_STORAGE_URL` names it."""
        place = self.endpoint.removeprefix("http://")
        return f"s3://{ACCESS_KEY}:{SECRET_KEY}@{place}/{bucket}?tls=0"

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        _wait_for(self.endpoint, self.process, self.log)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """The server, with everything that it keeps in `folder`, for as long as the block lasts."""
    ports = {name: _port(index) for index, name in enumerate(["master", "volume", "filer", "s3"])}
    identities = folder / "identities.json"
    identities.write_text(
        f'{{"identities":[{{"name":"tests","credentials":[{{"accessKey":"{ACCESS_KEY}","secretKey":"{SECRET_KEY}"}}],'
        '"actions":["Admin","Read","Write","List","Tagging"]},'
        f'{{"name":"reader","credentials":[{{"accessKey":"reader","secretKey":"{SECRET_KEY}"}}],"actions":["Read","List"]}}]}}'
    )
    command = [
        str(Path(sys.executable).with_name("weed")),
        "server",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-master.telemetry=false",
        f"-master.port={ports['master']}",
        "-master.volumeSizeLimitMB=64",
        f"-volume.port={ports['volume']}",
        "-volume.max=200",
        "-filer",
        f"-filer.port={ports['filer']}",
        "-s3",
        f"-s3.port={ports['s3']}",
        "-s3.port.iceberg=0",  # ports of their own, always the same: two servers would fight for them
        "-s3.port.lance=0",
        f"-s3.config={identities}",
    ]
    server = Server(f"http://127.0.0.1:{ports['s3']}", command, folder / "log")
    try:
        server.start()
        yield server
    finally:
        server.kill()  # it keeps nothing that anybody wants


def new_bucket(endpoint: str) -> tuple[Any, str]:
    """A bucket of one's own, and a client that reaches it."""
    bucket = f"documents-{secrets.token_hex(4)}"
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        region_name="us-east-1",
    )
    deadline = time.monotonic() + 30
    while True:
        try:
            client.create_bucket(Bucket=bucket)
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)
        else:
            return client, bucket


def _port(index: int) -> int:
    """A free port, free 10000 above too, where the server speaks its other protocol (none past 55535)."""
    first = 21000 + index * 2000
    for step in range(2000):
        port = first + (os.getpid() * 13 + step) % 2000
        with socket.socket() as plain, socket.socket() as two:
            try:
                plain.bind(("127.0.0.1", port))
                two.bind(("127.0.0.1", port + 10000))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port")


def _wait_for(endpoint: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            urllib.request.urlopen(endpoint, timeout=2).close()
            return
        except urllib.error.HTTPError as refusal:
            refusal.close()
            return  # it answers, and asks who we are
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"the S3 server did not start: {log.read_text(errors='replace')[-2000:]}")
