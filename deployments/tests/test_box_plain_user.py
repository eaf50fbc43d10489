"""Boxes opened by an ordinary user, who has no control groups: the same walls, and limits of the kernel's other kind."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from deployments.tests.boxes import needs_boxes
from miosa.environment import ROOT

NOBODY = 65534
PROBES = {
    "who": "import os; print(os.getuid(), os.getpid())",
    "memory": "bytearray(700 << 20)",
    "network": "import socket; socket.create_connection(('192.0.2.1', 80), 1)",
    "shadow": "print(open('/etc/shadow').read())",
    "checkout": f"import os; print(os.listdir({str(ROOT)!r}))",
    "forks": "import os\ntry:\n    for _ in range(5000):\n        if not os.fork():\n            import time; time.sleep(9)\nexcept OSError as error:\n    print('limit')\nos.kill(-1, 9)",
    "disk": "f = open('/home/user/big', 'wb')\nwhile True: f.write(b'x' * (1 << 22))",
    "chroot": "import os; os.chroot('/')",
    "mount": "import ctypes; print(ctypes.CDLL(None, use_errno=True).mount(b'none', b'/tmp', b'tmpfs', 0, None))",
}
SCRIPT = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
from deployments.tests.live_boxes import in_box, python
told = {}
for name, code in json.loads(sys.argv[2]).items():
    async def one(box, code=code):
        said, ended = await python(box, code)
        return [said[-400:], ended.exit_code if ended else None]
    told[name] = in_box(one)
print(json.dumps(told))
"""


def interpreter():
    """A Python of this version that an ordinary user may run: ours, or the system's."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for found in (sys.executable, shutil.which(version, path="/usr/bin:/usr/local/bin")):
        if found and all(parent.stat().st_mode & 0o005 == 0o005 for parent in Path(found).resolve().parents):
            return found
    return None


def told_by_a_plain_user():
    paths = [str(ROOT), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    command = [interpreter(), "-B", "-c", SCRIPT, json.dumps(paths), json.dumps(PROBES)]
    done = subprocess.run(
        command, cwd="/", env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}, user=NOBODY, group=NOBODY, extra_groups=[],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@needs_boxes
@pytest.mark.skipif(os.geteuid() != 0, reason="it takes root to become another user")
@pytest.mark.skipif(interpreter() is None, reason="no Python here that an ordinary user may run")
def test_an_ordinary_users_boxes_have_the_same_walls():
    """Its own processes only, no network, nothing of the host, and each limit ends who meets it."""
    told = told_by_a_plain_user()
    assert told["who"][0].split()[0] == "1000"
    assert int(told["who"][0].split()[1]) < 10
    assert "MemoryError" in told["memory"][0]
    assert "unreachable" in told["network"][0]
    assert "No such file" in told["shadow"][0]
    assert "No such file" in told["checkout"][0]
    assert "limit" in told["forks"][0] or told["forks"][1] in {None, 137}
    assert told["disk"][1] != 0
    for refused in ("chroot", "mount"):
        assert "Operation not permitted" in told[refused][0] or told[refused][0].strip() == "-1"
