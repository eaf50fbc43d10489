"""`router explain`: one decision with every number that led to it, what came of it, and what would have turned it."""

import json
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser, OutputWrapper
from rich.box import SIMPLE_HEAD
from rich.table import Table

from billing.money import format_usd
from miosa.http.problem import NotFound
from routing import insight
from routing.choice import Ranked
from routing.insight import Explained
from routing.management.router_commands import span
from routing.requirement import area_of

NAME = "explain"
HELP = "Explain one decision: nodes, weights, bonus, propensity, why, flip, outcomes and calls."


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("decision", type=UUID, metavar="ID", help="the id of a routing decision")
    span.add_arguments(parser, since=False)


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    for tenant in span.each_tenant(options["tenant"]):
        try:
            found = insight.explained(options["decision"])
        except NotFound:
            continue
        out.write(
            json.dumps(_as_json(found, tenant.slug)) if options["json"] else _as_text(found, tenant.slug)
        )
        return 0
    where = f"of the tenant {options['tenant']}" if options["tenant"] else "of any tenant"
    raise CommandError(
        f"There is no routing decision {options['decision']} {where}: "
        "the admin and GET /api/v1/routing-decisions list them.",
        returncode=span.MISUSED,
    )


def _as_json(found: Explained, slug: str) -> dict[str, Any]:
    row = found.decision
    plain = (
        "task_kind", "topic", "mode", "requirement", "model", "provider", "answered_by", "order", "why", "propensity",
        "draw", "scoreboard_version", "prompt", "traits", "agent",
    )  # fmt: skip
    return {
        "id": str(row.pk),
        "tenant": slug,
        **{name: getattr(row, name) for name in plain},
        "created": row.created.isoformat(),
        "shared_from": str(row.shared_from) if row.shared_from else None,
        "knowledge_kept": found.kept,
        "ranked": [
            {**one._asdict(), "nodes": [node._asdict() for node in one.nodes]} for one in found.ranked
        ],
        "chances": found.chances and dict(found.chances),
        "flip": found.flip.as_json(),
        "outcomes": [
            {"source": one.source, "model": one.model, "verdict": float(one.verdict), "counts": one.counts}
            for one in row.outcomes.all()
        ],
        "calls": [
            {"model": one.model, "winner": one.winner, "status": one.status, "error": one.error,
             "cost_micros": one.cost_micros, "latency_ms": one.latency_ms}
            for one in row.calls.all()
        ],
    }  # fmt: skip


def _as_text(found: Explained, slug: str) -> str:
    row = found.decision
    drawn = "by the rules alone" if row.draw is None else f"draw {row.draw}"
    kept = "kept" if found.kept else "not kept, or not enough to decide again"
    area = area_of(row.task_kind, row.topic)
    lines = [
        f"decision    {row.pk} of {slug}, {row.created:%Y-%m-%d %H:%M:%S %Z}",
        f"choice      {row.model} for {area} in {row.mode} mode; {row.answered_by or 'nobody'} answered",
        f"needs       {json.dumps(row.requirement)}",
        f"propensity  {row.propensity:.4f} ({drawn}{f', shared from {row.shared_from}' if row.shared_from else ''})",
        f"knowledge   {row.scoreboard_version} ({kept})",
        f"why         {row.why}",
        f"flip        {found.flip.words}",
    ]
    return span.printed(*lines, _ranking(found), *_nodes(found.ranked), *_said(found), *_calls(found))


def _ranking(found: Explained) -> Table:
    table = Table(title="Weight x score = part", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("model", overflow="fold")
    for node in found.ranked[0].nodes:
        table.add_column(f"{node.name}\n{node.weight:.4f} x", justify="right")
    for name in ("sum", "bonus", "total", "chance"):
        table.add_column(name, justify="right")
    for row in found.ranked:
        chosen = row.model == found.decision.model
        chance = "" if found.chances is None else f"{found.chances.get(row.model, 0.0):.1%}"
        table.add_row(
            row.model,
            *(f"{node.score:.3f}\n{node.part:.4f}" for node in row.nodes),
            f"{row.total / row.bonus:.4f}" if row.bonus else "",
            f"{row.bonus:.2f}",
            f"{row.total:.4f}",
            chance,
            style="bold" if chosen else "",
        )
    return table


def _nodes(ranked: tuple[Ranked, ...]) -> list[str]:
    return [f"{ranked[0].model}: {node.name} {node.reason}" for node in ranked[0].nodes]


def _said(found: Explained) -> list[str]:
    outcomes = found.decision.outcomes.all()
    return [
        f"outcome     {one.source} say {one.verdict:.2f} of {one.model}{'' if one.counts else ' (a correction)'}"
        for one in outcomes
    ] or ["outcome     nobody has said how it turned out"]


def _calls(found: Explained) -> list[str]:
    return [
        f"call {one.number}      {one.model} at {one.provider}: {'answered' if one.winner else one.error or 'no answer'}, "
        f"{one.latency_ms:,} ms, {format_usd(one.cost_micros)}"
        for one in found.decision.calls.all()
    ]
