"""The units that are shipped, read as systemd reads them, and a process started as one of them says, as far as root alone can.

What is applied: user and groups, capabilities, no new privileges, network, environment, what may be written, what cannot be
reached, temporary folder, memory that cannot become code. What only systemd applies (filters of system calls and of namespaces,
cgroups, devices) is not.
"""

import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNITS = ROOT / "deploy" / "systemd"
INSTALLED = "/opt/espace-adherents/bin/adherents"
# No account of this machine: what the unit's user would be.
SOMEBODY = 64_123
# Writable memory never becomes code again, for this process and those that it becomes.
WITHOUT_NEW_CODE = """
import ctypes, os, sys
assert ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) == 0
os.execv(sys.argv[1], sys.argv[1:])
"""


def settings_of(unit: Path) -> dict[str, list[str]]:
    """Each name of the unit with its values, in their order; the sections' names do not matter here."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        if line and not line.startswith(("#", ";", "[")):
            name, _, value = line.partition("=")
            found.setdefault(name.strip(), []).append(value.strip())
    return found


def command_of(unit: Path) -> list[str]:
    """What the unit starts, from this checkout."""
    [line] = settings_of(unit)["ExecStart"]
    program, *arguments = shlex.split(line)
    assert program == INSTALLED
    return [sys.executable, str(Path(sys.executable).with_name("adherents")), *arguments]


def user_of() -> list[str]:
    """What comes before a command, so that the unit's user runs it."""
    # An interpreter in root's own folder cannot be reached by others: they get the right to read it, and no other one.
    python = Path(sys.executable).resolve()
    closed = any(not folder.stat().st_mode & 0o001 for folder in (*python.parents, *ROOT.parents, ROOT))
    capabilities = "-all,+dac_read_search" if closed else "-all"
    return [
        "setpriv",
        f"--reuid={SOMEBODY}",
        f"--regid={SOMEBODY}",
        "--clear-groups",
        "--no-new-privs",
        f"--bounding-set={capabilities}",
        f"--inh-caps={capabilities}",
        f"--ambient-caps={capabilities}",
    ]


@contextmanager
def started(unit: Path, listening: socket.socket, data: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The unit's process with its socket, on a machine whose data folder is `data`."""
    unit_settings = settings_of(unit)
    for name in ("PrivateNetwork", "NoNewPrivileges", "PrivateTmp", "MemoryDenyWriteExecute"):
        assert unit_settings[name] == ["yes"], name
    assert unit_settings["ProtectSystem"] == ["strict"]
    assert unit_settings["CapabilityBoundingSet"] == [""]
    assert "EnvironmentFile" not in unit_settings
    environment = unit_settings.get("Environment", [])
    closed = [path.removeprefix("-") for path in unit_settings["InaccessiblePaths"]]
    # A checkout in the folder that the service has one of its own of is there nevertheless, as an installation would be.
    checkout, in_tmp = shlex.quote(str(ROOT)), Path("/tmp") in ROOT.parents
    script = "\n".join(
        [
            "set -e",
            "mount --make-rprivate /",
            "mount -t tmpfs tmpfs /var/lib && mkdir /var/lib/espace-adherents /var/lib/.none",
            f"mount --bind {shlex.quote(str(data))} /var/lib/espace-adherents",
            *(
                f"if [ -e {path} ]; then mount -t tmpfs -o mode=000 tmpfs {path}; fi"
                for path in map(shlex.quote, closed)
            ),
            f"mkdir /var/lib/.kept && mount --rbind {checkout} /var/lib/.kept" if in_tmp else "",
            "mount -o remount,bind,ro /",
            "mount -t tmpfs -o mode=1777 tmpfs /tmp",
            f"mkdir -p {checkout} && mount --no-mtab --move /var/lib/.kept {checkout}" if in_tmp else "",
            f"exec 3<&{listening.fileno()} {listening.fileno()}<&-" if listening.fileno() != 3 else "",
            f"exec env -i {shlex.join(environment)} LISTEN_FDS=1 LISTEN_PID=$$ "
            + shlex.join([*user_of(), sys.executable, "-c", WITHOUT_NEW_CODE, *command_of(unit)]),
        ]
    )
    process = subprocess.Popen(
        ["unshare", "--net", "--mount", "bash", "-c", script],
        pass_fds=[listening.fileno()],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd="/",
        env={"PATH": os.environ["PATH"]},
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)
