"""An execution as its watcher sees it, folded from its events one after the other; pure.

The same fold makes the live page's state and each moment of a film, so both end alike.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from agents.watching.happenings import CHANGES
from agents.watching.layout import Layout, laid_out
from agents.watching.sayings import line_of
from agents.watching.state import BROKEN, ENDED, LEADER, PLAN, Happened, Patch, merged

WIDE, NARROW = 2, 1  # steps beside each other, on a desk and on a telephone


def changes(state: Mapping[str, Any], happened: Happened) -> Patch:
    """Return what one event changes in a state."""
    told = CHANGES.get(happened.kind)
    patch = told(state, happened) if told else {}
    patch = merged(patch, happened.details)
    patch = drawn(state, merged(patch, _freed(merged(state, patch))))
    if happened.number is not None:
        patch["number"] = happened.number
    line = line_of(happened.kind, happened.data)
    if line:
        step = happened.data.get("step", "")
        patch["lines"] = [
            {"number": happened.number, "at": happened.at, "kind": happened.kind, "step": step, "text": line}
        ]
    return patch


def drawn(state: Mapping[str, Any], patch: Patch) -> Patch:
    """Return a patch with the plan's picture, where it changes that."""
    if not any("depends_on" in step for step in patch.get("steps", {}).values()):
        return patch
    steps = sorted(merged(state, patch)["steps"].values(), key=lambda step: step.get("order", 0))
    waits = {step["key"]: step["depends_on"] or [PLAN] for step in steps if "key" in step}
    return patch | {
        "layouts": {
            "wide": _shown(laid_out(waits, most=WIDE)),
            "narrow": _shown(laid_out(waits, most=NARROW)),
        }
    }


def folded(state: Patch, events: Iterable[Happened]) -> Patch:
    """Return a state after these events."""
    for one in events:
        state = merged(state, changes(state, one))
    return state


def _shown(layout: Layout) -> Patch:
    return {
        "width": layout.width,
        "height": layout.height,
        "places": {key: list(place) for key, place in layout.places.items()},
        "lines": [{"start": line.start, "end": line.end, "path": line.path} for line in layout.lines],
    }


def _freed(state: Mapping[str, Any]) -> Patch:
    """What waits for nothing more is ready."""
    steps = state["steps"]
    open_now = "held" if state["execution"]["paused"] else "ready"
    free = {
        key: {"state": open_now}
        for key, step in steps.items()
        if step.get("state") == "waiting" and _is_free(step, steps)
    }
    return {"steps": free} if free else {}


def _is_free(step: Mapping[str, Any], steps: Mapping[str, Any]) -> bool:
    states = [steps[one].get("state") for one in step.get("depends_on", ()) if one in steps]
    return all(one in ENDED for one in states) and (
        step.get("agent") == LEADER or not BROKEN.intersection(states)
    )
