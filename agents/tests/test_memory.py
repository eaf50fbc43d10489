"""Results are found again by the meaning of their task, within their tenant."""

import math
import random

import pytest

from agents import executions, memory
from agents.memory import searching
from agents.models import Memory, MemoryVector
from routing.embeddings import MODEL


def vector(seed):
    """A unit vector of 384 numbers."""
    draw = random.Random(seed)
    numbers = [draw.gauss(0, 1) for _ in range(384)]
    length = math.sqrt(sum(number * number for number in numbers))
    return [number / length for number in numbers]


def remembered(seed, *, confidence=8):
    execution = executions.open_execution(f"task {seed}", ceiling_micros=0, requested_by="user:test")
    step = execution.steps.get()
    step.agent, step.output = "quality", f"output {seed}"
    memory.remember_result(step, confidence=confidence, pattern=vector(seed), model=MODEL)
    return step


def test_it_finds_the_same_task(tenant):
    """The nearest comes first, and what has nothing in common does not come at all."""
    for seed in range(5):
        remembered(seed)
    found = memory.recall("", vector(3))
    assert [one.request for one in found] == ["task 3"]
    assert found[0].similarity == pytest.approx(1, abs=0.01)
    assert (found[0].output, found[0].agent, found[0].confidence) == ("output 3", "quality", 8.0)


def test_it_is_limited(tenant):
    """At most as many as asked for, best first."""
    for seed in range(5):
        remembered(seed)
    found = memory.recall("", vector(3), limit=2, at_least=-1)
    assert len(found) == 2
    assert found[0].similarity >= found[1].similarity


def test_it_finds_the_same_by_the_index(tenant, monkeypatch):
    """A tenant with many memories is searched by the HNSW index, with the same answer."""
    for seed in range(30):
        remembered(seed)
    exact = memory.recall("", vector(7), limit=5, at_least=-1)
    monkeypatch.setattr(searching, "EXACT_BELOW", 1)
    assert memory.recall("", vector(7), limit=5, at_least=-1) == exact


def test_it_remembers_a_step_once(tenant):
    """A second time changes nothing."""
    step = remembered(1)
    step.output = "another"
    memory.remember_result(step, confidence=1, pattern=vector(2), model=MODEL)
    assert Memory.objects.get().text == "output 1"
    assert MemoryVector.objects.count() == 1


def test_it_never_recalls_the_neighbours(tenant, other_tenant, in_tenant):
    """Another tenant's memories are not there, however similar; without a tenant there are none."""
    remembered(1)
    with in_tenant(other_tenant):
        assert memory.recall("", vector(1)) == ()
    with in_tenant(type("Nobody", (), {"schema_name": "public"})()):
        assert memory.recall("", vector(1)) == ()
