"""Steps that recalled by their task's embedding share the router's selection with similar tasks."""

import pytest

from agents import leases, submission
from agents.workbench import LiveBench
from miosa.testing.flows import providers
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer
from routing.models import Decision

TASK = "Write a function that counts the words of a text"
FAR = "zebra quartz volcano"


@pytest.fixture
def wire(tenant):
    """A provider and an embeddings server, both of them scripted."""
    with WireServer(lambda asked: Reply(text="done")) as wire:
        with providers(groq=wire.url, embeddings=wire.url.removesuffix("/v1")):
            yield wire


def bench(tenant):
    """The workbench of a step that has just begun."""
    step = submission.submit(TASK, requested_by="user:test").steps.get()
    held = leases.claim(tenant.pk, step.pk)
    assert held
    return LiveBench(held)


def decided(made, **options):
    made.ask(TASK, system="You write code.", task_kind="code", **options)
    return Decision.objects.get(pk=made.answers[-1].decision_id)


def embedded(wire):
    return [asked for asked in wire.requests if asked.path.endswith("/embeddings")]


def test_a_similar_task_shares_the_selection(tenant, wire):
    """Two steps that recalled by the same text: the second one's decision names the first one's."""
    first, second = bench(tenant), bench(tenant)
    for made in (first, second):
        made.recall(TASK)
    origin, shares = decided(first), decided(second)
    assert origin.shared_from is None
    assert shares.shared_from == origin.pk
    assert shares.model == origin.model
    assert decided(second, mode="speed").shared_from is None


def test_nothing_is_embedded_for_it(tenant, wire):
    """A step that recalled nothing asks without a vector, and no embedding is made for the router's sake."""
    for _ in range(2):
        assert decided(bench(tenant)).shared_from is None
    assert embedded(wire) == []


def test_a_task_that_is_not_similar_decides_for_itself(tenant, wire):
    """Another text's embedding is far away."""
    for text in (TASK, FAR):
        made = bench(tenant)
        made.recall(text)
        assert decided(made).shared_from is None
    assert len(embedded(wire)) == 2
