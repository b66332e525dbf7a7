"""In which process's hands a file on its way is, so that one that was killed is known to have let go at once.

A lease names the process and where it runs: this start of this machine, and this space of process numbers. From elsewhere, or
where the number has gone to another process, nothing is known, and the lease ends by its time.
"""

import base64
import os
import secrets
from functools import cache
from hashlib import sha256
from pathlib import Path

_PLACE_BYTES, _PROCESS_BYTES, _RANDOM_BYTES = 4, 3, 5  # 16 characters of base64 in all


def new_lease() -> str:
    process = os.getpid().to_bytes(_PROCESS_BYTES, "big")
    return base64.urlsafe_b64encode(_place() + process + secrets.token_bytes(_RANDOM_BYTES)).decode()


def is_left(lease: str) -> bool:
    """Whether the process that took it is certainly gone."""
    named = base64.urlsafe_b64decode(lease)
    if named[:_PLACE_BYTES] != _place():
        return False
    return _is_gone(int.from_bytes(named[_PLACE_BYTES : _PLACE_BYTES + _PROCESS_BYTES], "big"))


def _is_gone(process: int) -> bool:
    """Also where all that is left of it is its number, until its parent asks how it ended: it writes nothing any more."""
    try:
        os.kill(process, 0)
        told = Path(f"/proc/{process}")
        state = (told / "stat").read_text().rpartition(")")[2].split()[0]
        return state == "Z" and len(list((told / "task").iterdir())) == 1
    except ProcessLookupError:
        return True
    except OSError:
        return False


@cache
def _place() -> bytes:
    try:
        start = Path("/proc/sys/kernel/random/boot_id").read_text()
        numbers = Path("/proc/self/ns/pid").readlink()
    except OSError:
        return secrets.token_bytes(_PLACE_BYTES)  # nowhere that another process would know
    return sha256(f"{start} {numbers}".encode()).digest()[:_PLACE_BYTES]
