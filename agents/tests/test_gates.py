"""An execution waits for a person's word: before it spends much, and before a step does what the policies ask about."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from agents import gates, leases, orchestrator, submission
from agents.contract import NotYet
from agents.contract.tools import Effect
from agents.models import Execution, Step
from agents.tool_gate import policy_asks
from billing.models import Reservation
from deployments import approval_policies, questions, steering
from deployments.approval_rules import TOOL
from deployments.models import Approval
from miosa.testing.fixtures import client_of
from miosa.testing.flows import providers, run
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer
from tenants.scopes import ALL

COMMAND = {"command": "rm -r build"}
PAST = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def models(embeddings_url):
    """Providers that answer; no model is of any use."""
    with (
        WireServer(lambda _asked: Reply(text="no no no no")) as wire,
        providers(local=wire.url.removesuffix("/v1"), embeddings=embeddings_url),
    ):
        yield wire


@pytest.fixture
def policy(tenant):
    return approval_policies.make({"kind": "spend", "above_micros": 1_000}, actor="user:1")


def handed_in(api, **more):
    answer = api.post("/api/v1/tasks", {"request": "Say hello", **more})
    assert answer.status_code == 202, answer.content
    return Execution.objects.get(pk=answer.json()["id"]), answer


def look(execution):
    """Let a worker take the plan's step, as if its time had come."""
    Step.objects.filter(execution=execution, key="plan").update(run_after=PAST)
    plan = execution.steps.get(key="plan")
    followup = orchestrator.run_step(UUID(str(execution.tenant_id)), plan.pk)
    execution.refresh_from_db()
    return followup


def decide(approve, note=""):
    asked = Approval.objects.get(state="pending")
    steering.decide(asked.pk, approve=approve, digest=asked.digest, actor="user:owner", note=note)


def test_without_a_policy_nobody_is_asked(api, tenant):
    """As it was."""
    execution, answer = handed_in(api)
    assert (execution.approval_id, "Approval-Link" in answer) == (None, False)
    assert not Approval.objects.exists()


def test_what_may_cost_more_than_the_policy_lets_pass_waits(api, policy):
    """No call is made; whoever looks sees that a person is waited for, and for what; its money stays set aside."""
    execution, answer = handed_in(api)
    assert answer.json()["waits_for_person"] is True
    asked = Approval.objects.get()
    assert (asked.pk, asked.kind, asked.effect["request"]) == (
        execution.approval_id,
        "execution.spend",
        "Say hello",
    )
    followup = look(execution)
    plan = execution.steps.get(key="plan")
    assert followup.later == [(plan.pk, 0.5)]
    assert (plan.state, plan.attempt, plan.calls) == ("ready", 0, 0)
    assert f"waits for approval {asked.pk}" in plan.waits_for
    assert api.get(f"/api/v1/executions/{execution.pk}").json()["waits_for_person"] is True
    assert [one["waits_for_person"] for one in api.get("/api/v1/executions").json()["items"]] == [True]
    assert Reservation.objects.get(reference=execution.reference).state == "held"


def test_what_may_cost_less_does_not(api, policy):
    """A task that says what it may cost stays below; to reach the threshold is allowed."""
    execution, _ = handed_in(api, most_micros=1_000)
    assert (execution.ceiling_micros, execution.approval_id) == (1_000, None)


def test_with_a_yes_it_goes_on_to_its_end(api, policy, models):
    """Answered over the API; asked once, however often it was looked at."""
    execution, _ = handed_in(api)
    for _ in range(3):
        look(execution)
    asked = Approval.objects.get()
    said = {"approve": True, "digest": asked.digest}
    assert api.post(f"/api/v1/approvals/{asked.pk}/decision", said).status_code == 200
    Step.objects.filter(execution=execution).update(run_after=PAST)
    assert run(execution).state in {"completed", "failed"}
    assert execution.steps.get(key="plan").state == "completed"
    assert Approval.objects.count() == 1
    assert api.get(f"/api/v1/executions/{execution.pk}").json()["waits_for_person"] is False


def test_with_a_no_it_is_cancelled_and_says_who(api, policy):
    """Its steps end, the cause and the note are told, its money is given back, a worker finds nothing to do."""
    execution, _ = handed_in(api)
    look(execution)
    decide(approve=False, note="too dear")
    look(execution)
    assert (execution.state, execution.cause) == ("cancelled", "refused")
    assert "user:owner said no (too dear)" in execution.error
    assert Reservation.objects.get(reference=execution.reference).state == "settled"
    assert not execution.steps.filter(state__in=["ready", "running", "waiting"]).exists()


def test_without_an_answer_it_ends_as_well(api, policy):
    """When the question has expired nobody is asked again."""
    execution, _ = handed_in(api)
    Approval.objects.update(expires=PAST)
    look(execution)
    assert (execution.state, execution.cause) == ("cancelled", "refused")
    assert "nobody answered in time" in execution.error


