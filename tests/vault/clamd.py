"""A real clamd with signatures of our own: EICAR, and a few words that no member sends. No network, nothing downloaded."""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from tests.ports import free_port

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
OUR_MARK = b"espace-adherents: what only our own signature knows"
STREAM_LIMIT = 3 << 20
STARTS_WITHIN = 30  # seconds

ENDS_WITH_US = (
    ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
)  # also when tests are killed

CONFIGURATION = """
DatabaseDirectory {folder}/signatures
OfficialDatabaseOnly no
TCPAddr 127.0.0.1
TCPSocket {port}
LocalSocket {folder}/socket
TemporaryDirectory {folder}
Foreground yes
StreamMaxLength {stream}
MaxFileSize {max_file_size}
AlertExceedsMax yes
"""


class Clamd:
    """`start`, `kill`, `stop` (frozen: it takes connections and never answers), `go_on`."""

    def __init__(self, *, max_file_size: str = "3M", stream: str = "3M") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="clamd-"))  # short: a socket's path has 107 bytes at most
        self.socket = str(self.folder / "socket")
        self.address = ("127.0.0.1", free_port())
        self._process: subprocess.Popen[bytes] | None = None
        signatures = self.folder / "signatures"
        signatures.mkdir()
        digest = hashlib.md5(EICAR).hexdigest()
        (signatures / "tests.hdb").write_text(f"{digest}:{len(EICAR)}:Eicar-File\n")
        (signatures / "tests.ndb").write_text(
            f"Eicar-Anywhere:0:*:{EICAR.hex()}\nTests-Mark:0:*:{OUR_MARK.hex()}\n"
        )
        settings = CONFIGURATION.format(
            folder=self.folder, port=self.address[1], max_file_size=max_file_size, stream=stream
        )
        (self.folder / "clamd.conf").write_text(settings)

    def start(self) -> None:
        program = shutil.which("clamd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
        assert program, "scripts/system-packages clamd installs it"
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*ENDS_WITH_US, program, "--config-file", str(self.folder / "clamd.conf")],
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + STARTS_WITHIN
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, "clamd does not answer"
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(self.address, timeout=1) as line:
                line.sendall(b"zPING\0")
                return line.recv(10) == b"PONG\0"
        except OSError:
            return False

    def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        Path(self.socket).unlink(missing_ok=True)

    def end(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
