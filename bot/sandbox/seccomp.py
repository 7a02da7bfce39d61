"""The system calls that programs may not make, as a filter that the kernel runs (seccomp).

The namespaces already keep a program away from everything. The filter stops what limits on
processes cannot: new processes, memory that no limit counts, and rarely used parts of the kernel.
"""

import errno
import platform
import struct
from typing import Literal, NamedTuple

_LOAD, _EQUAL, _ANY_BIT, _AT_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_X32_CALLS = 0x40000000

_CLONE_THREAD = 0x00010000
_MAP_SHARED = 0x01
_PR_SET_PDEATHSIG = 1


class Calls(NamedTuple):
    """A machine's audit number and its system call numbers, from Linux's unistd.h."""

    audit: int
    clone: int
    mmap: int
    prctl: int
    refused: dict[str, int]


_SINCE_2019 = {  # The same numbers on every machine.
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "pidfd_getfd": 438,
    "mount_setattr": 442,
    "memfd_secret": 447,
}
_CLONE3 = 435

_NAMES = (
    "socket unshare setns ptrace mount umount2 pivot_root chroot bpf perf_event_open userfaultfd "
    "keyctl add_key request_key memfd_create shmget shmat msgget semget mq_open io_setup "
    "process_vm_readv process_vm_writev open_by_handle_at name_to_handle_at kexec_load "
    "kexec_file_load init_module finit_module delete_module fanotify_init inotify_init1 quotactl "
    "personality syslog seccomp"
).split()
_X86_64 = (
    "41 272 308 101 165 166 155 161 321 298 323 "
    "250 248 249 319 29 30 68 64 240 206 "
    "310 311 304 303 246 "
    "320 175 313 176 300 294 179 "
    "135 103 317"
)
_AARCH64 = (
    "198 97 268 117 40 39 41 51 280 241 282 "
    "219 217 218 279 194 196 186 190 180 0 "
    "270 271 265 264 104 "
    "294 105 273 106 262 26 60 "
    "92 116 277"
)


def _refused(numbers: str, **more: int) -> dict[str, int]:
    return dict(zip(_NAMES, map(int, numbers.split()), strict=True)) | _SINCE_2019 | more


MACHINES = {
    "x86_64": Calls(0xC000003E, 56, 9, 157, _refused(_X86_64, fork=57, vfork=58, inotify_init=253)),
    "aarch64": Calls(0xC00000B7, 220, 222, 167, _refused(_AARCH64)),
}


def program_filter(machine: str | None = None) -> bytes | None:
    """The filter for bubblewrap's --seccomp; None when this kind of machine is not known."""
    calls = MACHINES.get(machine or platform.machine())
    if calls is None:
        return None
    lines = [
        _line(_LOAD, _ARCHITECTURE_AT),
        _line(_EQUAL, calls.audit, 1, 0),
        _line(_RETURN, _KILL),
        _line(_LOAD, _NUMBER_AT),
        _line(_AT_LEAST, _X32_CALLS, 0, 1),
        _line(_RETURN, _KILL),
        # glibc falls back to clone, whose flags can be looked at.
        *_refuse(_CLONE3, errno.ENOSYS),
        *_refuse_by_argument(calls.clone, 0, "lacks", _CLONE_THREAD),
        *_refuse_by_argument(calls.mmap, 3, "has", _MAP_SHARED),
        *_refuse_by_argument(calls.prctl, 0, "is", _PR_SET_PDEATHSIG),
    ]
    for number in calls.refused.values():
        lines += _refuse(number, errno.EPERM)
    return b"".join([*lines, _line(_RETURN, _ALLOW)])


def _line(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)


def _refuse(number: int, error: int) -> list[bytes]:
    return [_line(_EQUAL, number, 0, 1), _line(_RETURN, _REFUSE | error)]


def _refuse_by_argument(
    number: int, position: int, test: Literal["has", "lacks", "is"], value: int
) -> list[bytes]:
    """Refuse the call when the low half of an argument passes the test; allow it otherwise."""
    code = _EQUAL if test == "is" else _ANY_BIT
    refuse, allow = (1, 0) if test == "lacks" else (0, 1)
    return [
        _line(_EQUAL, number, 0, 4),
        _line(_LOAD, _FIRST_ARGUMENT_AT + 8 * position),
        _line(code, value, refuse, allow),
        _line(_RETURN, _REFUSE | errno.EPERM),
        _line(_RETURN, _ALLOW),
    ]
