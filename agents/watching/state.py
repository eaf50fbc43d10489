"""The state that a watcher sees, and how a patch goes over it; plain JSON values.

A watcher elsewhere (a browser) does no more than this: maps field by field, lines by adding them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Patch = dict[str, Any]
MAPS = ("steps", "uses", "files", "approvals")
PLAN, CONCLUDE, LEADER = "plan", "conclude", "orchestrator"
ENDED = frozenset({"completed", "failed", "skipped", "cancelled"})
BROKEN = frozenset({"failed", "skipped", "cancelled"})
RESTS = frozenset({"waiting", "ready", "held"})


@dataclass(frozen=True, slots=True)
class Happened:
    """One event; `number` is None for what has none, such as an answer to an approval. `details` come from rows."""

    number: int | None
    kind: str
    at: str
    data: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)


def empty(**execution: Any) -> Patch:
    """Return the state before anything happened; the fields are facts of the execution itself."""
    begun = {"state": "pending", "paused": False, "tokens": 0, "cost_micros": 0, "calls": 0}
    return {
        "number": 0,
        "execution": begun | execution,
        **{name: {} for name in MAPS},
        "lines": [],
        "layouts": {},
    }


def merged(state: Mapping[str, Any], patch: Mapping[str, Any]) -> Patch:
    """Return a state, or a patch, with another patch over it."""
    made = {**state, **{name: value for name, value in patch.items() if name in {"number", "layouts"}}}
    if "execution" in patch:
        made["execution"] = {**state.get("execution", {}), **patch["execution"]}
    for name in MAPS:
        if name in patch:
            before = state.get(name, {})
            made[name] = before | {key: {**before.get(key, {}), **new} for key, new in patch[name].items()}
    if "lines" in patch:
        made["lines"] = [*state.get("lines", ()), *patch["lines"]]
    return made
