"""With keys: Kimi leads, Groq serves latency-sensitive parts, and every call is decided, explained and paid for."""

import json

import pytest

from agents import submission
from agents.models import Execution, Memory, Step
from billing.models import LedgerEntry, Reservation
from billing.subscriptions import current_budget
from miosa.testing.flows import lessons_of, providers, run
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer
from routing.models import Decision, ModelCall, Outcome

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

REQUEST = "Explain what causes the tides, in three sentences"
PLAN = {
    "reasoning": "One explanation is asked for.",
    "steps": [{"key": "explain", "agent": "communication", "instruction": REQUEST, "depends_on": []}],
}
ANSWER = (
    "Tides are caused by the gravity of the Moon and, to a lesser degree, of the Sun. "
    "Their pull is stronger on the near side of the Earth than on the far side, which raises two bulges of water. "
    "As the Earth turns under these bulges, most coasts see high water twice a day."
)


def kimi_script(asked):
    if "response_format" in asked.body:
        return Reply(text=json.dumps(PLAN))
    return Reply(text=ANSWER)


def groq_script(asked):
    return Reply(text=ANSWER)


@pytest.fixture
def keyed(tenant, embeddings_url):
    """Kimi and Groq on sockets, both set up."""
    with WireServer(kimi_script) as kimi, WireServer(groq_script) as groq:
        with providers(kimi=kimi.url, groq=groq.url, embeddings=embeddings_url):
            yield kimi, groq


def test_kimi_leads_and_groq_serves_what_must_be_quick(tenant, keyed):
    """The plan is made by a Kimi model, the talking by a Groq model, and the plan says so."""
    kimi, groq = keyed
    execution = run(submission.submit(REQUEST, requested_by="user:test"))
    plan = Decision.objects.get(agent="orchestrator", task_kind="orchestration")
    talk = Decision.objects.filter(agent="communication").first()
    assert plan.provider == "moonshot"
    assert plan.answered_by.startswith("kimi")
    assert talk.provider == "groq"
    assert execution.plan_source == "model"
    assert execution.state == Execution.State.COMPLETED
    assert kimi.chats()
    assert groq.chats()


def test_every_call_is_explained_judged_and_paid_for(tenant, keyed):
    """Each call has a decision with six nodes, an outcome, and one ledger entry; the budget holds the same sum."""
    execution = run(submission.submit(REQUEST, requested_by="user:test"))
    decisions = Decision.objects.filter(execution_id=execution.pk)
    assert decisions.count() == ModelCall.objects.count() > 1
    for decision in decisions:
        nodes = decision.ranked[0]["nodes"]
        assert [node["name"] for node in nodes] == [
            "TaskFit",
            "Quality",
            "Speed",
            "Cost",
            "History",
            "Confidence",
        ]
        assert sum(node["weight"] for node in nodes) == pytest.approx(1, abs=1e-9)
    entries = LedgerEntry.objects.filter(meter="tokens")
    assert {entry.source_id for entry in entries} == {str(call.pk) for call in ModelCall.objects.all()}
    total = sum(entry.cost_micros for entry in entries)
    assert total > 0
    assert execution.cost_micros == total == current_budget().spent_micros
    assert current_budget().reserved_micros == 0
    assert Reservation.objects.get().state == "settled"
    assert Outcome.objects.count() > 0


def test_results_are_remembered_and_recalled(tenant, keyed):
    """A good result is stored with the pattern of its task and found again for the same task."""
    from agents import memory

    run(submission.submit(REQUEST, requested_by="user:test"))
    stored = Memory.objects.get()
    assert stored.agent == "communication"
    found = memory.recall("", list(stored.vectors.get().pattern))
    assert found[0].request == REQUEST
    assert found[0].similarity == pytest.approx(1, abs=0.01)


def test_a_weak_result_leaves_exactly_one_lesson(tenant, keyed):
    """Below 7.0 one analysis, from 7.0 on none: for each step."""
    kimi, groq = keyed
    groq.script = lambda asked: Reply(
        text="no no no no no no no no no no no no no no no no no no no no no no"
    )
    execution = run(submission.submit(REQUEST, requested_by="user:test"))
    weak = Step.objects.filter(execution=execution, confidence__lt=7)
    assert weak.exists()
    lessons = lessons_of(execution)
    assert {lesson.step_id for lesson in lessons} == set(weak.values_list("pk", flat=True))
    assert len(lessons) == weak.count()
    assert all(lesson.state == "studied" and lesson.cause and lesson.proposal for lesson in lessons)


def test_a_provider_that_is_down_is_walked_around(tenant, keyed):
    """Groq answers 503 to everything: the next candidate answers, and each attempt has its row."""
    _, groq = keyed
    groq.script = lambda asked: Reply(status=401)
    execution = run(submission.submit(REQUEST, requested_by="user:test"))
    assert execution.state == Execution.State.COMPLETED
    talk = Decision.objects.filter(agent="communication").first()
    assert talk.provider == "groq"
    assert talk.answered_by.startswith("kimi")
    assert [call.winner for call in talk.calls.order_by("number")][-1]
    assert not talk.calls.get(number=1).winner


def test_nobody_left_is_tried_again_and_then_fails_plainly(tenant, keyed):
    """With every provider refusing, the execution fails with the reason, and the money is free again."""
    kimi, groq = keyed
    kimi.script = groq.script = lambda asked: Reply(status=401)
    execution = run(submission.submit(REQUEST, requested_by="user:test"))
    while execution.state == Execution.State.IN_PROGRESS:
        Step.objects.filter(state="ready").update(run_after=execution.created)
        execution = run(execution)
    assert execution.state == Execution.State.FAILED
    assert current_budget().reserved_micros == 0


def test_each_try_is_judged_by_itself(tenant, keyed):
    """A first try that fails its tests is a failure of its decision, the repair that passes is a success."""
    kimi, groq = keyed
    request = (
        "Write a Python function add(a, b) that returns the sum of a and b; add(1, 2) == 3 and add(2, 5) == 7"
    )
    step = {"key": "code", "agent": "development", "instruction": request, "depends_on": []}
    codes = iter(("a - b", "a + b"))

    def script(asked):
        if "response_format" in asked.body:
            return Reply(text=json.dumps({"reasoning": "Code is asked for.", "steps": [step]}))
        if "```" in asked.prompt or "def add" in asked.prompt:
            body = next(codes, "a + b")
            return Reply(text=f'```python\ndef add(a, b):\n    """Return the sum."""\n    return {body}\n```')
        return Reply(text="Both numbers are added, and the sum is returned by the function add.")

    kimi.script = groq.script = script
    execution = run(submission.submit(request, requested_by="user:test"))
    written = execution.steps.get(agent="development")
    assert written.success, written.output
    decisions = Decision.objects.filter(step_id=written.pk).order_by("created")
    assert [Outcome.objects.get(decision=one).success for one in decisions] == [False, True]