def test_a_dead_worker_and_a_late_answer_change_nothing(api, policy):
    """A worker died at it and its lease is over, twice; the question is the same, and the answer is found."""
    execution, _ = handed_in(api)
    plan = execution.steps.get(key="plan")
    for _ in range(2):
        Step.objects.filter(pk=plan.pk).update(run_after=PAST)
        assert leases.claim(UUID(str(execution.tenant_id)), plan.pk)
        Step.objects.filter(pk=plan.pk).update(lease_until=PAST)
        look(execution)
    assert Approval.objects.count() == 1
    decide(approve=True)
    gates.admit(execution)


def test_a_yes_is_for_what_was_shown(api, policy):
    """Where it may cost more by now than was said yes to, that is asked anew."""
    execution, _ = handed_in(api)
    decide(approve=True)
    gates.admit(execution)
    execution.ceiling_micros += 1
    execution.save()
    with pytest.raises(NotYet):
        gates.admit(execution)
    first, second = Approval.objects.order_by("created")
    execution.refresh_from_db()
    assert (first.state, second.state, execution.approval_id) == ("approved", "pending", second.pk)


def test_a_retry_is_asked_about_like_a_task(api, policy):
    """A new execution with a question of its own."""
    execution, _ = handed_in(api)
    decide(approve=False)
    look(execution)
    made = submission.fork(execution, requested_by=execution.requested_by, first="plan")
    assert made.approval_id not in {None, execution.approval_id}


def test_who_may_decide_is_given_a_link_once(api, tenant, policy):
    """In a header of the first answer, which is not kept; nobody else is."""
    headers = {"Idempotency-Key": "k"}
    first = api.post("/api/v1/tasks", {"request": "Say hello"}, headers=headers)
    assert "/approvals/miosa_a_" in first["Approval-Link"]
    again = api.post("/api/v1/tasks", {"request": "Say hello"}, headers=headers)
    assert (again.json()["id"], "Approval-Link" in again) == (first.json()["id"], False)
    _, other = handed_in(client_of(tenant, scopes=ALL - {"deployments:approve"}))
    assert "Approval-Link" not in other


@pytest.fixture
def step(api, tenant):
    execution, _ = handed_in(api)
    return execution, execution.steps.get(key="plan")


def gated(step, command):
    reason = policy_asks("shell", Effect.WRITES)
    exact = {"tool": "shell", **command, "because": reason, "step_id": str(step[1].pk)}
    return gates.word(step[0], questions.TOOL, exact, of=TOOL, requested_by="agent:tools", reason=reason)


def test_which_tools_are_asked_about_say_the_policies(tenant):
    """Without one what is said to somebody outside, and nothing else; with one what it names."""
    assert policy_asks("mail", Effect.SENDS) == "it is said to somebody outside"
    assert policy_asks("shell", Effect.WRITES) is None
    approval_policies.make({"kind": "tool", "tool_kinds": ["writes"]}, actor="user:1")
    assert policy_asks("shell", Effect.WRITES) == "the tool shell writes"


@pytest.mark.parametrize("approve", [True, False])
def test_what_is_asked_about_waits_for_its_word(tenant, step, approve):
    """The question shows exactly this and the reason; the answer is found again by the same step with the same effect."""
    approval_policies.make({"kind": "tool", "tool_kinds": ["writes"], "waits_s": 600}, actor="user:1")
    for _ in range(3):
        with pytest.raises(NotYet, match="the tool shell writes"):
            gated(step, COMMAND)
    asked = Approval.objects.get()
    assert asked.effect == {
        "tool": "shell", **COMMAND, "because": "the tool shell writes", "step_id": str(step[1].pk)
    }  # fmt: skip
    assert 590 < (asked.expires - asked.created).total_seconds() < 610
    decide(approve=approve, note="hm")
    for _ in range(2):
        word = gated(step, COMMAND)
        assert (word.approved, word.approval.pk) == (approve, asked.pk)
        assert f"said {'yes' if approve else 'no'} (hm)" in word.reason


def test_another_effect_or_another_step_is_asked_about_by_itself(api, tenant, step):
    """A yes to one command is none to another, nor to the same one elsewhere."""
    approval_policies.make({"kind": "tool", "tool_kinds": ["writes"]}, actor="user:1")
    with pytest.raises(NotYet):
        gated(step, COMMAND)
    decide(approve=True)
    assert gated(step, COMMAND).approved
    with pytest.raises(NotYet):
        gated(step, {"command": "rm -r /"})
    other, _ = handed_in(api)
    with pytest.raises(NotYet):
        gated((other, other.steps.get(key="plan")), COMMAND)
