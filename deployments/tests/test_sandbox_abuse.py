"""Programs that mean harm find nothing, break nothing and leave nothing, whoever opened the box."""

import ast
import socket
from pathlib import Path

from deployments.tests.boxes import needs_boxes

pytestmark = needs_boxes

TRY = """
import ctypes, errno, os
def attempt(name, deed):
    try:
        print(name, "DONE", deed())
    except (OSError, MemoryError, ValueError) as error:
        print(name, "refused", errno.errorcode.get(getattr(error, "errno", None) or 0, type(error).__name__))
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    if getattr(libc, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), name)
"""


def attempts(box, *deeds):
    """Run each deed (a name and an expression) in one box; the names of those that succeeded."""
    code = TRY + "\n".join(f"attempt({name!r}, lambda: {deed})" for name, deed in deeds)
    run = box.run(code)
    lines = run.stdout.splitlines()
    assert len(lines) == len(deeds), run.stderr
    return [line for line in lines if " refused " not in line]


def test_the_hosts_files_are_not_there(box):
    """Accounts, homes, keys, settings and the disk itself are out of sight."""
    places = [
        "/etc/passwd",
        "/etc/shadow",
        "/root",
        "/home",
        "/var",
        "/tmp",
        "/run",
        "/sys",
        "/mnt",
        str(Path(__file__)),
    ]
    places += [
        "/dev/vda",
        "/dev/sda",
        "/dev/mem",
        "/dev/kmsg",
        "/proc/kcore",
        "/proc/1/root",
        "/proc/1/environ",
    ]
    deeds = [
        (place, f"open({place!r}, 'rb').read(1) if not os.path.isdir({place!r}) else os.listdir({place!r})")
        for place in places
    ]
    # In a user namespace the box's first process is its own: its root is the box, its environment empty.
    allowed = {"/proc/1/root DONE", "/proc/1/environ DONE b''"}
    left = [line for line in attempts(box, *deeds) if not any(line.startswith(start) for start in allowed)]
    assert left == []


def test_the_world_behind_proc_is_the_box(box):
    """Where /proc/1/root can be read, it shows the box and nothing else."""
    run = box.run(
        "import os\ntry: print(sorted(os.listdir('/proc/1/root')))\nexcept PermissionError: print('no')\n"
        "print(sorted(int(p) for p in os.listdir('/proc') if p.isdigit())[-1] < 10)"
    )
    seen, few = run.stdout.splitlines()
    assert seen == "no" or set(ast.literal_eval(seen)) <= {
        "bin",
        "dev",
        "lib",
        "lib64",
        "proc",
        "usr",
        "work",
    }
    assert few == "True"


def test_there_is_no_network(box):
    """A port that is open on this host's loopback cannot be reached, nor anything beyond."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        socket.create_connection((host, port), timeout=5).close()
        connect = "__import__('socket').create_connection({}, timeout=2)"
        deeds = [("loopback", connect.format((host, port))), ("outside", connect.format(("192.0.2.1", 80)))]
        assert attempts(box, *deeds) == []


def test_ten_gigabytes_are_refused(box):
    """One allocation of 10 GB is a MemoryError inside, and nothing outside."""
    assert attempts(box, ("memory", "len(bytearray(10 * 1024**3))")) == []


def test_nothing_can_be_written_outside(box):
    """The system and its devices are read-only, also those made for the box."""
    places = [
        "/x",
        "/usr/x",
        "/usr/local/x",
        "/bin/x",
        "/etc/x",
        "/dev/x",
        "/proc/x",
        "/proc/sys/kernel/core_pattern",
    ]
    places += ["/proc/sysrq-trigger", "/opt/x", "/var/x", "/tmp/x"]
    assert attempts(box, *((place, f"open({place!r}, 'w').write('x')") for place in places)) == []


def test_ctypes_opens_no_door(box):
    """System calls made by hand gain no user, no namespace, no mount, and no look into another process."""
    deeds = [
        ("become root", "call('setuid', 0)"),
        ("user namespace", "call('unshare', 0x10000000)"),
        ("mount namespace", "call('unshare', 0x20000)"),
        ("enter a namespace", "call('setns', os.open('/proc/1/ns/net', os.O_RDONLY), 0)"),
        ("mount", "call('mount', b'none', b'/work', b'tmpfs', 0, 0)"),
        ("chroot", "call('chroot', b'/work')"),
        ("trace", "call('ptrace', 16, os.getppid(), 0, 0)"),
        ("be traced", "call('ptrace', 0, 0, 0, 0)"),
        ("keys", "call('syscall', 250, 0, -3, 1)"),
        ("bpf", "call('syscall', 321, 5, 0, 0)"),
        ("io_uring", "call('syscall', 425, 1, 0)"),
        ("clone3", "call('syscall', 435, 0, 0)"),
        ("netlink", "__import__('socket').socket(16, 3, 0)"),
        ("vsock", "__import__('socket').socket(40, 1, 0)"),
        ("more processes", "__import__('resource').setrlimit(6, (4096, 4096))"),
    ]
    assert attempts(box, *deeds) == []


def test_no_set_user_id_program_helps(box):
    """New privileges are ruled out for good."""
    run = box.run(
        "print([l.split()[1] for l in open('/proc/self/status') if l.startswith(('CapEff', 'CapPrm', 'NoNewPrivs', 'Seccomp:'))])"
    )
    assert run.stdout == "['0000000000000000', '0000000000000000', '1', '2']\n"


def test_the_environment_is_empty(box, monkeypatch):
    """A key in the environment of the process that opens the box is nowhere inside, not even in process 1."""
    monkeypatch.setenv("GROQ_API_KEY", "gsk_do_not_show")
    run = box.run(
        "import os, glob\nprint(sorted(os.environ))\n"
        "for path in glob.glob('/proc/[0-9]*/environ'):\n"
        " try: print(open(path, 'rb').read())\n except OSError: pass"
    )
    assert run.stdout.startswith("['HOME', 'LANG', 'PATH', 'PWD', 'TMPDIR']")
    assert "gsk_" not in run.stdout + run.stderr


def test_no_descriptor_is_handed_on(box):
    """Nothing but the three standard streams is open when the code starts."""
    run = box.run("import os\nprint([n for n in range(64) if os.path.exists(f'/proc/self/fd/{n}')])")
    assert run.stdout == "[0, 1, 2]\n"
