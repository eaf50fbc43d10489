"""Live progress in the terminal: one row for each step, filled in as events arrive."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from agents.watching.sayings import called, changed, returned
from billing.money import format_usd
from miosa.pages.visible import visible_in

RUNNING, DONE, WAITING = "running", "completed", "waits"
STYLES = {"completed": "green", "failed": "red", "skipped": "dim", "running": "yellow", "waits": "yellow"}
WEAK_BELOW = 7.0
WIDE = 96  # columns of a terminal; on a narrower one the steps have the room, and calls are not counted
ADDS = frozenset({"handed_over", "repair_planned", "replan_asked", "plan_changed"})


@dataclass
class Row:
    """What is known of one step."""

    agent: str
    purpose: str = ""
    state: str = "waiting"
    model: str = ""
    calls: int = 0
    confidence: float | None = None
    started: float = 0.0
    took_s: float | None = None


@dataclass
class Progress:
    """Takes events, shows rows; on a pipe it prints one line for each thing that happened."""

    console: Console
    rows: dict[str, Row] = field(default_factory=lambda: {"plan": Row("orchestrator", "Choose the agents")})
    note: str = ""
    first_step_s: float | None = None
    _live: Live | None = None
    _begun: float = field(default_factory=time.monotonic)

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._live = Live(get_renderable=self._render, console=self.console, refresh_per_second=8)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self.note = ""
            self._live.stop()
        else:
            self.console.print()
            self.console.print(self._table())

    def take(self, kind: str, data: dict[str, Any]) -> None:
        """Fold in one event; what it says may have been written by a model, and is put on a terminal."""
        data = visible_in(data)
        if kind == "plan_made":
            self._planned(data)
        elif kind in ADDS:
            self._added(kind, data)
        elif kind in {"task_paused", "task_resumed"}:
            self.note = "paused: nothing begins until it is resumed" if kind == "task_paused" else ""
        elif data.get("step"):
            self._stepped(kind, data)
        if not self._live and (line := _line(kind, data)):
            self.console.print(line, highlight=False, markup=False)

    def _planned(self, data: dict[str, Any]) -> None:
        for step in data["steps"]:
            self.rows[step["step"]] = Row(step["agent"], step["purpose"], step.get("state", "waiting"))
        self.rows["conclude"] = Row("orchestrator", "Bring the parts into one answer")
        self.note = data["explanation"]

    def _added(self, kind: str, data: dict[str, Any]) -> None:
        self.note = _line(kind, data)
        self.rows |= {
            one["step"]: Row(one["agent"], one["purpose"])
            for one in data["steps"]
            if one["step"] not in self.rows
        }
        for key in data.get("left_out", ()):
            self.rows[key].state = "skipped"

    def _stepped(self, kind: str, data: dict[str, Any]) -> None:
        row = self.rows.setdefault(data["step"], Row(data.get("agent", "")))
        if kind == "agent_started":
            row.state, row.started = RUNNING, time.monotonic()
            if self.first_step_s is None:
                self.first_step_s = time.monotonic() - self._begun
        elif kind == "model_answered":
            row.model, row.calls = data["model"], row.calls + 1
        elif kind == "agent_waits":
            row.state, self.note = WAITING, data["why"]
        elif kind in SAID:
            row.state, self.note = RUNNING, SAID[kind](data)
        elif kind == "agent_finished":
            row.state, row.confidence = data["state"], data.get("confidence")
            worked_ms = data.get("execution_ms")
            row.took_s = time.monotonic() - row.started if worked_ms is None else worked_ms / 1000
        elif kind == "agent_skipped":
            row.state = "skipped"

    def _render(self) -> RenderableType:
        table = self._table()
        return (
            Group(table, Text(self.note, style="dim", overflow="ellipsis", no_wrap=True))
            if self.note
            else table
        )

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold", expand=False)
        for name, justify in (("step", "left"), ("agent", "left"), ("state", "left"), ("model", "left")):
            table.add_column(name, justify=justify, no_wrap=name != "step")  # type: ignore[arg-type]
        wide = self.console.width >= WIDE
        for name in ("calls", "time", "confidence") if wide else ("time", "sure"):
            table.add_column(name, justify="right", no_wrap=True)
        for key, row in self.rows.items():
            calls, took, sure = _figures(row)
            told = (row.model, calls, took, sure) if wide else (row.model.rpartition("/")[2], took, sure[:-5])
            table.add_row(row.purpose or key, row.agent, self._state(row), *told)
        return table

    def _state(self, row: Row) -> RenderableType:
        if row.state == RUNNING and self._live:
            return Spinner("dots", text=RUNNING, style="yellow")
        return Text(row.state, style=STYLES.get(row.state, "dim"))


def _figures(row: Row) -> tuple[str, str, Text]:
    took = row.took_s if row.took_s is not None else (time.monotonic() - row.started if row.started else None)
    sure = row.confidence
    style = "" if sure is None else ("yellow" if sure < WEAK_BELOW else "green")
    return (
        str(row.calls or ""),
        "" if took is None else f"{took:.1f} s",
        Text("" if sure is None else f"{sure:.1f} / 10", style=style),
    )


SAID: dict[str, Callable[[dict[str, Any]], str]] = {
    "tool_called": called,
    "tool_returned": returned,
    "note": lambda data: f"{data['agent']}: {data['text']}",
}


def _line(kind: str, data: dict[str, Any]) -> str:
    told = LINES.get(kind)
    return told(data) if told else ""


def _answered(data: dict[str, Any]) -> str:
    cost = format_usd(data["cost_micros"])
    return (
        f"  {data['agent']} asked {data['model']}: {data['tokens']} tokens, {data['latency_ms']} ms, {cost}"
    )


def _finished(data: dict[str, Any]) -> str:
    sure = "" if data.get("confidence") is None else f", confidence {data['confidence']:.1f} / 10"
    why = f": {data['error']}" if data.get("error") else ""
    return f"  {data['agent']} {data['state']}{sure}{why}"


LINES: dict[str, Callable[[dict[str, Any]], str]] = {
    "plan_made": lambda data: f"plan: {data['explanation']}",
    "handed_over": lambda data: f"handed over to {data['steps'][0]['agent']}: {data['why']}",
    "repair_planned": lambda data: f"repair planned: {data['why']}",
    "replan_asked": lambda data: f"a new plan is asked for: {data['why']}",
    "plan_changed": lambda data: changed(data)[0].lower() + changed(data)[1:],
    "agent_started": lambda data: f"  {data['agent']} starts: {data['purpose']}",
    "model_answered": _answered,
    "agent_finished": _finished,
    "agent_waits": lambda data: f"  {data['why']}",
    **{kind: lambda data, told=told: f"  {told(data)}" for kind, told in SAID.items()},  # type: ignore[misc]
    "task_held": lambda data: f"waits for a person's word: approval {data['approval_id']}",
    "task_paused": lambda _: "paused",
    "task_resumed": lambda _: "goes on",
}
