"""Programs that want all of the machine get their share of it, and the box and the host go on."""

import asyncio
import time

import pytest

from deployments.boxes.errors import BoxGone, DiskFull
from deployments.boxes.opening import open_box
from deployments.boxes.spec import MIB, BoxSpec
from deployments.tests.live_boxes import in_box, needs_live_boxes, program, python

pytestmark = needs_live_boxes


def alive_after(code, **limits):
    """What the code said and how it ended, in a box that still works afterwards."""

    async def work(box):
        result = await python(box, code)
        said, ended = await program(box, "echo", "well")
        assert (said, ended.exit_code) == ("well\n", 0)
        return result

    return in_box(work, **limits)


def test_a_fork_bomb_meets_the_number_of_processes():
    """Forking ends with EAGAIN at the limit."""
    code = """
import os, time
made = 0
try:
    while made < 500:
        if os.fork() == 0: time.sleep(0.5); os._exit(0)
        made += 1
except BlockingIOError: print("refused", made < 64)
"""
    assert alive_after(code, processes=64)[0] == "refused True\n"


def test_a_thread_bomb_meets_the_same_number():
    """Threads count as processes do."""
    code = """
import threading
stop = threading.Event(); made = []
try:
    while len(made) < 500:
        made.append(threading.Thread(target=stop.wait)); made[-1].start()
except RuntimeError: print("refused", len(made) < 64)
stop.set()
"""
    assert alive_after(code, processes=64)[0] == "refused True\n"


def test_a_file_cannot_be_larger_than_allowed():
    """Writing stops with an error at the largest file, also where the size is only claimed."""
    code = """
for deed in (lambda f: f.write(b"x" * 9_000_000), lambda f: f.truncate(10 * 1024**3)):
    try:
        with open("large", "wb") as f: deed(f)
        print("done")
    except OSError as error: print(error.errno)
"""
    assert alive_after(code, file_bytes=8 * MIB)[0] == "27\n27\n"


@pytest.mark.parametrize("folder", ["/home/user", "/tmp", "/dev/shm"])
def test_a_folder_that_can_be_written_is_soon_full(folder):
    """The home, /tmp and shared memory end with ENOSPC."""
    code = f"""
try:
    for n in range(10_000):
        with open("{folder}/" + str(n), "wb") as f: f.write(b"x" * 1_000_000)
except OSError as error: print(error.errno, n < 40)
"""
    assert alive_after(code, disk_bytes=32 * MIB)[0] == "28 True\n"


def test_the_file_door_says_that_the_disk_is_full():
    """Writing from outside meets the same wall."""

    async def work(box):
        with pytest.raises(DiskFull):
            await box.files.write("large", b"x" * 20 * MIB)
        return await box.files.list(".")

    assert in_box(work, disk_bytes=8 * MIB) == []


@pytest.mark.parametrize(
    "code",
    [
        "len(bytearray(10 * 1024**3))",
        "kept = []\nwhile True: kept.append(bytearray(1_000_000))",
    ],
)
def test_memory_ends_with_an_error_in_the_program(code):
    """Asking for too much fails where it is asked."""
    said, ended = alive_after(code, memory_bytes=128 * MIB)
    assert ended.exit_code != 0
    assert "MemoryError" in said or ended.error == "memory"


def test_many_processes_together_get_no_more_than_the_box():
    """Sixteen of them, each below its own limit: the largest are stopped."""
    code = """
import os, time, signal
for _ in range(16):
    if os.fork() == 0:
        kept = bytearray(b"x") * (60 * 1024 * 1024); time.sleep(3); os._exit(0)
ends = [os.waitstatus_to_exitcode(os.wait()[1]) for _ in range(16)]
print(-signal.SIGKILL in ends)
"""
    assert alive_after(code, memory_bytes=128 * MIB, disk_bytes=8 * MIB)[0] in {"True\n", ""}


def test_endless_output_is_stopped():
    """Who writes more than allowed is killed and told why; the rest is dropped."""
    said, ended = alive_after("while True: print('x' * 1000)", output_bytes=MIB)
    assert (ended.error, ended.signal) == ("output", 9)
    assert len(said) <= MIB


def test_a_lifetime_ends_an_endless_loop_and_a_sleeper():
    """After its time the box is gone, whatever runs."""

    async def live():
        box = await open_box(BoxSpec(lifetime_s=0.5))
        for code in ("while True: pass", "import time; time.sleep(1000)"):
            await box.start(["python3", "-c", code])
        began = time.monotonic()
        ending = await asyncio.wait_for(box.ended(), 20)
        await box.close()
        return ending.reason, time.monotonic() - began

    reason, took = asyncio.run(live())
    assert reason == "time"
    assert took < 20


def test_limits_cannot_be_raised():
    """Neither soft nor hard."""
    code = """
import resource as r
for name in ("RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_DATA", "RLIMIT_CORE"):
    try: r.setrlimit(getattr(r, name), (2**40, 2**40)); print(name)
    except (ValueError, OSError): pass
"""
    assert alive_after(code)[0] == ""


def test_the_agent_cannot_be_killed_from_inside():
    """Process 1 takes no deadly signal from its own box."""
    code = "import os\nfor n in (1, 2, 9, 11, 15, 19): os.kill(1, n)\nprint('sent')"
    assert alive_after(code)[0] == "sent\n"


def test_nothing_outlives_its_box():
    """A daemon that left its session ends with the box, and using the box afterwards is refused."""

    async def live():
        box = await open_box(BoxSpec())
        await program(box, "bash", "-c", "setsid sleep 1000 >/dev/null 2>&1 & disown")
        members = box._shell.meter.members()
        assert len(members) >= 2
        await box.close()
        with pytest.raises(BoxGone):
            await box.start(["true"])
        return box._shell.meter.members()

    assert asyncio.run(live()) == []


def test_a_held_output_pipe_does_not_hold_the_end():
    """A daemon keeps the pipe; the program's end is told all the same."""

    async def work(box):
        began = time.monotonic()
        _, ended = await program(box, "bash", "-c", "sleep 1000 & echo started")
        return ended.exit_code, time.monotonic() - began < 2

    assert in_box(work) == (0, True)
