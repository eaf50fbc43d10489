"""Programs that look for a way out of their box find none."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from deployments.boxes.errors import BoxError, NotAllowed, NotFound, WrongKind
from deployments.boxes.opening import open_box
from deployments.boxes.spec import BoxSpec
from deployments.tests.live_boxes import in_box, needs_live_boxes, program, python

pytestmark = needs_live_boxes

TRY = """
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    if getattr(libc, name)(*arguments) == -1: raise OSError(ctypes.get_errno(), name)
try: print("DONE", {deed})
except Exception as error: print("refused")
"""
DEEDS = {
    "shadow": "open('/etc/shadow').read()",
    "root's home": "os.listdir('/root')",
    "other homes": "os.listdir('/home/' + 'other')",
    "logs": "os.listdir('/var')",
    "sys": "os.listdir('/sys')",
    "agent's memory": "open('/proc/1/mem', 'rb')",
    "agent's descriptors": "os.listdir('/proc/1/fd')",
    "agent's environment": "open('/proc/1/environ').read()",
    "kernel log": "open('/dev/kmsg').read(1)",
    "physical memory": "open('/dev/mem', 'rb').read(1)",
    "disk": "open('/dev/vda', 'rb').read(1)",
    "make a device": "os.mknod('/tmp/d', 0o60600, os.makedev(254, 0))",
    "write to usr": "open('/usr/x', 'w')",
    "write to root": "open('/x', 'w')",
    "write to etc": "open('/etc/passwd', 'w')",
    "write to the agent": "open('/opt/box/miosa_box/agent.py', 'w')",
    "write to proc": "open('/proc/sys/kernel/core_pattern', 'w').write('x')",
    "sysrq": "open('/proc/sysrq-trigger', 'w').write('b')",
    "become root": "call('setuid', 0)",
    "remount": "call('mount', b'none', b'/', b'tmpfs', 32, 0)",
    "mount": "call('mount', b'none', b'/tmp', b'tmpfs', 0, 0)",
    "user namespace": "call('unshare', 0x10000000)",
    "clone into a namespace": "call('syscall', 56, 0x10000011, 0, 0, 0, 0)",
    "clone3": "call('syscall', 435, 0, 0)",
    "enter a namespace": "call('setns', os.open('/proc/1/ns/net', os.O_RDONLY), 0)",
    "chroot": "call('chroot', b'/tmp')",
    "pivot root": "call('syscall', 155, b'/tmp', b'/tmp')",
    "trace the agent": "call('ptrace', 16, 1, 0, 0)",
    "io_uring": "call('syscall', 425, 1, 0)",
    "bpf": "call('syscall', 321, 5, 0, 0)",
    "keys": "call('syscall', 250, 0, -3, 1)",
    "perf": "call('syscall', 298, 0, 0, 0, 0, 0)",
    "userfaultfd": "call('syscall', 323, 0)",
    "raw socket": "socket.socket(2, 3, 1)",
    "packet socket": "socket.socket(17, 3, 0)",
    "netlink": "socket.socket(16, 3, 0)",
    "vsock": "socket.socket(40, 1, 0)",
    "the clock": "__import__('time').clock_settime(0, 0)",
    "host name": "socket.sethostname('x')",
    "reboot": "call('reboot', 0x1234567)",
    "type for a terminal": "__import__('fcntl').ioctl(0, 0x5412, b'x')",
    "DNS": "socket.getaddrinfo('example.org', 80)",
    "metadata": "socket.create_connection(('169.254.169.254', 80), 1)",
    "outside": "socket.create_connection(('192.0.2.1', 80), 1)",
}


@pytest.fixture(scope="module")
def answers():
    """Every deed tried in one box, each by a program of its own."""

    async def work(box):
        found = {}
        for name, deed in DEEDS.items():
            found[name], _ = await python(box, TRY.format(deed=deed))
        return found

    return in_box(work)


@pytest.mark.parametrize("deed", DEEDS)
def test_the_wall_holds(answers, deed):
    """The deed is refused."""
    assert answers[deed] == "refused\n"


def test_the_hosts_loopback_is_not_the_boxs():
    """A listener of this host on 127.0.0.1 is not reached, nor one in the abstract socket space."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as hidden:
        hidden.bind("\0miosa-test-neighbour")
        hidden.listen()
        port = server.getsockname()[1]
        code = f"""
import socket
for family, place in ((2, ("127.0.0.1", {port})), (1, "\\0miosa-test-neighbour")):
    try: socket.socket(family).connect(place); print("reached")
    except OSError: pass
"""
        assert in_box(lambda box: python(box, code))[0] == ""


