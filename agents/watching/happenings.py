"""What each kind of event changes in the state; pure."""

from collections.abc import Mapping
from typing import Any

from agents.watching.state import CONCLUDE, ENDED, LEADER, PLAN, RESTS, Happened, Patch


def _created(_state: Mapping[str, Any], happened: Happened) -> Patch:
    plan = _new(PLAN, LEADER, "Choose the agents and their order", [], 0) | {"state": "ready"}
    return {"execution": {"request": happened.data.get("request", "")}, "steps": {PLAN: plan}}


def _started(_state: Mapping[str, Any], _happened: Happened) -> Patch:
    return {"execution": {"state": "in_progress"}}


def _planned(_state: Mapping[str, Any], happened: Happened) -> Patch:
    told = happened.data["steps"]
    steps = {
        one["step"]: _new(one["step"], one["agent"], one["purpose"], one.get("depends_on") or [PLAN], place)
        | {"state": one.get("state", "waiting")}
        for place, one in enumerate(told, start=1)
    }
    last = _new(CONCLUDE, LEADER, "Bring the parts into one answer", list(steps) or [PLAN], 10_000)
    explained = {"explanation": happened.data["explanation"], "source": happened.data["source"]}
    return {"execution": explained, "steps": steps | {CONCLUDE: last}}


def _handed(state: Mapping[str, Any], happened: Happened) -> Patch:
    """One step more, in the place of one that could not be done: what waited for that waits for it."""
    told, old = happened.data["steps"][0], happened.data["instead_of"]
    key = told["step"]
    place = state["steps"].get(old, {}).get("order", 0) + 0.5
    steps = {key: _new(key, told["agent"], told["purpose"], told["depends_on"], place)}
    for name, step in state["steps"].items():
        deps = step.get("depends_on", [])
        if old in deps:
            steps[name] = {"depends_on": [key if one == old else one for one in deps]}
    return {"steps": steps}


def _mended(state: Mapping[str, Any], happened: Happened) -> Patch:
    """Two steps more; what waited for the review waits for the second one."""
    told = happened.data["steps"]
    rejected, review = told[0]["depends_on"][0], told[-1]["step"]
    before = state["steps"].get(rejected, {}).get("order", 0)
    steps = {
        one["step"]: _new(one["step"], one["agent"], one["purpose"], one["depends_on"], before + place / 10)
        for place, one in enumerate(told, start=1)
    }
    for key, step in state["steps"].items():
        deps = step.get("depends_on", [])
        if step.get("agent") == LEADER and step.get("state") in RESTS:
            steps[key] = {"depends_on": [*deps, *(one["step"] for one in told)], "state": "waiting"}
        elif rejected in deps and step.get("state") in RESTS:
            now = [review if one == rejected else one for one in deps]
            steps[key] = {"depends_on": now, "state": "waiting"}
    return {"steps": steps}


def _anew(state: Mapping[str, Any], happened: Happened) -> Patch:
    """Steps more, behind the others; some wait for something else now, and some are left out."""
    data, there = happened.data, state["steps"]
    behind = max((one.get("order", 0) for key, one in there.items() if key != CONCLUDE), default=0)
    steps: dict[str, Patch] = {
        one["step"]: {"depends_on": one["depends_on"], "state": "waiting"}
        if one["step"] in there
        else _new(one["step"], one["agent"], one["purpose"], one["depends_on"], behind + place)
        for place, one in enumerate(data["steps"], start=1)
    }
    for key, deps in data["waits"].items():
        steps[key] = {"depends_on": deps, "state": "waiting"}
    for key in data.get("left_out", ()):
        steps[key] = {"state": "skipped", "finished": happened.at}
    return {"steps": steps}


def _begun(_state: Mapping[str, Any], happened: Happened) -> Patch:
    data = happened.data
    kept = {name: data[name] for name in ("agent", "purpose", "attempt") if name in data}
    return _step(happened, **kept, state="running", waits="", started=happened.at)


