"""What the drawing process takes away from itself before it reads the first byte of a stranger's file."""

import ctypes
import os
import resource
import signal
from contextlib import suppress
from typing import NamedTuple

from adherents.inspection.rasteriser.system_calls import leave_what_drawing_needs

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, CLEAR_ALL = 1, 4, 38, 47, 4
CAPABILITY_VERSION = 0x20080522
CAP_KILL, CAP_SETGID, CAP_SETUID = 5, 6, 7
CLONE_NEWUSER, CLONE_NEWNET, CLONE_NEWIPC = 0x10000000, 0x40000000, 0x08000000
NOBODY = 65534
# User numbers that neither systemd's table nor containers give away: one for each process, by its own number.
OWN_USERS = 1_879_048_192
MOST_THREADS = 8


class Confined(NamedTuple):
    """What this system permitted. The limits hold in any case."""

    another_user: bool
    own_network: bool
    filtered: bool


def confine(*, memory: int, seconds: int, threads: bool = False, with_parent: bool = False) -> Confined:
    """No network, no new file, process or privilege; `memory` bytes of address space and `seconds` of processor.

    Everything that is needed has been imported before: nothing can be opened after. As root, the process becomes
    a user of its own, which owns nothing and which no other process has. The system may not permit all of it (another user
    where the portal is not root, a namespace inside a container): the rest is done, and `adherents check` says so.

    `with_parent`: it is killed as soon as the thread that started it ends, killed or not; else it goes on to its own end.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.geteuid() == 0:
        own_network = libc.unshare(CLONE_NEWNET | CLONE_NEWIPC) == 0
    else:
        own_network = 0 in (
            libc.unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC),
            libc.unshare(CLONE_NEWUSER | CLONE_NEWNET),
        )
    another_user = _may_be_another_user(libc) and _become_another_user()
    _drop_capabilities(libc)
    if with_parent:
        end_with_parent()  # becoming another user has undone it
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 3),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, memory),
    ):
        resource.setrlimit(limit, (most, most))
    if another_user or not threads:
        # This limit counts the threads of all processes of a user: a shared user needs room for the other processes too.
        most = MOST_THREADS if threads else 0
        resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
    return Confined(another_user, own_network, leave_what_drawing_needs(libc, threads=threads))


def end_with_parent() -> None:
    """From now on this process is killed as soon as the thread that started it ends, killed or not."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _may_be_another_user(libc: ctypes.CDLL) -> bool:
    """The parent can go on killing this process only with a capability of its own, which this process has too."""
    held = (ctypes.c_uint32 * 6)()
    libc.capget((ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0), held)
    return all(held[0] >> bit & 1 for bit in (CAP_KILL, CAP_SETGID, CAP_SETUID))


def _become_another_user() -> bool:
    """False where that is not permitted."""
    before = os.getuid()
    for user in (OWN_USERS + os.getpid(), NOBODY):  # a container may have no name for the first one
        with suppress(OSError):
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            return user != before
    return False


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    """Root's went with root. Those that a service was given go here."""
    libc.prctl(PR_CAP_AMBIENT, CLEAR_ALL, 0, 0, 0)
    libc.capset((ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0), (ctypes.c_uint32 * 6)())
