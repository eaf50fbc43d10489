"""Rows for the admin's tests: one execution of a tenant with everything that hangs on it."""

from datetime import timedelta
from typing import Any

from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_tenants.utils import tenant_context

from agents.models import Execution, ExecutionEvent, Lesson, Memory, MemoryVector, Step
from billing import ledger, plans, quota, warnings
from billing.models import DayBudget, PlanPrice, PlanTerms, Rate, Reconciliation, SpendWarning
from billing.price_list import COLUMNS
from billing.subscriptions import agree, subscribe
from deployments.models import SandboxRun
from miosa.pg.platform import platform
from miosa.tests.admin_rows_improvement import proposed
from miosa.tests.admin_rows_payments import inbox_row, told_to_stripe
from miosa.tests.admin_rows_people import asked_again
from miosa.tests.admin_rows_shipped import shipped
from miosa.tests.admin_rows_tools import tooled
from routing.models import (
    CachedAnswer,
    Calibration,
    Decision,
    Exchange,
    Feedback,
    Judgement,
    KeyPolicy,
    Knowledge,
    KnownCatalog,
    ModelCall,
    Outcome,
    Policy,
    PoolShare,
    Promotion,
    PromptFit,
)
from tenants import api_keys, audit, invitations, members, sessions, signing_keys, vault
from tenants.models import Membership, User
from tenants.owned import current_tenant_id

NODES = [
    {"name": name, "weight": 0.1, "score": 0.5, "reason": f"{name} has its reason"}
    for name in ("TaskFit", "Quality", "Speed", "Cost", "History", "Confidence")
]
RANKED = [{"model": "some/model", "provider": "local", "total": 0.3, "bonus": 1.1, "nodes": NODES}]


def operator() -> Client:
    """Return a client of a superuser."""
    return signed_in("ada@miosa.example", is_staff=True, is_superuser=True)


def as_platform(model: Any, **by: Any) -> Any:
    """Return the one row of the registry or the people, which the application itself does not see."""
    with platform():
        return model.objects.get(**by)


def signed_in(email: str, **fields: Any) -> Client:
    """Return a client of a new person, in the admin's way: on the platform's login."""
    client = Client()
    with platform():
        client.force_login(User.objects.create_user(email, "some-password-1", **fields))
    return client


def fill(tenant: Any, number: int = 1) -> Execution:
    """Write one ended execution of the tenant, with rows of every kind; `number` keeps unique names apart."""
    with tenant_context(tenant):
        subscribe("starter")
        agree(term="seats", value=900, reason="pilot", effective=timezone.now())
        _warned(number)
        told_to_stripe(number)
        execution = _execution(number)
        quota.reserve(execution.reference, 1000, executions=1)
        step = _step(execution)
        decision = _decision(execution, step)
        Step.objects.filter(pk=step.pk).update(decision_id=decision.pk)
        tooled(step, number)
        _said(decision)
        _learned(number)
        shipped(number, execution_id=execution.pk)
        asked_again(number, execution_id=execution.pk)
        Promotion.objects.create(
            model="some/model", requests=100 * number, successes=90 * number, rate=0.9, improved=True,
            scoreboard_version="v",
        )  # fmt: skip
        api_keys.make(f"key {number}", scopes=["executions:read"])
        sessions.open_session(Membership.objects.select_related("user").get().user)
        vault.put(f"provider/number-{number}", "value")
        staff = members.authority_of_staff(tenant.pk)
        invitations.invite(
            f"guest-{number}@{tenant.slug}.example", role="viewer", by=staff, invited_by_id=None
        )
    signing_keys.make_first("EdDSA")
    _priced(number)
    audit.record_platform("tenant.filled", actor="system", object_type="tenant", object_id=tenant.pk)
    return execution


def _warned(number: int) -> None:
    """An alert that was chosen, and a warning."""
    warnings.choose("amount", 1_000 + number)
    SpendWarning.objects.create(
        period=timezone.now().date(),
        kind="amount",
        level=number,
        spent_micros=5,
        cap_micros=9,
        created=timezone.now(),
    )


def _priced(number: int) -> None:
    """Terms and a price that lie ahead: the form of those in force is closed."""
    ahead = timezone.now() + timedelta(days=number)
    plan = plans.shipped()["pro"]
    with platform():
        terms = PlanTerms.objects.create(
            plan="pro",
            effective=ahead,
            sandbox_hosts=["*"],
            **{name: getattr(plan, name) for name in COLUMNS},
        )
        PlanPrice.objects.create(terms=terms, currency="USD", interval="month", amount_minor=9900)
        Rate.objects.create(name="hosting_hour", effective=ahead, price_micros=10_000)
        now = timezone.now()
        inbox_row(number)
        Reconciliation.objects.create(started=now, finished=now, sums={}, differences=[], number=number)


