"""What an event says in one line, for people who watch."""

from collections.abc import Callable, Mapping
from typing import Any

from billing.money import format_usd
from miosa.pages.cells import duration

Data = Mapping[str, Any]
READS = "reads"


def line_of(kind: str, data: Data) -> str:
    """Return the line of an event; empty for what has none."""
    told = LINES.get(kind)
    return told(data) if told else ""


def called(data: Data) -> str:
    """A tool that begins."""
    return f"{data['agent']} uses {data['tool']}{effect_of(data)}"


def effect_of(data: Data) -> str:
    """What a tool does to the world, in brackets; nothing where it only reads, or writes the execution's own files."""
    effect = data.get("effect") or READS
    return "" if effect == READS else f" ({effect})"


def returned(data: Data) -> str:
    """What a tool came to."""
    took = "" if data.get("took_ms") is None else f" after {duration(data['took_ms'])}"
    files = data.get("files") or []
    left = f"; files: {', '.join(files)}" if files else ""
    return f"{data['tool']} {data['state']}{took}{left}"


def changed(data: Data) -> str:
    """A new plan for what was still missing."""
    left = data.get("left_out") or []
    return f"Planned anew: {data['explanation']}" + (f" Left out: {', '.join(left)}." if left else "")


def _answered(data: Data) -> str:
    cost = format_usd(data["cost_micros"])
    took = duration(data["latency_ms"])
    return f"{data['agent']} asked {data['model']}: {data['tokens']:,} tokens, {took}, {cost}"


def _finished(data: Data) -> str:
    sure = "" if data.get("confidence") is None else f", confidence {data['confidence']:.1f} of 10"
    why = f": {data['error']}" if data.get("error") else ""
    return f"{data['agent']} {data['state']}{sure}{why}"


def _ended(data: Data, what: str) -> str:
    return f"The execution {what}" + (f": {data['error']}" if data.get("error") else "")


LINES: Mapping[str, Callable[[Data], str]] = {
    "task_created": lambda _: "The task was handed in",
    "task_started": lambda _: "A worker took it",
    "plan_made": lambda data: f"Plan: {data['explanation']}",
    "handed_over": lambda data: f"Handed over to {data['steps'][0]['agent']}: {data['why']}",
    "repair_planned": lambda data: f"Repair planned: {data['why']}",
    "replan_asked": lambda data: f"A new plan is asked for: {data['why']}",
    "plan_changed": changed,
    "agent_started": lambda data: f"{data['agent']} starts: {data['purpose']}",
    "model_answered": _answered,
    "tool_called": called,
    "tool_returned": returned,
    "agent_waits": lambda data: data["why"],
    "agent_retried": lambda data: f"{data['step']} is tried again: {data['error']}",
    "agent_finished": _finished,
    "agent_skipped": lambda data: f"{data['agent']} is skipped",
    "note": lambda data: f"{data['agent']}: {data['text']}",
    "task_held": lambda _: "It waits for a person's word before it begins",
    "task_paused": lambda _: "Paused: nothing begins until it is resumed",
    "task_resumed": lambda _: "It goes on",
    "task_completed": lambda data: _ended(data, "is completed"),
    "task_failed": lambda data: _ended(data, "failed"),
    "task_cancelled": lambda data: _ended(data, "was cancelled"),
}
