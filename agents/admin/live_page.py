"""The live page of an execution, drawn on the server as it stands now, and the film of one that has ended."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from agents.admin.live_acts import MAY_ACT, MAY_DECIDE
from agents.admin.live_rows import execution_of, newest, with_names
from agents.ceilings import ceilings
from agents.models import Execution
from agents.watching import reading
from agents.watching.layout import HEIGHT, WIDTH
from agents.watching.looks import LOOKS, MOST_LETTERS, in_two_lines, look_of, state_of, sure
from agents.watching.rows import CUT, task_of
from agents.watching.state import Patch, empty
from billing.money import format_usd
from miosa.pages.cells import beginning
from tenants.named import named

ANY = "00000000-0000-0000-0000-000000000000"  # stands where the page puts an id
ROWS = {
    "decision": "routing_decision", "step": "agents_step", "file": "agents_artefact", "use": "agents_tooluse",
    "approval": "deployments_approval", "execution": "agents_execution",
}  # fmt: skip
VIEWS = {"live": "agents_execution_live", "content": "agents_artefact_content"}
MOST_TITLE = 48
HIGH = 0.8  # of what it may use: from here on its meter warns
FILM_BEGINS = "begun"


def live_view(request: HttpRequest, execution_id: UUID, model_admin: Any) -> HttpResponse:
    """Show the page."""
    execution = execution_of(request, execution_id, model_admin)
    state = with_names(reading.state_of(execution))
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Live: {beginning(execution.request, most=MOST_TITLE)}",
        "execution": execution,
        "shown": state["execution"],
        "look": LOOKS[state_of(state["execution"], state["steps"])],
        "lines": state["lines"],
        "pending": [one | {"id": pk} for pk, one in state["approvals"].items() if one["state"] == "pending"],
        "may_decide": request.user.has_perm(MAY_DECIDE),
        "sure": sure(state["execution"].get("confidence")),
        "cost": format_usd(state["execution"]["cost_micros"]),
        "ceiling": format_usd(execution.ceiling_micros),
        "below": _below(state),
        "asked_by": named(execution.requested_by),
        "files": newest(state["files"]),
        "tokens": f"{state['execution']['tokens']:,}",
        "most_tokens": ceilings().tokens,
        "high": {"cost": int(execution.ceiling_micros * HIGH), "tokens": int(ceilings().tokens * HIGH)},
        "most_tokens_told": f"{ceilings().tokens:,}",
        "graphs": [_graph(state, name) for name in ("wide", "narrow")],
        "page": _page(request, execution, state),
    }
    return TemplateResponse(request, "admin/agents/execution/live.html", context)


def film_view(request: HttpRequest, execution_id: UUID, model_admin: Any) -> HttpResponse:
    """Answer the changes of an execution that has ended, each with its second from the first of them."""
    execution = execution_of(request, execution_id, model_admin)
    if not execution.ended:
        return JsonResponse({"told": "It has not ended yet."}, status=409)
    shots = [(datetime.fromisoformat(at), patch) for at, patch in reading.film(execution)]
    begun = shots[0][0]
    frames = [
        {"at_s": round((at - begun).total_seconds(), 3), "patch": with_names(patch)} for at, patch in shots
    ]
    return JsonResponse({FILM_BEGINS: empty(**task_of(execution)), "frames": frames})


def _page(request: HttpRequest, execution: Execution, state: Patch) -> Patch:
    """What the script works with: the state, addresses, and what this person may do."""
    ways = ("since", "events", "film", "acts")
    return {
        "state": state,
        "ended": execution.ended,
        "looks": LOOKS,
        "node": [WIDTH, HEIGHT, MOST_LETTERS],
        "most_tokens": ceilings().tokens,
        "may": {"act": request.user.has_perm(MAY_ACT), "decide": request.user.has_perm(MAY_DECIDE)},
        "ways": {one: reverse(f"admin:agents_execution_live_{one}", args=[execution.pk]) for one in ways},
        "rows": {name: reverse(f"admin:{page}_change", args=[ANY]) for name, page in ROWS.items()}
        | {name: reverse(f"admin:{view}", args=[ANY]) for name, view in VIEWS.items()},
        "any": ANY,
        "cut": CUT,
    }


def _below(state: Patch) -> str:
    """What it has used with the executions below it, in words; the script says the same."""
    used = state["execution"].get("with_below")
    if not used:
        return ""
    return f"{format_usd(used['cost_micros'])}, {used['tokens']:,} tokens ({used['executions']} below)"


def _graph(state: Patch, name: str) -> Patch:
    """One picture of the plan for the template; the script draws the same from the state."""
    layout = state["layouts"].get(name)
    if not layout:
        return {"name": name, "width": 0, "height": 0, "lines": [], "nodes": []}
    nodes = [_node(state["steps"][key], place) for key, place in layout["places"].items()]
    return {
        "name": name,
        "width": layout["width"],
        "height": layout["height"],
        "lines": layout["lines"],
        "nodes": nodes,
    }


def _node(step: Patch, place: list[float]) -> Patch:
    look = look_of(step)
    foot = (sure(step.get("confidence")), f"{step['tokens']:,} tokens" if step.get("tokens") else "")
    return {
        "key": step["key"],
        "x": place[0],
        "y": place[1],
        "agent": step["agent"],
        "purpose": in_two_lines(step["purpose"]),
        "told": f"{step['agent']}: {step['purpose']}, {look['word']}",
        "look": look,
        "foot": " · ".join(one for one in foot if one),
    }