def _said(decision: Decision) -> None:
    """What a person and a judge say of a decision."""
    Feedback.objects.create(
        decision=decision,
        value=1,
        scale="boolean",
        comment="Right.",
        demonstration="Seven.",
        given_by="user:1",
    )
    Judgement.objects.create(
        decision=decision, state="judged", judge="strong/model", score=0.9, reason="It counted right.",
        attempts=1, finished=timezone.now(),
    )  # fmt: skip


def _learned(number: int) -> None:
    """What is learned from many decisions."""
    Knowledge.objects.create(version=f"v{number}", catalog_digest="0" * 64, content={"cells": []})
    KnownCatalog.objects.create(digest=f"{number:064d}", content={"models": []})
    Calibration.objects.create(
        agent="communication", slope=0.9, labels=40, ece_before=0.1, ece_after=0.03, brier_before=0.2, brier_after=0.18
    )  # fmt: skip
    PromptFit.objects.create(version=f"v{number}", content="{}", rows=300, evidence={"gain": 0.02})
    PoolShare.objects.create(task_kind="chat", model=f"model-{number}", requests=10, successes=9)
    Policy.objects.get_or_create()
    KeyPolicy.objects.get_or_create(key_id=None)
    DayBudget.objects.get_or_create(day=timezone.now().date(), holder=current_tenant_id())
    CachedAnswer.objects.create(
        digest=number.to_bytes(32, "big"), frame=bytes(32), answer={"choices": []}, model="some/model", provider="local",
        tokens=12, cost_micros=40, hits=3, expires=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    end = timezone.now() + timedelta(days=1)
    Exchange.objects.create(request={"messages": []}, answer="Seven words.", redacted=True, expires=end)


def queries(client: Client, page: str, **filters: object) -> int:
    """Return how many queries a list takes as the platform; it must answer 200."""
    with CaptureQueriesContext(connections["platform"]) as taken:
        answer = client.get(reverse(f"admin:{page}_changelist"), filters)
        assert answer.status_code == 200, answer.content[:500]
    return len(taken)


def _execution(number: int) -> Execution:
    now = timezone.now()
    made: Execution = Execution.objects.create(
        request=f"Count the words of text {number}", requested_by="user:1", ceiling_micros=1000, state="completed",
        output="Seven words.", confidence=8, cost_micros=250, started=now - timedelta(seconds=9), finished=now,
    )  # fmt: skip
    ExecutionEvent.objects.create(
        execution=made, number=1, kind="task_created", data={"request": made.request}
    )
    return made


def _step(execution: Execution) -> Step:
    now = timezone.now()
    made: Step = Step.objects.create(
        execution=execution, key="part-1", position=1, agent="communication", purpose="Count the words",
        instruction="Count.", state="completed", success=True, output="Seven words.", confidence=6.5, execution_ms=1200,
        model="some/model", calls=1, tokens=70, cost_micros=250, started=now - timedelta(seconds=2), finished=now,
        evidence=[{"check": "counts right", "passed": True, "weight": 1.5, "detail": "seven of seven"}],
    )  # fmt: skip
    lesson = Lesson.objects.create(
        step=made, agent="communication", confidence=6.5, state="studied", cause="It was in doubt."
    )
    proposed(lesson)
    memory = Memory.objects.create(
        step=made,
        agent="communication",
        request="Count.",
        text="Seven.",
        confidence=8,
        remembered_by="agent:communication",
    )
    MemoryVector.objects.create(memory=memory, model="m", dimensions=384, pattern=[0.1] * 384)
    return made


def _decision(execution: Execution, step: Step) -> Decision:
    made: Decision = Decision.objects.create(
        task_kind="chat", mode="balance", requirement={}, ranked=RANKED, model="some/model", provider="local",
        why="some/model leads", propensity=0.75, scoreboard_version="v", execution_id=execution.pk, step_id=step.pk,
        agent="communication",
    )  # fmt: skip
    call = ModelCall.objects.create(
        decision=made, number=1, model="some/model", provider="local", winner=True, status=200, input_tokens=50,
        output_tokens=20, cost_micros=250, latency_ms=900, created=timezone.now(),
    )  # fmt: skip
    Outcome.objects.create(
        decision=made,
        model="some/model",
        task_kind="chat",
        success=True,
        verdict=1,
        credit=1,
        confidence=6.5,
        latency_ms=900,
    )
    SandboxRun.objects.create(
        execution_id=execution.pk,
        step_id=step.pk,
        sandbox="bubblewrap",
        code="print(7)",
        exit_code=0,
        duration_ms=40,
    )
    ledger.post(
        "tokens", 70, cost_micros=250, source="model_call", source_id=str(call.pk), execution_id=execution.pk,
        model="some/model", agent="communication",
    )  # fmt: skip
    return made
