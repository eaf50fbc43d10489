"""Proposes improvements of agents and habits, each with the recorded numbers that speak for it; without numbers it says so."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from agents.contract import Evidence, Profile, Recollection, Result, Task, Workbench
from agents.crafts.asking import Asker
from agents.crafts.looking import ONLY_SEEN, RECORD_TOOLS, looked
from agents.text.figures import Row, at_least, at_most, model_records, ms, usd
from agents.verifiers import prose, weights
from agents.verifiers.finding import finding

profile = Profile(
    kind="recommender",
    purpose="Recommend improvements of our agents, prompts and habits from what earlier executions recorded.",
    capabilities=("tool_optimization", "pattern_transfer", "agent_optimization", "performance_analysis"),
    task_kind="reason",
    mode="quality",
    prompt="You turn measurements into one concrete proposal.",
    asks={
        "proposal": "{numbers}\n\nIt was asked: {request}\nName up to two changes worth trying, one a line, each with the number above it rests on.",
        "look": "{numbers}\n\nIt was asked: {request}\n\nAnswer that in at most five sentences, with the one or two changes most worth trying and the"
        f" numbers that speak for them. Where the numbers above do not bear it, ask the records with the tools. {ONLY_SEEN}",
    },
    tools=RECORD_TOOLS,
)
ENOUGH_RUNS = 10
LOW_CONFIDENCE = 7.0
DEAR_SHARE = 0.5
GOOD_SHARE = 0.9  # an agent that surely stays below this is worth work
SLOW_TIMES = 2.0
ALIKE = 0.6
GOOD = 7.0


@dataclass(frozen=True)
class Proposal:
    """One change worth making: what, why in numbers, how many runs stand behind it."""

    title: str
    because: str
    runs: int
    gain: float


def execute(task: Task, bench: Workbench) -> Result:
    """Compare agents and models, look for patterns that worked, propose what the numbers bear."""
    agents, models = bench.facts("agent_performance"), bench.facts("model_performance")
    remembered = [
        one for one in bench.recall(task.input) if one.similarity >= ALIKE and one.confidence >= GOOD
    ]
    proposals = sorted(
        [*_agents(agents), *_pace(agents), *_models(models)], key=lambda one: (-one.gain, one.title)
    )
    runs = int(sum(row.get("total") or 0 for row in agents))
    lines = [f"{number}. **{one.title}** {one.because}" for number, one in enumerate(proposals, 1)] or [
        _nothing(runs)
    ]
    lines += (
        ["", "**What worked for similar tasks**", *(_pattern(one) for one in remembered)]
        if remembered
        else []
    )
    ask, numbers = Asker(bench, profile), "\n".join(lines)
    found = looked(ask, task, source=numbers, rows=(agents, models), numbers=numbers)
    ideas = [] if found.text else _ideas(ask, task, lines)
    lines += (
        ["", "**Proposed by the model on these numbers**", *(f"- {idea}" for idea in ideas)] if ideas else []
    )
    data: dict[str, Any] = {
        "proposals": [asdict(one) for one in proposals],
        "runs": runs,
        "patterns": [one.request[:200] for one in remembered],
        "ideas": ideas,
        "notes": [],
        **found.data,
    }
    return Result(
        True,
        "\n\n".join([*found.first, "\n".join(lines), *found.last]),
        data,
        (*_evidence(agents, proposals, runs), *found.evidence),
        suggestions=tuple(one.title for one in proposals),
    )


def _agents(rows: Sequence[Row]) -> list[Proposal]:
    """Find agents whose success or confidence is surely low, not merely unlucky."""
    found = []
    for row in rows:
        total, good, name = int(row.get("total") or 0), int(row.get("successful") or 0), row.get("agent")
        if total < ENOUGH_RUNS:
            continue
        surely = at_most(good, total)
        if surely < GOOD_SHARE:
            found.append(
                Proposal(
                    f"Rework the prompt or the checks of {name}.",
                    f"It succeeded in {good} of {total} runs; even with luck set aside at most {surely:.0%}.",
                    total,
                    1 - good / total,
                )
            )
        sure = row.get("mean_confidence")
        if sure is not None and sure < LOW_CONFIDENCE:
            found.append(
                Proposal(
                    f"Give {name} a stronger model or better material.",
                    f"Its mean confidence over {total} runs is {sure:.1f}, below {LOW_CONFIDENCE}.",
                    total,
                    (LOW_CONFIDENCE - sure) / 10,
                )
            )
    return found


def _pace(rows: Sequence[Row]) -> list[Proposal]:
    """Find the agent that takes more than twice as long as the others together on average."""
    timed = [row for row in rows if (row.get("total") or 0) >= ENOUGH_RUNS and row.get("mean_ms")]
    if len(timed) <= 1:
        return []
    slowest = max(timed, key=lambda row: float(row["mean_ms"]))
    others = [float(row["mean_ms"]) for row in timed if row is not slowest]
    usual = sum(others) / len(others)
    times = float(slowest["mean_ms"]) / usual if usual else 0.0
    if times < SLOW_TIMES:
        return []
    because = f"It takes {ms(slowest['mean_ms'])} each, {times:.1f} times the {ms(usual)} of the others, over {slowest['total']} runs."
    return [
        Proposal(
            f"Route {slowest['agent']} to a faster model or cut its questions.",
            because,
            int(slowest["total"]),
            min(0.5, times / 20),
        )
    ]


def _models(rows: Sequence[Row]) -> list[Proposal]:
    """Find kinds of task where another model is surely better, or as good and cheaper."""
    found = []
    for kind in sorted({str(row.get("task_kind")) for row in rows if row.get("task_kind")}):
        records = [one for one in model_records(rows, task_kind=kind) if one.requests >= ENOUGH_RUNS]
        if len(records) <= 1:
            continue
        most, best = (
            max(records, key=lambda one: one.requests),
            max(records, key=lambda one: at_least(one.successes, one.requests)),
        )
        if best is not most and at_least(best.successes, best.requests) > at_most(
            most.successes, most.requests
        ):
            because = f"{best.model} succeeds in {best.rate:.0%} of {best.requests}, {most.model} in {most.rate:.0%} of {most.requests}; the intervals do not overlap."
            found.append(
                Proposal(
                    f"Prefer {best.model} for {kind}.",
                    because,
                    best.requests + most.requests,
                    best.rate - most.rate,
                )
            )
        cost, cheap = (
            most.cost_each_micros,
            min(
                (one for one in records if one.cost_each_micros is not None),
                key=lambda one: one.cost_each_micros or 0,
                default=None,
            ),
        )
        if (
            cheap
            and cost
            and cheap is not most
            and (cheap.cost_each_micros or 0) < DEAR_SHARE * cost
            and at_least(cheap.successes, cheap.requests) > most.rate - 0.1
        ):
            because = f"It costs {usd(cheap.cost_each_micros or 0)} a request instead of {usd(cost)} and succeeds in {cheap.rate:.0%} against {most.rate:.0%}."
            found.append(
                Proposal(f"Try {cheap.model} for {kind} where cost matters.", because, cheap.requests, 0.2)
            )
    return found


def _nothing(runs: int) -> str:
    if runs < ENOUGH_RUNS:
        return f"{runs} runs are recorded; below {ENOUGH_RUNS} of one agent any proposal would be a guess, so there is none."
    return f"{runs} runs are recorded and no agent or model stands out so far that luck could not explain it; nothing is proposed."


def _pattern(one: Recollection) -> str:
    return f"- “{one.request[:90]}” by {one.agent or 'several agents'}: confidence {one.confidence:.1f}, similarity {one.similarity:.2f}"


def _ideas(ask: Asker, task: Task, lines: Sequence[str]) -> list[str]:
    """Let a strong model propose; a line whose numbers do not stand in the report is dropped."""
    if not ask.capable():
        return []
    numbers = "\n".join(lines)
    named = ask.lines("proposal", count=2, numbers=numbers, request=task.asked)
    return [line for line in named if prose.faithful(line, f"{numbers} {task.asked}").passed]


def _evidence(
    agents: Sequence[Mapping[str, Any]], proposals: Sequence[Proposal], runs: int
) -> tuple[Evidence, ...]:
    sums = all(
        (row.get("successful") or 0) + (row.get("failed") or 0) <= (row.get("total") or 0) for row in agents
    )
    return (
        finding("facts were there to read", passed=bool(agents), weight=weights.FACTS_PRESENT),
        finding("the numbers add up", passed=sums, weight=weights.NUMBERS_ADD_UP),
        finding(
            "enough runs behind every proposal",
            passed=runs >= ENOUGH_RUNS and all(one.runs >= ENOUGH_RUNS for one in proposals),
            weight=weights.ENOUGH_RUNS,
            detail=f"{runs} runs",
        ),
    )