def test_our_environment_is_nowhere_inside(monkeypatch):
    """A key of ours is in no process's environment."""
    monkeypatch.setenv("GROQ_API_KEY", "gsk_do_not_show")
    said, _ = in_box(lambda box: program(box, "sh", "-c", "cat /proc/*/environ 2>/dev/null; env"))
    assert "HOME=/home/user" in said
    assert "gsk_" not in said


def test_no_descriptor_is_handed_on():
    """A program has its three streams and nothing else."""
    code = "import os\nprint([n for n in range(512) if os.path.exists(f'/proc/self/fd/{n}')])"
    assert in_box(lambda box: python(box, code))[0] == "[0, 1, 2]\n"


def test_no_set_user_id_program_helps():
    """No capability, no new privilege, a filter; su gets nowhere."""
    said, ended = in_box(
        lambda box: program(
            box, "sh", "-c", "grep -E 'CapEff|CapBnd|NoNewPrivs|Seccomp:' /proc/self/status; su -c id"
        )
    )
    lines = [line.split()[1] for line in said.splitlines()[:4]]
    assert (lines[0], lines[2:]) == ("0000000000000000", ["1", "2"])
    assert "uid=0" not in said
    assert ended.exit_code != 0


def test_two_boxes_do_not_see_each_other():
    """Another box's processes, files and sockets are not there; both run as different users when root opens them."""

    async def live():
        async with await open_box(BoxSpec()) as one, await open_box(BoxSpec()) as two:
            await one.files.write("secret", b"mine")
            held = "import socket, time; s = socket.socket(1); s.bind('\\0mine'); s.listen(); print('up', flush=True); time.sleep(9)"
            process = await one.start(["python3", "-c", held])
            await anext(process.listen())
            with pytest.raises(NotFound):
                await two.files.stat("secret")
            said, _ = await python(
                two,
                "import os, socket\nprint(len([p for p in os.listdir('/proc') if p.isdigit()]))\n"
                "try: socket.socket(1).connect('\\0mine'); print('reached')\nexcept OSError: print('alone')",
            )
            users = [(await program(box, "id", "-u"))[0] for box in (one, two)]
            return said, users

    said, users = asyncio.run(live())
    assert said == "2\nalone\n"
    assert os.geteuid() != 0 or users[0] != users[1]


@pytest.mark.parametrize(
    "how", ["ln -s /etc/shadow trap", "mkdir d; ln -s /etc d/up; ln -s d/up/shadow trap"]
)
def test_a_link_leads_only_where_the_box_may(how):
    """Reading through a link shows what the box itself could see."""

    async def work(box):
        await program(box, "sh", "-c", how)
        with pytest.raises((NotFound, NotAllowed)):
            await box.files.read_all("trap")

    in_box(work)


def test_dots_lead_to_the_boxs_root_and_no_further():
    """`..` above the home is the box's own file system."""

    async def work(box):
        return (await box.files.read_all("../../../../../../etc/passwd")).decode()

    told = in_box(work)
    assert told.splitlines()[1].startswith("user:")
    assert told != Path("/etc/passwd").read_text()


@pytest.mark.parametrize("path", ["pipe", "/dev/zero", "/dev/tty", "socket"])
def test_what_is_no_plain_file_is_not_opened(path):
    """Pipes, devices and sockets are refused at once and never waited for."""

    async def work(box):
        await program(
            box, "sh", "-c", "mkfifo pipe; python3 -c 'import socket; socket.socket(1).bind(\"socket\")'"
        )
        async with asyncio.timeout(2):
            with pytest.raises(BoxError) as refused:
                await box.files.read_all(path)
        return type(refused.value)

    assert in_box(work) in {WrongKind, NotAllowed}
