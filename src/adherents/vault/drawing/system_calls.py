"""A seccomp filter: the system calls that drawing never needs are refused by the kernel for the rest of the process.

Opening a file, a socket or a program, making a process, touching another one, and naming anything on the disk are
refused. A thread may be made (the HEIC decoder works in one).
"""

import ctypes
import errno
import platform
import struct

PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000
LOAD, EQUAL, AT_LEAST, HAS_BITS, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
CLONE_THREAD = 0x10000
X32_CALLS = 0x40000000
NUMBER_AT, MACHINE_AT, FIRST_ARGUMENT_AT = 0, 4, 16

# machine: (its audit number, clone, clone3, what is refused)
_MACHINES = {
    "x86_64": (
        0xC000003E,
        56,
        435,
        [
            *(2, 85, 257, 437),  # open, creat, openat, openat2
            *(41, 42, 49, 50, 53),  # socket, connect, bind, listen, socketpair
            *(57, 58, 59, 322),  # fork, vfork, execve, execveat
            *(62, 101, 310, 311, 424, 434, 438),  # kill, ptrace, process_vm_*, pidfd_*
            *(76, 82, 83, 84, 86, 87, 88, 89, 90, 92, 133),  # truncate, rename, mkdir, rmdir, link, unlink, …
            *(258, 259, 260, 263, 264, 265, 266, 267, 268, 316),  # the same, relative to a folder
            *(155, 161, 165, 166, 272, 308),  # roots, mounts, namespaces
            *(250, 298, 321, 425),  # keys, perf, bpf, io_uring
        ],
    ),
    "aarch64": (
        0xC00000B7,
        220,
        435,
        [
            *(56, 437, 198, 199, 200, 201, 203, 221, 281),  # openat, openat2, socket…, execve, execveat
            *(117, 129, 270, 271, 424, 434, 438),  # ptrace, kill, process_vm_*, pidfd_*
            *(33, 34, 35, 36, 37, 38, 45, 53, 54, 78, 276),  # mknodat, mkdirat, unlinkat, …, renameat2
            *(39, 40, 41, 51, 97, 268),  # mounts, roots, namespaces
            *(219, 241, 280, 425),  # keys, perf, bpf, io_uring
        ],
    ),
}


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def refuse_what_drawing_never_needs(libc: ctypes.CDLL) -> bool:
    """Install the filter (for good). False where this machine or kernel has none: the other limits still hold."""
    if platform.machine() not in _MACHINES:
        return False
    program = _compiled(*_MACHINES[platform.machine()])
    filter_ = _Program(len(program) // 8, program)
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filter_), 0, 0) == 0)


def _compiled(machine: int, clone: int, clone3: int, refused: list[int]) -> bytes:
    steps = [
        _step(LOAD, MACHINE_AT),
        _step(EQUAL, machine, yes=1),
        _step(RETURN, KILL),
        _step(LOAD, NUMBER_AT),
        _step(AT_LEAST, X32_CALLS, no=1),
        _step(RETURN, REFUSE | errno.EPERM),
        _step(EQUAL, clone3, no=1),
        _step(RETURN, REFUSE | errno.ENOSYS),  # the C library falls back on clone, whose flags can be read
    ]
    for number in refused:
        steps += [_step(EQUAL, number, no=1), _step(RETURN, REFUSE | errno.EPERM)]
    steps += [
        _step(EQUAL, clone, no=3),
        _step(LOAD, FIRST_ARGUMENT_AT),
        _step(HAS_BITS, CLONE_THREAD, yes=1),
        _step(RETURN, REFUSE | errno.EPERM),
        _step(RETURN, ALLOW),
    ]
    return b"".join(steps)


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)
