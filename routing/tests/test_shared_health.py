"""Processes tell each other of the providers' health through a real Valkey, and do without it while it is away."""

from dataclasses import replace

import pytest
from django.conf import settings

from miosa.embedded.processes import until
from routing import shared_health
from routing.circuit import OWN, Circuit, Told
from routing.shared_health import HEARD_FOR_S, PROBE_S, SharedHealth

HERE, THERE, MINE = ("groq", "a"), ("groq", "b"), (f"{OWN}acme:groq", "a")
pytestmark = pytest.mark.django_db
COOL_S = 0.4  # of Valkey's own time, which no test can turn


class Process:
    """A circuit of its own, kept in step."""

    def __init__(self):
        self.circuit = Circuit(opens_after=2, cool_s=COOL_S)
        self.health = SharedHealth(self.circuit)

    def fails(self, where=HERE):
        for _ in range(2):
            self.circuit.ended(where, "bad")
        assert self.health.sync()


@pytest.fixture
def processes():
    """Five of them, and nothing known of anybody."""
    shared_health.forget()
    yield [Process() for _ in range(5)]
    shared_health.forget()


def in_step(processes):
    for one in processes:
        assert one.health.sync()


def admitted(processes, where=HERE):
    return [one.circuit.admits(where) for one in processes]


def cooled(processes):
    """Wait until every one of them would let a probe through."""
    assert until(lambda: all(one.circuit.closed_in_s(HERE) == 0 for one in processes), timeout_s=20)


def test_one_opens_it_for_all(processes):
    """A model that failed in one process is left alone by the others; its neighbour is not."""
    processes[0].fails()
    in_step(processes)
    assert admitted(processes) == [False] * 5
    assert admitted(processes, THERE) == [True] * 5


def test_one_probe_is_one_of_them_all(processes):
    """After the time to cool exactly one call of all processes goes out, however often they look."""
    processes[0].fails()
    in_step(processes)
    cooled(processes)
    in_step(processes)
    in_step(processes)
    assert sum(admitted(processes)) == 1
    in_step(processes)
    assert sum(admitted(processes)) == 0


@pytest.mark.parametrize(("ending", "open_again"), [("good", False), ("bad", True)])
def test_how_the_probe_ended_is_heard_by_all(processes, ending, open_again):
    """Good: everybody may call. Bad: everybody waits again."""
    processes[0].fails()
    in_step(processes)
    cooled(processes)
    in_step(processes)
    (prober,) = [one for one in processes if one.circuit.admits(HERE)]
    prober.circuit.ended(HERE, ending)
    assert prober.health.sync()
    in_step(processes)
    assert admitted(processes) == [not open_again] * 5


def test_a_rate_that_is_used_up_is_used_up_for_all(processes):
    """The longest wait that anybody was told counts, and opens no breaker and closes none."""
    processes[1].fails()
    processes[0].circuit.pause(HERE, 5)
    processes[2].circuit.pause(HERE, 9)
    in_step(processes)
    in_step(processes)
    assert {8 < one.circuit.paused_s(HERE) <= 9 for one in processes} == {True}
    assert admitted(processes) == [False] * 5
    assert admitted(processes, THERE) == [True] * 5


def test_a_tenants_own_keys_are_nobody_elses_matter(processes):
    """Neither their faults nor their rates leave the process."""
    processes[0].fails(MINE)
    processes[0].circuit.pause(MINE, 5)
    in_step(processes)
    assert admitted(processes, MINE) == [False, True, True, True, True]
    assert [one.circuit.paused_s(MINE) > 0 for one in processes] == [True, False, False, False, False]


def test_without_valkey_each_decides_for_itself(processes):
    """What happened meanwhile is told when it is back; until then a process probes when its own time is over."""
    clock = Clock()
    alone = Process()
    alone.circuit = Circuit(opens_after=2, cool_s=30, clock=clock)
    alone.health = SharedHealth(alone.circuit)
    assert alone.health.sync()
    with valkey_away():
        for _ in range(2):
            alone.circuit.ended(HERE, "bad")
        assert not alone.health.sync()
        assert not alone.circuit.admits(HERE)
        clock.time += 30 + HEARD_FOR_S
        assert [alone.circuit.admits(HERE), alone.circuit.admits(HERE)] == [True, False]
        alone.circuit.ended(HERE, "bad")
    assert alone.health.sync()
    in_step(processes)
    assert admitted(processes) == [False] * 5


def test_a_probe_that_is_not_needed_is_passed_on():
    """Who was given it and had no call for it has lost it after a while, as long as others are heard."""
    clock = Clock()
    circuit = Circuit(cool_s=COOL_S, clock=clock)
    open_everywhere = Told(breakers={HERE: COOL_S}, pauses={})
    circuit.hear(open_everywhere, given={HERE}, for_s=HEARD_FOR_S, probe_s=PROBE_S)
    clock.time += PROBE_S + 0.1
    circuit.hear(open_everywhere, given=(), for_s=HEARD_FOR_S, probe_s=PROBE_S)
    assert not circuit.admits(HERE)
    circuit.hear(open_everywhere, given={HERE}, for_s=HEARD_FOR_S, probe_s=PROBE_S)
    assert circuit.admits(HERE)


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self):
        self.time = 100.0

    def __call__(self):
        return self.time


class valkey_away:  # noqa: N801  a block
    """Valkey at an address where nobody listens."""

    def __enter__(self):
        self.before = settings.ENVIRONMENT
        settings.ENVIRONMENT = replace(self.before, redis_url="redis://127.0.0.1:9/0")
        shared_health._script.cache_clear()

    def __exit__(self, *_):
        settings.ENVIRONMENT = self.before
        shared_health._script.cache_clear()
