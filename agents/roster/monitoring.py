"""Watches: reads the platform's recorded facts and reports real numbers against thresholds; guesses none."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from agents.contract import Evidence, Profile, Result, Task, Workbench
from agents.crafts.asking import Asker
from agents.crafts.looking import NOTHING, ONLY_SEEN, RECORD_TOOLS, Looked, looked
from agents.text.figures import Row, known, mean, ms, percentile, usd, window
from agents.text.shipping import watch_list
from agents.verifiers import weights
from agents.verifiers.finding import finding

profile = Profile(
    kind="monitoring",
    purpose="Watch the running system: health, latency, errors, alerts and recent executions.",
    capabilities=("monitoring*", "alerts"),
    task_kind="summarize",
    mode="speed",
    prompt="You report measurements plainly and add none.",
    asks={
        "remark": "{report}\n\nSay in one sentence what needs attention first.",
        "look": "{report}\n\nIt was asked: {request}\n\nAnswer that in at most five sentences. Where the report does not hold the answer, ask"
        f" the records with the tools; where it does, say what needs attention first. {ONLY_SEEN}",
    },
    tools=RECORD_TOOLS,
)
FAILED_SHARE = 0.10  # of finished executions; one in ten is worth a look
SLOW_P95_MS = 60_000  # a default run is meant to stay under a minute
LOW_CONFIDENCE = 7.0  # the platform's own line below which it studies a result
ENOUGH_RUNS = 10  # fewer say little about a rate
THRESHOLDS = {
    "failed_share": FAILED_SHARE,
    "p95_ms": SLOW_P95_MS,
    "low_confidence": LOW_CONFIDENCE,
    "runs": ENOUGH_RUNS,
}
_ENDED = ("completed", "failed", "cancelled")


@dataclass(frozen=True)
class Alert:
    """One measurement beyond its threshold."""

    severity: Literal["error", "warning"]
    what: str
    measured: str
    threshold: str


def execute(task: Task, bench: Workbench) -> Result:
    """Read health, executions and agents; for something just shipped, say as well what to watch about it."""
    health, runs, agents = (
        bench.facts("health"),
        bench.facts("recent_executions"),
        bench.facts("agent_performance"),
    )
    figures = _figures(runs)
    alerts = [*_health_alerts(health), *_run_alerts(figures), *_agent_alerts(agents)]
    lines = _report(health, figures, agents)
    lines += (
        [
            "",
            "**Alerts**",
            *(f"- {one.severity}: {one.what} {one.measured}, threshold {one.threshold}" for one in alerts),
        ]
        if alerts
        else ["", "No threshold is exceeded."]
        if runs or health
        else []
    )
    lines += _watch_plan(task)
    report = "\n".join(lines)
    ask = Asker(bench, profile)
    found = _looked(ask, task, report, (health, runs, agents))
    wants_remark = ask.capable() and alerts and not found.text
    remark = ask.remark("remark", source=report, report=report) if wants_remark else ""
    notes = [
        *(["Nothing is recorded yet: no execution has ended."] if not figures["ended"] else []),
        *([remark] if remark else []),
    ]
    data = {
        "figures": figures,
        "alerts": [asdict(one) for one in alerts],
        "health": health,
        "thresholds": THRESHOLDS,
        "notes": notes,
        **found.data,
    }
    evidence = (*_evidence(health, figures, agents), *found.evidence)
    return Result(
        True,
        "\n\n".join([*found.first, report, *(f"_{note}_" for note in notes), *found.last]),
        data,
        evidence,
        suggestions=tuple(f"Look at {one.what}." for one in alerts),
    )


def _looked(ask: Asker, task: Task, report: str, rows: Sequence[Sequence[Row]]) -> Looked:
    """Answer what the report does not; after a release the report itself is what is wanted."""
    return NOTHING if _shipped(task) else looked(ask, task, source=report, rows=rows, report=report)


def _figures(runs: Sequence[Row]) -> dict[str, Any]:
    states = Counter(str(row.get("status", "unknown")) for row in runs)
    ended = [row for row in runs if row.get("status") in _ENDED]
    times, sure, costs = known(ended, "execution_ms"), known(ended, "confidence"), known(runs, "cost_micros")
    return {
        "total": len(runs),
        "states": dict(states),
        "ended": len(ended),
        "failed_share": states["failed"] / len(ended) if ended else None,
        "p50_ms": percentile(times, 0.5),
        "p95_ms": percentile(times, 0.95),
        "mean_confidence": mean(sure),
        "low_confidence": sum(value < LOW_CONFIDENCE for value in sure),
        "cost_micros": sum(costs) if costs else None,
        "errors": [
            [error, count]
            for error, count in Counter(_first_line(row) for row in runs if row.get("error")).most_common(3)
        ],
    }


def _first_line(row: Row) -> str:
    return (str(row["error"]).strip().splitlines() or [""])[0][:120]


def _health_alerts(health: Sequence[Row]) -> list[Alert]:
    return [
        Alert("error", f"{row.get('name')}", str(row.get("detail") or "not well"), "well")
        for row in health
        if row.get("ok") is False
    ]


def _run_alerts(figures: Mapping[str, Any]) -> list[Alert]:
    share, p95 = figures["failed_share"], figures["p95_ms"]
    found = []
    if share is not None and share > FAILED_SHARE:
        found.append(
            Alert("error", "failed executions", f"{share:.0%} of {figures['ended']}", f"{FAILED_SHARE:.0%}")
        )
    if p95 is not None and p95 > SLOW_P95_MS:
        found.append(Alert("warning", "the 95th percentile of execution time", ms(p95), ms(SLOW_P95_MS)))
    if figures["ended"] and figures["low_confidence"] * 2 > figures["ended"]:
        found.append(
            Alert(
                "warning",
                "executions of low confidence",
                f"{figures['low_confidence']} of {figures['ended']}",
                "half",
            )
        )
    return found


def _agent_alerts(agents: Sequence[Row]) -> list[Alert]:
    found = []
    for row in agents:
        total, failed, sure = row.get("total") or 0, row.get("failed") or 0, row.get("mean_confidence")
        if total >= ENOUGH_RUNS and failed / total > FAILED_SHARE:
            found.append(
                Alert(
                    "warning",
                    f"agent {row.get('agent')} fails",
                    f"{failed} of {total}",
                    f"{FAILED_SHARE:.0%}",
                )
            )
        if total >= ENOUGH_RUNS and sure is not None and sure < LOW_CONFIDENCE:
            found.append(
                Alert(
                    "warning", f"agent {row.get('agent')} mean confidence", f"{sure:.1f}", f"{LOW_CONFIDENCE}"
                )
            )
    return found


def _report(health: Sequence[Row], figures: Mapping[str, Any], agents: Sequence[Row]) -> list[str]:
    lines = ["**Health**", *(f"- {row.get('name')}: {_well(row)}" for row in health)] if health else []
    if figures["total"]:
        states = ", ".join(f"{count} {state}" for state, count in sorted(figures["states"].items()))
        lines += ["", "**Executions**", f"- {figures['total']} recorded: {states}"]
    if figures["ended"]:
        lines.append(f"- time: median {ms(figures['p50_ms'])}, 95th percentile {ms(figures['p95_ms'])}")
    if figures["mean_confidence"] is not None:
        lines.append(
            f"- confidence: mean {figures['mean_confidence']:.1f}, below {LOW_CONFIDENCE}: {figures['low_confidence']}"
        )
    lines += [f"- cost: {usd(figures['cost_micros'])}"] if figures["cost_micros"] is not None else []
    lines += [f"- error seen {count} times: {error}" for error, count in figures["errors"]]
    if agents:
        lines += [
            "",
            f"**Agents**{window(agents)}",
            *(
                _agent_line(row)
                for row in sorted(agents, key=lambda row: -(row.get("total") or 0))
                if row.get("total")
            ),
        ]
    return lines


def _well(row: Row) -> str:
    said = "unknown" if row.get("ok") is None else "well" if row["ok"] else "not well"
    return f"{said} ({row['detail']})" if row.get("detail") else said


def _agent_line(row: Row) -> str:
    sure = f", confidence {row['mean_confidence']:.1f}" if row.get("mean_confidence") is not None else ""
    return f"- {row.get('agent')}: {row.get('successful', 0)} of {row['total']} succeeded{sure}, {ms(row.get('mean_ms'))} each"


def _watch_plan(task: Task) -> list[str]:
    """Say what to watch of what a deployment step has just prepared; each line follows from the recipe."""
    shipped = _shipped(task)
    return watch_list(shipped["recipe"], shipped.get("port")) if shipped else []


def _shipped(task: Task) -> Mapping[str, Any]:
    return next((one.data for one in task.handovers if one.data.get("recipe")), {})


def _evidence(
    health: Sequence[Row], figures: Mapping[str, Any], agents: Sequence[Row]
) -> tuple[Evidence, ...]:
    sums = all(
        (row.get("successful") or 0) + (row.get("failed") or 0) <= (row.get("total") or 0) for row in agents
    )
    return (
        finding(
            "facts were there to read", passed=bool(health or figures["total"]), weight=weights.FACTS_PRESENT
        ),
        finding(
            "the numbers add up",
            passed=sums and sum(figures["states"].values()) == figures["total"],
            weight=weights.NUMBERS_ADD_UP,
        ),
        finding(
            "enough executions to say much",
            passed=figures["ended"] >= ENOUGH_RUNS,
            weight=weights.ENOUGH_RUNS,
            detail=f"{figures['ended']} ended",
        ),
    )
