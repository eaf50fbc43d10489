"""However our server ends, nothing of its boxes is left."""

import signal
import time
from pathlib import Path

import pytest
from e2b_code_interpreter import Sandbox

from deployments.boxes.cgroups import PREFIX, bases
from deployments.tests.boxes import needs_boxes
from deployments.tests.e2b_places import our_server
from miosa.embedded.processes import until

pytestmark = needs_boxes


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left(number):
    """Programs in boxes are gone, asked to end or not."""
    mark = f"4{time.time_ns() % 10**8:08d}"
    with our_server() as server:
        place = server.place(tenant="ends")

        opened = [Sandbox.create(timeout=60, **place.options) for _ in range(3)]
        for sandbox in opened:
            sandbox.commands.run(f"(setsid sleep {mark} &) ; sleep {mark}", background=True)
        assert until(lambda: len(_programs(mark)) >= 6, timeout_s=20)
        server.end(number)
        assert until(lambda: not _programs(mark), timeout_s=20)


def test_the_next_start_clears_what_a_killed_server_left():
    """Control groups of a killed server are gone once another one has opened a box."""
    if not bases():
        pytest.skip("no control groups can be made here: boxes are watched from outside")
    with our_server() as server:
        Sandbox.create(timeout=60, **server.place().options)
        assert _groups(server)
        server.end(signal.SIGKILL)
    with our_server() as other, other.place().open():
        assert not _groups(server)


def _programs(mark):
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[:2] == [b"sleep", mark.encode()]:
            found.append(entry.parent.name)
    return found


def _groups(server):
    """The control groups of one server's boxes."""
    return [path for base in bases().values() for path in base.glob(f"{PREFIX}{server.process.pid}-*")]
