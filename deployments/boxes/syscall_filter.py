"""A seccomp filter for boxes: the system calls that open new worlds or look into other processes are refused.

It is the second wall behind namespaces and dropped privileges, and the only one that keeps a box started by
root from making a user namespace of its own. The program is classic BPF, written out by hand for x86-64.
"""

import errno
import platform
import struct
from collections.abc import Iterable

AUDIT_ARCH_X86_64 = 0xC000003E
FOREIGN_ABI = 0x40000000  # bit of the x32 calls, which would have other numbers for the same deeds

ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000
ERRNO = 0x00050000

# Offsets in struct seccomp_data.
NUMBER, ARCHITECTURE, FIRST_ARGUMENT, SECOND_ARGUMENT = 0, 4, 16, 24

# Opcodes: load a word, jump if equal / at least / any bit set, return.
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06

CLONE, CLONE3, SOCKET, IOCTL = 56, 435, 41, 16
TYPE_FOR_ANOTHER, PASTE_FOR_ANOTHER = 0x5412, 0x541C  # TIOCSTI, TIOCLINUX: words put into somebody's mouth
NEW_NAMESPACES = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
UNIX, INET, INET6 = 1, 2, 10  # other families (netlink, vsock, alg) are not kept apart by a network namespace

# Numbers of x86-64 (asm/unistd_64.h).
REFUSED = {
    # new namespaces, mounts and roots
    "unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161,
    "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
    "mount_setattr": 442, "name_to_handle_at": 303, "open_by_handle_at": 304,
    # other processes
    "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "pidfd_getfd": 438,
    "process_madvise": 440, "move_pages": 279, "migrate_pages": 256,
    # large and often attacked parts of the kernel
    "bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "io_uring_setup": 425, "io_uring_enter": 426,
    "io_uring_register": 427, "fanotify_init": 300, "modify_ldt": 154, "personality": 135,
    "keyctl": 250, "add_key": 248, "request_key": 249,
    # the machine itself
    "kexec_load": 246, "kexec_file_load": 320, "init_module": 175, "finit_module": 313, "delete_module": 176,
    "reboot": 169, "swapon": 167, "swapoff": 168, "acct": 163, "quotactl": 179, "quotactl_fd": 443,
    "settimeofday": 164, "clock_settime": 227, "clock_adjtime": 305, "adjtimex": 159, "sethostname": 170,
    "setdomainname": 171, "syslog": 103, "iopl": 172, "ioperm": 173, "vhangup": 153,
}  # fmt: skip


def syscall_filter() -> bytes | None:
    """The program for this machine as the kernel reads it; None where none was written (not x86-64)."""
    return program() if platform.machine() == "x86_64" and struct.calcsize("P") == 8 else None  # noqa: PLR2004


def program() -> bytes:
    """The filter for x86-64."""
    steps = [
        _step(LOAD, ARCHITECTURE),
        _step(EQUAL, AUDIT_ARCH_X86_64, then=1),
        _step(RETURN, KILL_PROCESS),
        _step(LOAD, NUMBER),
        *_refuse(AT_LEAST, FOREIGN_ABI, errno.ENOSYS),
        # clone3 hides its flags behind a pointer; told that it does not exist, libc falls back to clone.
        *_refuse(EQUAL, CLONE3, errno.ENOSYS),
        *(step for number in REFUSED.values() for step in _refuse(EQUAL, number, errno.EPERM)),
        *_only_for(CLONE, _refuse(ANY_BIT, NEW_NAMESPACES, errno.EPERM)),
        *_only_for(SOCKET, _one_of((UNIX, INET, INET6), errno.EAFNOSUPPORT)),
        *_only_for(IOCTL, _none_of((TYPE_FOR_ANOTHER, PASTE_FOR_ANOTHER)), argument=SECOND_ARGUMENT),
        _step(RETURN, ALLOW),
    ]
    return b"".join(steps)


def _step(code: int, value: int, *, then: int = 0, otherwise: int = 0) -> bytes:
    """One instruction; `then` and `otherwise` say how many instructions a jump skips."""
    return struct.pack("<HBBI", code, then, otherwise, value)


def _refuse(test: int, value: int, error: int) -> list[bytes]:
    """Answer with `error` when the loaded word passes the test, else go on."""
    return [_step(test, value, otherwise=1), _step(RETURN, ERRNO | error)]


def _one_of(values: Iterable[int], error: int) -> list[bytes]:
    """Answer with `error` unless the loaded word is one of `values`."""
    allowed = [step for value in values for step in (_step(EQUAL, value, otherwise=1), _step(RETURN, ALLOW))]
    return [*allowed, _step(RETURN, ERRNO | error)]


def _none_of(values: Iterable[int]) -> list[bytes]:
    return [step for value in values for step in _refuse(EQUAL, value, errno.EPERM)]


def _only_for(number: int, checks: list[bytes], *, argument: int = FIRST_ARGUMENT) -> list[bytes]:
    """Checks of one argument of a call; any other call goes on with its number still loaded."""
    body = [_step(LOAD, argument), *checks, _step(RETURN, ALLOW)]
    return [_step(EQUAL, number, otherwise=len(body)), *body]
