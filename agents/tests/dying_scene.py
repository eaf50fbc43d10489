"""A whole execution with everything that can be left behind twice, and what is found of it in the end.

Its plan: `work` uses tools (a file, a server's tool that a person is asked about, a part handed on), remembers, keeps a file;
`lost` cannot be done and is taken over; `gone` cannot be done by anybody and is planned anew; `weak` passes no check.
"""

import json
import re
from collections import Counter
from typing import Any

from agents import submission
from agents.contract import Evidence, Result, Use
from agents.executions import LEADER
from agents.models import Artefact, Execution, ExecutionEvent, Lesson, Memory, Step, ToolUse
from agents.tests.replan_scene import Gone, answer
from billing.models import Budget, LedgerEntry, Reservation
from billing.verification import verify
from deployments import approvals
from deployments.models import Approval
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import Asked
from routing.models import Decision, ModelCall

HEALTH = "Check the health of the platform: which models failed, and how long did they take?"
ORDER = "Say what the sea is, and order what it takes"
PART = "Say how deep the sea is"
PLAN = answer(
    ("work", "development"),
    ("lost", "strategy"),
    ("gone", "communication"),
    ("weak", "communication", "gone"),
)
ANEW = answer(("otherwise", "monitoring"), ("weak", "communication", "otherwise"))
PLAN_OF_PART = answer(("deep", "monitoring"))
USES = (
    Use("call_1", "write_file", {"path": "sea.txt", "content": "salt"}),
    Use("call_2", "mcp__shop__pay", {}),
    Use("call_3", "delegate_task", {"request": PART}),
)
SURE = 8.0  # more than any record of a model
USAGE = {"prompt_tokens": 1_000, "completion_tokens": 1_000}


def script(asked: Asked) -> Reply:
    """Answer as the models of this scene do; each answer costs the same."""
    text = "go on"
    if "come to a halt" in asked.prompt:
        text = ANEW
    elif "Plan who does what" in asked.prompt:
        text = PLAN_OF_PART if asked.prompt.rstrip().endswith(PART) else PLAN
    elif "Results of the agents" in asked.prompt:
        text = ""
    return Reply(text=text, usage=USAGE)


def do(task: Any, bench: Any) -> Result:
    """Do a step as its key says, whoever its agent is."""
    key = bench.step.key
    if key in {"lost", "gone"}:
        raise Gone(f"{key} is away")
    if key != "work":
        return Result(True, f"result of {key}", evidence=(Evidence("it is right", key != "weak", SURE),))
    for use in USES[len(bench.earlier()) :]:
        said = bench.ask(f"What next for {key}?", system="You work.").text
        bench.use(said, [use])
    bench.remember("The sea is salt.")
    bench.keep({"depth.txt": b"deep"})
    return Result(True, task.input, evidence=(Evidence("it is right", True, SURE),))


def people_say_yes() -> None:
    """Let somebody answer every question that is open."""
    for row in approvals.pending():
        approvals.decide(row.pk, approve=True, digest=row.digest, actor="user:boss")


def handed_in(request: str) -> Execution:
    """Hand in a task."""
    return submission.submit(request, requested_by="user:test")


def left() -> dict[str, Any]:
    """Return what there is in the end, without ids, times and how often it was tried: the same for every run."""
    steps = Step.objects.values_list("execution__request", "key", "agent", "state", "success")
    return {
        "executions": sorted(
            map(_said, Execution.objects.values_list("request", "state", "cause", "output"))
        ),
        "steps": sorted(map(str, steps)),
        "memories": sorted(map(_said, Memory.objects.values_list("kind", "text"))),
        "files": sorted(Artefact.objects.values_list("path", "number", "digest")),
        "lessons": sorted(Lesson.objects.exclude(agent=LEADER).values_list("step__key", "state")),
        "uses": sorted(ToolUse.objects.values_list("tool", "state")),
        "asked": sorted(Approval.objects.values_list("kind", "state")),
        "ends": dict(Counter(_ends())),
        "used": sorted(LedgerEntry.objects.exclude(meter="tokens").values_list("meter", "quantity")),
        "executions_used": Budget.objects.get().executions_used,
    }


def faults() -> list[str]:
    """Return what cannot be right after any number of deaths, whatever was done."""
    numbers: dict[Any, list[int]] = {}
    for execution, number in ExecutionEvent.objects.order_by("number").values_list("execution_id", "number"):
        numbers.setdefault(execution, []).append(number)
    rows = {row.pk: row for row in Execution.objects.all()}
    spent = Counter[Any]()
    for entry in LedgerEntry.objects.all():
        spent[entry.execution_id] += entry.cost_micros
    closed = dict(Reservation.objects.values_list("reference", "state"))
    paid = dict(Reservation.objects.values_list("reference", "actual_micros"))
    budget = Budget.objects.get()
    calls = ModelCall.objects.count()
    wrong = {
        "events have gaps": any(found != list(range(1, len(found) + 1)) for found in numbers.values()),
        "the end is not the last event": any(numbers[pk][-1] != row.events for pk, row in rows.items()),
        "cost and ledger differ": any(row.cost_micros != spent[pk] for pk, row in rows.items()),
        "a reservation is open": set(closed.values()) != {"settled"},
        "what was settled is not what was spent": any(
            paid[row.reference] != spent[pk] for pk, row in rows.items()
        ),
        "the budget differs": (budget.reserved_micros, budget.spent_micros) != (0, sum(spent.values())),
        "calls and entries differ": calls != LedgerEntry.objects.filter(meter="tokens").count(),
        "calls and decisions differ": calls != Decision.objects.count(),
        "what was lent is not what was used": any(
            row.lent_micros != sum(one.cost_micros for one in rows.values() if one.parent_id == pk)
            for pk, row in rows.items()
        ),
    }
    return [said for said, is_so in wrong.items() if is_so] + [
        f"{one.comparison}: {one.what}" for one in verify().differences
    ]


def _said(texts: tuple[str, ...]) -> list[str]:
    """Without numbers and models: what is measured, and who is asked, differs from run to run."""
    return [re.sub(r"kimi-[\w.-]+|\d[\d.,]*", "N", one) for one in texts]


def _ends() -> list[str]:
    """Return what is told once: each step that ended, each plan, each end of a use, each execution's own beginning and end."""
    once = (
        "agent_finished",
        "agent_skipped",
        "plan_made",
        "plan_changed",
        "handed_over",
        "replan_asked",
        "tool_returned",
    )
    rows = ExecutionEvent.objects.values_list("kind", "data", "execution__request")
    return [
        f"{request[:10]} {kind} {json.dumps(data.get('step', ''))} {data.get('tool', '')}"
        for kind, data, request in rows
        if kind in once or kind.startswith("task_")
    ]
