"""Where an execution stops by itself, on both sides of each ceiling, and what stands in its row then."""

from dataclasses import replace

import pytest
from django.conf import settings

from agents import submission
from agents.ceilings import MOST_REPEATS, Ceilings, Repeats, Stopped, Used, check
from agents.contract import Result
from agents.models import Execution
from agents.roster import communication
from billing.models import Reservation
from miosa.testing.flows import providers, run
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer

MOST = Ceilings(tokens=100, steps=5, work_s=60)
ANSWER = "Gateways let calls through. They count what is used. They stop what is too much."


@pytest.mark.parametrize(
    ("used", "cause"),
    [
        (Used(100, 5, 60.0), ""),
        (Used(101, 5, 60.0), "tokens"),
        (Used(100, 6, 60.0), "steps"),
        (Used(100, 5, 60.1), "time"),
    ],
)
def test_what_is_allowed_is_allowed_whole(used, cause):
    """To reach a ceiling is allowed, to pass it is not."""
    if not cause:
        check(used, MOST)
        return
    with pytest.raises(Stopped) as stopped:
        check(used, MOST)
    assert stopped.value.cause == cause


def test_a_step_under_way_counts():
    """What it used before it ends is added."""
    with pytest.raises(Stopped, match="101 tokens"):
        check(Used(60, 1, 0).with_more(tokens=41), MOST)


def test_the_third_of_the_same_is_one_too_many():
    """The same tool with the same arguments: twice is a second try, three times a loop; anything else counts apart."""
    done = Repeats("development")
    for code in ("1", "2", "1", "3"):
        done.note("run_code", code=code, files={})
    done.note("run_program", code="1", files={})
    with pytest.raises(Stopped, match=f"development used run_code {MOST_REPEATS} times") as stopped:
        done.note("run_code", code="1", files={})
    assert stopped.value.cause == "repeats"


@pytest.fixture
def wire(tenant):
    """A provider that answers in thirty tokens."""
    usage = {"prompt_tokens": 20, "completion_tokens": 10}
    with WireServer(lambda asked: Reply(text=ANSWER, usage=usage)) as server:
        with providers(groq=server.url, embeddings=server.url.removesuffix("/v1")):
            yield server


def limited(**ceilings):
    before = settings.ENVIRONMENT
    settings.ENVIRONMENT = replace(before, **ceilings)
    return before


def asked(**ceilings):
    """Run an execution within these ceilings."""
    before = limited(**ceilings)
    try:
        return run(submission.submit("Explain what a gateway is.", requested_by="user:test"))
    finally:
        settings.ENVIRONMENT = before


def test_an_execution_ends_where_its_tokens_do(wire):
    """No call more, nothing left open, the cause in the row, and its money settled."""
    execution = asked(execution_tokens=20)
    assert (execution.state, execution.cause) == ("failed", "tokens")
    assert "20 allowed" in execution.error
    assert not execution.steps.filter(state__in=["waiting", "ready", "running"]).exists()
    assert Reservation.objects.get(reference=execution.reference).state == "settled"
    assert execution.cost_micros > 0


def test_an_execution_ends_where_its_steps_do(wire):
    """A plan that is longer than allowed is not begun."""
    execution = asked(execution_steps=2)
    assert (execution.state, execution.cause) == ("failed", "steps")
    assert not execution.steps.exclude(key="plan").filter(calls__gt=0).exists()


def test_within_its_ceilings_it_has_no_cause(wire):
    """One that is completed says nothing of the kind."""
    execution = asked()
    assert (execution.state, execution.cause) == ("completed", "")


def test_an_agent_in_a_loop_is_stopped(wire, monkeypatch):
    """An agent that runs the same code again and again ends its execution at the third time."""
    runs = []

    def looping(task, bench):
        while len(runs) < 10:
            runs.append(bench.run_code("print(1)").exit_code)
        return Result(success=True, output="never")

    monkeypatch.setattr(communication, "execute", looping)
    execution = asked()
    assert len(runs) <= MOST_REPEATS - 1
    assert (execution.state, execution.cause) == ("failed", "repeats")


def test_one_that_was_cancelled_says_so(wire):
    """Cancelled by a person, not failed."""
    from agents import control

    execution = submission.submit("Explain what a gateway is.", requested_by="user:test")
    assert control.cancel(execution.pk).cause == Execution.Cause.CANCELLED
