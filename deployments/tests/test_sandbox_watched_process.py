"""A watched process is stopped at each limit with all of its group, and its output is kept up to a size."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deployments.sandboxes.watched_process import Limits, resident_bytes, watch

MIB = 1024 * 1024


def watched(code, *, timeout_s=20.0, keep_bytes=1000, write_bytes=MIB, memory_bytes=1024 * MIB):
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        return watch(process, Limits(timeout_s, keep_bytes, write_bytes, memory_bytes))


def test_it_ends_by_itself():
    """Both streams whole, the exit code, no limit named."""
    ending = watched("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert (ending.exit_code, ending.stdout, ending.stderr, ending.stopped) == (3, b"out\n", b"err\n", "")


def test_only_the_beginning_of_long_output_is_kept():
    """What follows is counted and dropped; the process may still end well."""
    ending = watched("print('x' * 5000)")
    assert (ending.exit_code, len(ending.stdout), ending.written[0], ending.stopped) == (0, 1000, 5001, "")


@pytest.mark.parametrize(
    ("code", "limits", "broken"),
    [
        ("while True: pass", {"timeout_s": 0.5}, "time"),
        ("import os, time; os.close(1); os.close(2); time.sleep(60)", {"timeout_s": 0.5}, "time"),
        ("while True: print('x' * 4096)", {}, "output"),
        ("x = b'x' * (200 << 20); import time; time.sleep(60)", {"memory_bytes": 100 * MIB}, "memory"),
    ],
)
def test_each_limit_stops_it(code, limits, broken):
    """The limit that was broken is named, long before the process would have ended."""
    started = time.monotonic()
    ending = watched(code, **limits)
    assert ending.stopped == broken
    assert ending.exit_code == -9
    assert time.monotonic() - started < 15


def test_descendants_of_a_stopped_process_end_too():
    """A child in the same group dies with its parent: its end of the pipe is closed."""
    code = "import os, time; pid = os.fork(); print(pid, flush=True) if pid else None; time.sleep(60)"
    ending = watched(code, timeout_s=1.0)
    child = int(ending.stdout)
    assert ending.stopped == "time"
    assert gone(child)


def test_memory_of_children_counts():
    """What a process keeps in its children is its own memory."""
    code = "import os, sys; x = b'x' * (50 << 20); pid = os.fork(); print(pid, flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdin
        process.stdout.readline()
        process.stdout.readline()
        assert resident_bytes(process.pid) > 100 * MIB
        process.stdin.close()


def test_who_is_gone_uses_no_memory():
    """A process may end between two looks."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert resident_bytes(process.pid) == 0


def gone(pid, *, within_s=10.0):
    """Whether the process ends: a killed one is dead when the kernel comes to it."""
    deadline = time.monotonic() + within_s
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not alive(pid)


def alive(pid):
    """Whether the process still runs; a zombie, which only waits for its parent, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_an_interruption_of_ours_ends_the_process():
    """When the watcher itself is interrupted, nothing is left behind."""

    class Interrupting(subprocess.Popen):
        def poll(self):
            raise KeyboardInterrupt

    process = Interrupting(
        [sys.executable, "-c", "print(1, flush=True); import time; time.sleep(60)"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with process, pytest.raises(KeyboardInterrupt):
        watch(process, Limits(20, 1000, MIB, 1024 * MIB))
    assert process.returncode == -9
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)