def _answered(state: Mapping[str, Any], happened: Happened) -> Patch:
    data, whole = happened.data, state["execution"]
    step = state["steps"].get(data["step"], {})
    more = {"tokens": data["tokens"], "cost_micros": data["cost_micros"], "calls": 1}
    patch = _step(
        happened,
        state="running",
        waits="",
        model=data["model"],
        why=data.get("why", ""),
        decision_id=data.get("decision_id", ""),
        **{name: step.get(name, 0) + value for name, value in more.items()},
    )
    return patch | {"execution": {name: whole[name] + value for name, value in more.items()}}


def _called(_state: Mapping[str, Any], happened: Happened) -> Patch:
    return _step(happened, state="running", waits="") | _use(happened)


def _returned(_state: Mapping[str, Any], happened: Happened) -> Patch:
    return _step(happened, state="running", waits="") | _use(happened)


def _waits(_state: Mapping[str, Any], happened: Happened) -> Patch:
    return _step(happened, state="asks", waits=happened.data["why"])


def _retried(_state: Mapping[str, Any], happened: Happened) -> Patch:
    return _step(happened, state="ready", error=happened.data["error"])


def _finished(_state: Mapping[str, Any], happened: Happened) -> Patch:
    named = ("state", "success", "confidence", "because", "execution_ms", "model", "error")
    kept = {name: happened.data[name] for name in named if name in happened.data}
    return _step(happened, **kept, waits="", finished=happened.at)


def _skipped(_state: Mapping[str, Any], happened: Happened) -> Patch:
    return _step(happened, state="skipped", finished=happened.at)


def _held(_state: Mapping[str, Any], _happened: Happened) -> Patch:
    return {"steps": {PLAN: {"state": "asks", "waits": "Waits for a person's word before it begins."}}}


def _paused(state: Mapping[str, Any], happened: Happened) -> Patch:
    paused = happened.kind == "task_paused"
    before, after = ("ready", "held") if paused else ("held", "ready")
    steps = {key: {"state": after} for key, step in state["steps"].items() if step.get("state") == before}
    return {"execution": {"paused": paused}, "steps": steps}


def _over(state: Mapping[str, Any], happened: Happened) -> Patch:
    names = ("confidence", "cost_micros", "error", "cause")
    end = {name: happened.data[name] for name in names if happened.data.get(name) is not None}
    steps = {
        key: {"state": "cancelled", "waits": ""}
        for key, step in state["steps"].items()
        if step.get("state") not in ENDED
    }
    if "confidence" in end:
        end["confidence"] = float(end["confidence"])
    ended = {"state": happened.kind.removeprefix("task_"), "paused": False, "finished": happened.at}
    return {"execution": ended | end, "steps": steps}


def _new(key: str, agent: str, purpose: str, depends_on: list[str], order: float) -> Patch:
    return {
        "key": key, "agent": agent, "purpose": purpose, "depends_on": list(depends_on), "order": order, "state": "waiting",
        "tokens": 0, "cost_micros": 0, "calls": 0,
    }  # fmt: skip


def _step(happened: Happened, **fields: Any) -> Patch:
    return {"steps": {happened.data["step"]: fields}}


def _use(happened: Happened) -> Patch:
    names = ("step", "tool", "effect", "state", "took_ms", "origin")
    return {"uses": {str(happened.data["use_id"]): {name: happened.data.get(name) for name in names}}}


CHANGES = {
    "task_created": _created, "task_started": _started, "plan_made": _planned, "repair_planned": _mended, "handed_over": _handed,
    "replan_asked": _anew, "plan_changed": _anew,
    "agent_started": _begun, "model_answered": _answered, "tool_called": _called, "tool_returned": _returned,
    "agent_waits": _waits, "agent_retried": _retried, "agent_finished": _finished, "agent_skipped": _skipped,
    "task_held": _held, "task_paused": _paused, "task_resumed": _paused,
    "task_completed": _over, "task_failed": _over, "task_cancelled": _over,
}  # fmt: skip
