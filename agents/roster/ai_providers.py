"""Advises on models: which for what, in which order to fall back, where money or time is lost; from the router's own record."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from agents.contract import Evidence, Profile, Result, Task, Workbench
from agents.crafts.asking import Asker
from agents.crafts.looking import ONLY_SEEN, RECORD_TOOLS, looked
from agents.text.figures import ModelRecord, Row, at_least, model_records, ms, usd
from agents.verifiers import weights
from agents.verifiers.finding import finding

profile = Profile(
    kind="ai_providers",
    purpose="Choose among language models and providers: routing, fallback order, caching and cost of model calls.",
    capabilities=("multi_model_routing", "response_caching", "model_fallback", "cost_optimization"),
    task_kind="reason",
    mode="balance",
    prompt="You explain a choice of models from measurements, plainly, and add none.",
    asks={
        "remark": "{report}\n\nIt was asked: {request}\nSay in one sentence which model to take and why, from the numbers above.",
        "look": "{report}\n\nIt was asked: {request}\n\nAnswer in at most five sentences which model or provider to take, why, and at what cost."
        f" Where the numbers above do not settle it, ask the records of the calls with the tools. {ONLY_SEEN}",
    },
    tools=RECORD_TOOLS,
)
ENOUGH_REQUESTS = 10
# The words that name a kind of task and what matters; the kinds are the router's own.
_KINDS: tuple[tuple[str, str], ...] = (
    ("code", r"\b(?:cod(?:e|ing)|program\w*)\b"),
    ("summarize", r"\bsummar\w+\b"),
    ("extract", r"\bextract\w*\b"),
    ("reason", r"\b(?:reason\w*|math\w*|logic)\b"),
    ("orchestration", r"\b(?:orchestrat\w+|plan(?:ning)?)\b"),
    ("chat", r"\b(?:chat\w*|talk\w*|convers\w+|support)\b"),
)
_MODES: tuple[tuple[str, str], ...] = (
    ("cost", r"\b(?:cheap\w*|cost\w*|save|saving|price\w*|money|budget|expensive)\b"),
    ("speed", r"\b(?:fast\w*|quick\w*|latency|speed\w*|slow\w*)\b"),
    ("quality", r"\b(?:best|quality|accura\w+|reliab\w+|right|strong\w*)\b"),
)


def execute(task: Task, bench: Workbench) -> Result:
    """Rank the models for what is asked, name the fallback order and what could be saved."""
    rows = bench.facts("model_performance")
    kind, mode = _named(_KINDS, task.input), _named(_MODES, task.input) or "balance"
    records = [one for one in model_records(rows, task_kind=kind) if one.requests]
    ranked = sorted(records, key=lambda one: (-_worth(one, records, mode), one.model))
    lines = _report(ranked, kind, mode) if ranked else [_nothing(rows, kind)]
    lines += _savings(ranked)
    report = "\n".join(lines)
    ask = Asker(bench, profile)
    found = looked(ask, task, source=report, rows=(rows, [asdict(one) for one in ranked]), report=report)
    remark = (
        ask.remark("remark", source=f"{report} {task.asked}", report=report, request=task.asked)
        if ask.capable() and ranked and not found.text
        else ""
    )
    notes = [remark] if remark else []
    data: dict[str, Any] = {
        "task_kind": kind,
        "mode": mode,
        "ranking": [asdict(one) for one in ranked],
        "fallback": [one.model for one in ranked],
        "notes": notes,
        **found.data,
    }
    output = "\n\n".join([*found.first, "\n".join([*lines, *notes]), *found.last])
    return Result(True, output, data, (*_evidence(rows, ranked), *found.evidence), suggestions=())


def _named(table: Sequence[tuple[str, str]], text: str) -> str:
    return next((name for name, pattern in table if re.search(pattern, text, re.IGNORECASE)), "")


def _worth(one: ModelRecord, records: Sequence[ModelRecord], mode: str) -> float:
    """Return what a model is worth by its record: sure success, and by mode how it compares in time or price."""
    sure = at_least(one.successes, one.requests)
    if mode == "quality":
        return sure
    pace = _share(one.mean_ms, [other.mean_ms for other in records])
    price = _share(one.cost_each_micros, [other.cost_each_micros for other in records])
    return {"speed": 0.4 * sure + 0.6 * pace, "cost": 0.4 * sure + 0.6 * price}.get(
        mode, 0.5 * sure + 0.25 * pace + 0.25 * price
    )


def _share(value: float | None, values: Sequence[float | None]) -> float:
    """Return 1 for the least, falling with the multiple of it; 0 where it is not known."""
    told = [other for other in values if other is not None]
    if value is None or not told:
        return 0.0
    return 1.0 if value <= 0 else max(0.0, min(told)) / value


def _report(ranked: Sequence[ModelRecord], kind: str, mode: str) -> list[str]:
    what = f"for {kind}" if kind else "over all kinds of task"
    lines = [f"By what is recorded {what}, mode {mode}:"]
    for number, one in enumerate(ranked, 1):
        cost = usd(one.cost_each_micros) if one.cost_each_micros is not None else "price unknown"
        sure = f", confidence {one.mean_confidence:.1f}" if one.mean_confidence is not None else ""
        doubt = (
            "" if one.requests >= ENOUGH_REQUESTS else f"; only {one.requests} requests, so this may be luck"
        )
        lines.append(
            f"{number}. **{one.model}** ({one.provider}): {one.rate:.0%} of {one.requests} succeeded, surely {at_least(one.successes, one.requests):.0%}; {ms(one.mean_ms)}, {cost} each{sure}{doubt}"
        )
    if len(ranked) > 1:
        lines.append(f"Fall back in this order: {' → '.join(one.model for one in ranked)}.")
    else:
        lines.append("There is no other model on record to fall back to.")
    return lines


def _savings(ranked: Sequence[ModelRecord]) -> list[str]:
    """Say what moving from the dearest to the cheapest would have saved on the recorded requests."""
    priced = [one for one in ranked if one.cost_each_micros is not None and one.requests >= ENOUGH_REQUESTS]
    if len(priced) <= 1:
        return []
    dear, cheap = (
        max(priced, key=lambda one: one.cost_each_micros or 0),
        min(priced, key=lambda one: one.cost_each_micros or 0),
    )
    saved = ((dear.cost_each_micros or 0) - (cheap.cost_each_micros or 0)) * dear.requests
    if saved <= 0:
        return []
    return [
        f"The {dear.requests} requests to {dear.model} would have cost {usd(saved)} less with {cheap.model}, whose success rate is {cheap.rate:.0%} instead of {dear.rate:.0%}."
    ]


def _nothing(rows: Sequence[Row], kind: str) -> str:
    if rows and kind:
        return f"No request of kind {kind} is recorded yet, so there is nothing to compare; other kinds have records."
    return "No model call is recorded yet, so there is nothing to compare."


def _evidence(rows: Sequence[Row], ranked: Sequence[ModelRecord]) -> tuple[Evidence, ...]:
    sums = all(one.successes <= one.requests for one in ranked)
    return (
        finding("facts were there to read", passed=bool(rows), weight=weights.FACTS_PRESENT),
        finding("the numbers add up", passed=sums, weight=weights.NUMBERS_ADD_UP),
        finding(
            "enough requests of each model",
            passed=bool(ranked) and all(one.requests >= ENOUGH_REQUESTS for one in ranked),
            weight=weights.ENOUGH_RUNS,
            detail=f"{sum(one.requests for one in ranked)} requests",
        ),
    )
