"""What the drawing process takes away from itself before it reads the first byte of a stranger's file."""

import ctypes
import os
import resource
from contextlib import suppress

from adherents.vault.drawing.system_calls import refuse_what_drawing_never_needs

PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38
CLONE_NEWUSER, CLONE_NEWNET, CLONE_NEWIPC = 0x10000000, 0x40000000, 0x08000000
NOBODY = 65534


def confine(*, memory: int, seconds: int, threads: bool = False) -> None:
    """No network, no new file, process or privilege; `memory` bytes of address space and `seconds` of processor.

    Everything that is needed has been imported before: nothing can be opened after. What the system does not permit
    (a namespace inside a container, say) is done without; the limits always hold.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.geteuid() == 0:
        libc.unshare(CLONE_NEWNET | CLONE_NEWIPC)
        with suppress(OSError):
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
    elif libc.unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC) != 0:
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 3),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, memory),
    ):
        resource.setrlimit(limit, (most, most))
    if not threads:
        # This limit counts threads too: where a decoder needs one, the filter alone refuses processes.
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    refuse_what_drawing_never_needs(libc)
