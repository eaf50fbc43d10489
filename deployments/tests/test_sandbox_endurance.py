"""Programs that never want to end are ended, small, and leave nothing behind, whoever opened the box."""

import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from deployments.tests.boxes import needs_boxes

pytestmark = needs_boxes


def running(marker):
    """Processes of this machine that carry the marker in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [path.parent.name] if marker in path.read_bytes().decode(errors="replace") else []
        except OSError:
            continue
    return found


def becomes(condition, *, within_s=10.0):
    """Whether the condition holds before the time is up."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
    return True


def test_a_fork_bomb_stays_small(box):
    """Beyond a few processes the kernel refuses to make more, and all are gone at the end."""
    marker = uuid.uuid4().hex
    run = box.run(
        f"import os, time\nmade = 0\ntry:\n while True:\n  if not os.fork(): time.sleep(60)\n  made += 1\n"
        f"except BlockingIOError: print(made) # {marker}"
    )
    assert 1 <= int(run.stdout) <= 32
    assert not run.timed_out


def test_an_endless_fork_bomb_ends(box):
    """Every child makes children; the clock ends them all."""
    run = box.run("import os\nwhile True:\n try: os.fork()\n except BlockingIOError: pass", timeout_s=2)
    assert run.timed_out
    assert run.duration_ms < 15_000


def test_many_processes_share_one_allowance_of_memory(box):
    """Each stays below the limit of a process; together they break the limit of the box."""
    run = box.run(
        "import os, time\nfor _ in range(8):\n if not os.fork():\n  x = b'x' * (300 << 20); time.sleep(60)\ntime.sleep(60)",
        timeout_s=30,
    )
    assert "MiB of memory were used" in run.stderr
    assert not run.timed_out


@pytest.mark.parametrize("folder", ["/work", "/dev/shm"])
def test_the_disk_is_small(box, folder):
    """One file has a size, and so have all of them together; they lie in memory, so this bounds memory too."""
    run = box.run(
        "import os, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nchunk, written = b'x' * (1 << 20), 0\n"
        "try:\n for n in range(40):\n  with open(f'FOLDER/{n}', 'wb', buffering=0) as file:\n"
        "   try:\n    while file.write(chunk) == len(chunk): written += 1\n"
        "   except OSError as error:\n    if error.errno != 27: raise\n"
        "except OSError as error: print(error.strerror, written)".replace("FOLDER", folder)
    )
    reason, written = run.stdout.rsplit(" ", 1)
    assert reason == "No space left on device", run.stderr
    assert int(written) <= 64


def test_endless_output_ends(box):
    """Who floods the pipe is stopped early; what is kept stays small."""
    run = box.run("while True: print('x' * 10_000)", timeout_s=60)
    assert "were written" in run.stderr
    assert run.truncated
    assert not run.timed_out
    assert len(run.stdout) < 70_000


def test_nobody_outlives_the_program(box):
    """A daemon that left its parent, session and streams ends with the box."""
    marker = str(uuid.uuid4().int % 10**9 + 10**6)
    code = (
        "import os\nif not os.fork():\n os.setsid()\n if not os.fork():\n"
        f"  os.closerange(0, 3)\n  os.execv('/usr/bin/sleep', ['sleep', '{marker}'])\n os._exit(0)\n"
        "os.wait()\nprint('gone')"
    )
    run = box.run(code)
    assert run.stdout == "gone\n"
    assert run.duration_ms < 8000
    assert becomes(lambda: not running(marker))


def test_nobody_outlives_who_opened_the_box():
    """When the process that opened it is killed, the box ends at once."""
    marker = str(uuid.uuid4().int % 10**9 + 10**6)
    code = f"import os; os.execv('/usr/bin/sleep', ['sleep', '{marker}'])"
    opener = f"from deployments.sandboxes.bubblewrap import Bubblewrap as B; B().run({code!r}, timeout_s=100)"
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", opener], cwd=root) as process:
        asleep = f"sleep\0{marker}"
        assert becomes(lambda: running(asleep))
        process.kill()
    assert becomes(lambda: not running(asleep))
