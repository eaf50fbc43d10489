"""What the page of one decision shows: its six nodes, what it hung on, how it turned out, and whether it comes out again."""

from collections.abc import Mapping
from typing import Any

from billing.money import format_usd
from miosa.drawing.bar import Bar, bars, stacked_bar
from miosa.pages.cells import duration, meter
from miosa.pages.rows import as_tenant
from routing import insight
from routing.admin.calls import said_by, verdict
from routing.knowledge import NotKept, recalled
from routing.models import Decision, Outcome
from routing.replay import ODD, compared
from routing.scoreboard import Scoreboard
from routing.verdicts import SOURCES

WIDE, NARROW = 720, 330  # pixels of a drawing on a desk and on a telephone


def page_of(decision: Decision) -> dict[str, Any]:
    """Return the context of its page; what was decided on is read inside the tenant."""
    outcomes = sorted(decision.outcomes.all(), key=lambda row: SOURCES.index(row.source))
    return {
        "decision": decision,
        "ranked": [_candidate(row, decision.model) for row in decision.ranked],
        "propensity": meter(decision.propensity, f"{decision.propensity:.1%}"),
        "outcomes": [_outcome(row, holds=row is outcomes[-1]) for row in outcomes],
        "calls": [
            {"row": call, "cost": format_usd(call.cost_micros), "latency": duration(call.latency_ms),
             "first_token": duration(call.first_token_ms)}
            for call in decision.calls.order_by("number")
        ],
        **_again(decision),
    }  # fmt: skip


def _again(decision: Decision) -> dict[str, Any]:
    """The decision put to its board once more: does it come out alike, what it hung on, and everybody's chances."""
    with as_tenant(decision.tenant):
        found = insight.explained(decision.pk) if decision.ranked else None
        replay = _replay(decision)
    flip = {"flip": found.flip.words, **_chances(decision, found.chances or {})} if found else {}
    return {**flip, "replay": replay}


def _replay(decision: Decision) -> dict[str, Any]:
    """Whether it comes out again, in a word, with what differs."""
    try:
        different = compared(decision, Scoreboard.of(recalled(decision.scoreboard_version)))
    except NotKept as error:
        return {"state": "", "text": "not kept", "told": str(error)}
    except ODD as error:
        return {"state": "failed", "text": "cannot be made again", "told": str(error)}
    if different is None:
        return {"state": "success", "text": "made again: identical", "told": "every field, bit for bit"}
    told = different.reason or f"{len(different.fields)} of its fields came out otherwise"
    return {"state": "failed", "text": "made again: different", "told": told, "fields": different.fields}


def _chances(decision: Decision, chances: Mapping[str, float]) -> dict[str, Any]:
    """With which probability each model would have been drawn; nothing where one was certain."""
    if len(chances) < 2:  # noqa: PLR2004  one certain model needs no drawing
        return {}
    rows = [
        Bar(model, chance, f"{chance:.1%}")
        for model, chance in sorted(chances.items(), key=lambda item: -item[1])
    ]
    title = f"Chances of each model for {decision.task_kind} in {decision.mode} mode"
    return {
        f"chances_{name}": bars(rows, title=title, largest=1.0, width=width)
        for name, width in (("wide", 520), ("narrow", 310))
    }


def _outcome(row: Outcome, *, holds: bool) -> dict[str, Any]:
    return {"row": row, "said_by": said_by(row.source), "verdict": verdict(row), "holds": holds}


def _candidate(row: dict[str, Any], chosen: str) -> dict[str, Any]:
    """Return one ranked model as the page draws it: each node's weight, score and the part it adds."""
    nodes = [
        {**node, "part": node["weight"] * node["score"], "width": f"{100 * node['score']:.1f}"}
        for node in row["nodes"]
    ]
    parts = [Bar(node["name"], node["part"], f"{node['part']:.3f}") for node in nodes]
    title = f"What {row['model']} gains from each node"
    return {
        "model": row["model"],
        "provider": row["provider"],
        "total": row["total"],
        "bonus": row["bonus"],
        "chosen": row["model"] == chosen,
        "nodes": nodes,
        "wide": stacked_bar(parts, title=title, whole=1.0, width=WIDE),
        "narrow": stacked_bar(parts, title=title, whole=1.0, width=NARROW),
    }
