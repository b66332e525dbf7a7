"""A seccomp filter: for the rest of the process, the kernel allows the system calls that drawing needs, and no other.

The process can read and write what is open already, take memory, wait and end; and start a thread, for a decoder that works in
one. Every other call is refused, known today or not: calls that name a file, another process, a user, a limit or the network.
`tests/vault/test_confinement.py` tries every number.
"""

import ctypes
import errno
import platform
import struct
from typing import NamedTuple

PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000
LOAD, EQUAL, HAS_BITS, RETURN = 0x20, 0x15, 0x45, 0x06
CLONE_THREAD = 0x10000
NUMBER_AT, MACHINE_AT, FIRST_ARGUMENT_AT = 0, 4, 16
CLONE3 = 435


class _Machine(NamedTuple):
    """Its number for the audit, and the numbers of `clone` and of the allowed calls: the most frequent call comes first."""

    audit: int
    clone: int
    allowed: tuple[int, ...]


_MACHINES = {
    "x86_64": _Machine(
        0xC000003E,
        56,
        (
            # read, write, readv, writev, lseek, close
            *(0, 1, 19, 20, 8, 3),
            # futex, mmap, munmap, brk, mremap, madvise, mprotect
            *(202, 9, 11, 12, 25, 28, 10),
            # clock_gettime, gettimeofday, clock_nanosleep, nanosleep, sched_yield, getrandom
            *(228, 96, 230, 35, 24, 318),
            # rt_sigaction, rt_sigprocmask, rt_sigreturn, sigaltstack, restart_syscall
            *(13, 14, 15, 131, 219),
            # getpid, gettid, set_robust_list, membarrier, rseq
            *(39, 186, 273, 324, 334),
            # exit, exit_group
            *(60, 231),
        ),
    ),
    # The same calls in the same order, under this machine's numbers.
    "aarch64": _Machine(
        0xC00000B7,
        220,
        (
            *(63, 64, 65, 66, 62, 57),
            *(98, 222, 215, 214, 216, 233, 226),
            *(113, 169, 115, 101, 124, 278),
            *(134, 135, 139, 132, 128),
            *(172, 178, 99, 283, 293),
            *(93, 94),
        ),
    ),
}


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def leave_what_drawing_needs(libc: ctypes.CDLL, *, threads: bool) -> bool:
    """Install the filter (for good). False where this machine or kernel has none: the other limits still hold."""
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return False
    program = _compiled(machine, threads=threads)
    filter_ = _Program(len(program) // 8, program)
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filter_), 0, 0) == 0)


def _compiled(machine: _Machine, *, threads: bool) -> bytes:
    steps = [
        _step(LOAD, MACHINE_AT),
        _step(EQUAL, machine.audit, yes=1),
        _step(RETURN, KILL),
        _step(LOAD, NUMBER_AT),
    ]
    for number in machine.allowed:
        steps += [_step(EQUAL, number, no=1), _step(RETURN, ALLOW)]
    if threads:
        # clone3 is refused: the C library falls back on clone, and the filter can read the flags of that.
        steps += [
            _step(EQUAL, CLONE3, no=1),
            _step(RETURN, REFUSE | errno.ENOSYS),
            _step(EQUAL, machine.clone, no=3),
            _step(LOAD, FIRST_ARGUMENT_AT),
            _step(HAS_BITS, CLONE_THREAD, no=1),
            _step(RETURN, ALLOW),
        ]
    steps.append(_step(RETURN, REFUSE | errno.EPERM))
    return b"".join(steps)


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)
