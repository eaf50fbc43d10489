"""The seccomp program decides as its table says; a small machine for classic BPF runs it here."""

import errno
import struct

import pytest

from deployments.boxes import syscall_filter as guard

NATIVE = guard.AUDIT_ARCH_X86_64
I386 = 0x40000003
OPENAT, EXECVE, SETRESUID, PRCTL = 257, 59, 117, 157
SIGCHLD, CLONE_VM, CLONE_THREAD, CLONE_NEWUSER, CLONE_NEWNET = 17, 0x100, 0x10000, 0x10000000, 0x40000000
AF_NETLINK, AF_ALG, AF_VSOCK = 16, 38, 40


def decide(number, argument=0, architecture=NATIVE):
    """What the kernel would do with one system call: "allow", "kill", or the error it returns."""
    data = struct.pack("<IIQ6Q", number, architecture, 0, argument, 0, 0, 0, 0, 0)
    steps = list(struct.iter_unpack("<HBBI", guard.program()))
    word = place = 0
    while True:
        code, then, otherwise, value = steps[place]
        place += 1
        if code == guard.RETURN:
            return {guard.ALLOW: "allow", guard.KILL_PROCESS: "kill"}.get(value, value & 0xFFFF)
        if code == guard.LOAD:
            [word] = struct.unpack_from("<I", data, value)
        else:
            tests = {guard.EQUAL: word == value, guard.AT_LEAST: word >= value, guard.ANY_BIT: word & value}
            place += then if tests[code] else otherwise


@pytest.mark.parametrize("number", guard.REFUSED.values(), ids=guard.REFUSED)
def test_what_the_table_names_is_refused(number):
    """Each call of the table ends with EPERM, whatever its first argument."""
    assert decide(number) == decide(number, 2**32 - 1) == errno.EPERM


@pytest.mark.parametrize("number", [0, 1, OPENAT, EXECVE, SETRESUID, PRCTL, 57, 58])
def test_ordinary_calls_pass(number):
    """Reading, writing, opening, starting programs and dropping privileges stay possible."""
    assert decide(number) == "allow"


@pytest.mark.parametrize(
    ("flags", "decision"),
    [
        (SIGCHLD, "allow"),
        (CLONE_VM | CLONE_THREAD, "allow"),
        (SIGCHLD | CLONE_NEWUSER, errno.EPERM),
        (SIGCHLD | CLONE_NEWNET, errno.EPERM),
    ],
)
def test_processes_and_threads_but_no_namespaces(flags, decision):
    """clone is judged by its flags; clone3, whose flags cannot be seen, does not exist."""
    assert decide(guard.CLONE, flags) == decision
    assert decide(guard.CLONE3) == errno.ENOSYS


@pytest.mark.parametrize(
    ("family", "decision"),
    [
        (guard.UNIX, "allow"),
        (guard.INET, "allow"),
        (guard.INET6, "allow"),
        (AF_NETLINK, errno.EAFNOSUPPORT),
        (AF_ALG, errno.EAFNOSUPPORT),
        (AF_VSOCK, errno.EAFNOSUPPORT),
    ],
)
def test_only_sockets_that_a_network_namespace_holds(family, decision):
    """A vsock would reach the host of a virtual machine from an empty network namespace."""
    assert decide(guard.SOCKET, family) == decision


def test_other_numberings_lead_nowhere():
    """32-bit calls kill the process; the x32 numbers do not exist."""
    assert decide(OPENAT, architecture=I386) == "kill"
    assert decide(guard.FOREIGN_ABI | guard.REFUSED["ptrace"]) == errno.ENOSYS


def test_jumps_stay_short_enough():
    """A conditional jump skips at most 255 instructions, and the kernel takes 4,096 in all."""
    steps = list(struct.iter_unpack("<HBBI", guard.program()))
    assert len(steps) < 4096
    assert steps[-1] == (guard.RETURN, 0, 0, guard.ALLOW)
