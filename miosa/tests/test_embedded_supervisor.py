"""The supervisor keeps its children running, gives up in one line, and leaves no process behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from miosa.embedded.processes import is_alive, until
from miosa.embedded.state import CannotStart, State
from miosa.embedded.supervisor import QUICK_DEATHS_ALLOWED, Child, Supervisor
from miosa.environment import ROOT
from miosa.tests.bare_machine import processes_of

SLEEPER = (sys.executable, "-c", "import time; print('awake', flush=True); time.sleep(600)")
# It starts another process, and neither heeds a polite request.
STUBBORN = ("/bin/sh", "-c", "trap '' TERM; sleep 600 & while true; do sleep 600; done")
PARENT = """
import os, signal, sys
from pathlib import Path
from miosa.embedded.state import State
from miosa.embedded.supervisor import Child, Supervisor
from miosa.embedded.unwinding import unwinding
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests themselves may run under nohup
state = State(Path(sys.argv[1]))
children = [Child(name, (sys.executable, "-c", "import time; time.sleep(600)", sys.argv[1])) for name in ("a", "b")]
supervisor = Supervisor(children, state=state, environ=dict(os.environ), cwd=Path("/"))
with unwinding(), supervisor.running():
    while len(supervisor.pids()) < 2:
        pass
    print("running", flush=True)
    supervisor.wait()
"""


@pytest.fixture
def state(tmp_path: Path) -> State:
    """A state folder of its own."""
    return State(tmp_path / "state").create()


@pytest.fixture
def supervise(state: State) -> Callable[..., Supervisor]:
    """Make a supervisor whose lines land in its `said`."""

    def make(*children: Child, said: list[str] | None = None) -> Supervisor:
        lines = said if said is not None else []
        return Supervisor(children, state=state, environ=dict(os.environ), cwd=Path("/"), say=lines.append)

    return make


def test_it_works(supervise, state):
    """Both children run while the block lasts, each with a log and a pid file, and end with it."""
    supervisor = supervise(Child("one", SLEEPER), Child("two", SLEEPER))
    with supervisor.running():
        assert until(lambda: len(supervisor.pids()) == 2, timeout_s=20)
        pids = supervisor.pids()
        assert until(lambda: state.last_lines("one") == ["awake"], timeout_s=20)
        assert (state.run / "two.pid").read_text() == f"{pids['two']}\n"
        assert all(map(is_alive, pids.values()))
    assert not any(map(is_alive, pids.values()))
    assert list(state.run.glob("*.pid")) == []


def test_kill_9_of_a_child_starts_it_again_and_says_so(supervise, state):
    """An operator may `kill -9 $(cat run/worker.pid)`: another one is there at once."""
    said: list[str] = []
    supervisor = supervise(Child("worker", SLEEPER), said=said)
    with supervisor.running():
        assert until(supervisor.pids, timeout_s=20)
        old = supervisor.pids()["worker"]
        os.kill(int((state.run / "worker.pid").read_text()), signal.SIGKILL)
        assert until(lambda: supervisor.pids().get("worker", old) != old, timeout_s=20)
        new = supervisor.pids()["worker"]
        assert until(lambda: (state.run / "worker.pid").read_text() == f"{new}\n", timeout_s=20)
    assert said == ["worker was ended by SIGKILL; it is started again", f"worker runs again (pid {new})"]


def test_what_a_dead_child_started_dies_too(supervise, state):
    """A web server that is killed does not leave the process that holds its port."""
    command = ("/bin/sh", "-c", f"cd {state.root}; sleep 600 & echo $!; wait")
    supervisor = supervise(Child("web", command))
    with supervisor.running():
        assert until(lambda: state.last_lines("web"), timeout_s=20)
        grandchild = int(state.last_lines("web")[0])
        os.kill(supervisor.pids()["web"], signal.SIGKILL)
        assert until(lambda: not is_alive(grandchild), timeout_s=20)


def test_a_stubborn_child_is_killed_with_all_it_started(supervise):
    """Who ignores the request to end is killed after its time, session and all."""
    supervisor = supervise(Child("stubborn", STUBBORN, grace_s=0.3))
    with supervisor.running():
        assert until(supervisor.pids, timeout_s=20)
        session = supervisor.pids()["stubborn"]
        assert until(lambda: len(_of_session(session)) >= 3, timeout_s=20)
    assert until(lambda: not _of_session(session), timeout_s=20)


def test_children_stop_in_reverse_order(supervise, state):
    """The last one started stops first, and the next one only when it is gone."""
    command = "import signal, sys; signal.signal(15, lambda *_: (open(sys.argv[1], 'a').write(sys.argv[2]), sys.exit()))"
    command += "; print('ready', flush=True); signal.pause()"
    order = state.root / "order"
    names = ["a", "b", "c"]
    supervisor = supervise(
        *(Child(name, (sys.executable, "-c", command, str(order), name)) for name in names)
    )
    with supervisor.running():
        assert until(lambda: all(state.last_lines(name) for name in names), timeout_s=20)
    assert order.read_text() == "cba"


def test_a_child_that_never_gets_going_is_given_up(supervise):
    """After some quick deaths there is one clear line with the end of its log."""
    supervisor = supervise(
        Child("broken", ("/bin/sh", "-c", "echo the reason; exit 3")), Child("fine", SLEEPER)
    )
    with pytest.raises(CannotStart) as failure, supervisor.running():
        supervisor.wait()
    first, *rest = str(failure.value).splitlines()
    assert first.startswith(
        f"broken ended {QUICK_DEATHS_ALLOWED} times right after its start (it ended with code 3)"
    )
    assert rest[-1] == "  the reason"
    assert supervisor.pids() == {}


def test_a_program_that_does_not_exist_is_given_up(supervise):
    """The log says which one."""
    supervisor = supervise(Child("missing", ("/no/such/program",)))
    with (
        pytest.raises(CannotStart, match="/no/such/program cannot be run: No such file"),
        supervisor.running(),
    ):
        supervisor.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_without_a_traceback(state, number):
    """Ctrl-C, SIGTERM and a closed terminal end parent and children; the code is the shell's."""
    parent = _parent(state)
    parent.send_signal(number)
    parent.send_signal(number)  # an impatient second one changes nothing
    _, errors = parent.communicate(timeout=20)
    assert (parent.returncode, errors) == (128 + number, "")
    assert processes_of(state.root) == []


def test_kill_9_of_the_parent_leaves_nothing(state):
    """The kernel ends the children of a supervisor that had no time to do so."""
    parent = _parent(state)
    assert len(processes_of(state.root)) == 3
    parent.kill()
    parent.communicate()
    assert until(lambda: processes_of(state.root) == [], timeout_s=20)


def _parent(state: State) -> subprocess.Popen[str]:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(state.root)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert parent.stdout
    assert parent.stdout.readline() == "running\n"
    return parent


def _of_session(leader: int) -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=", "-g", str(leader)], capture_output=True, text=True, check=False
    ).stdout
    return [pid for pid in map(int, found.split()) if is_alive(pid)]
