"""`router whatif`: what other weights or models would have brought, estimated from the log, or refused."""

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser, OutputWrapper
from django.utils import timezone
from rich.table import Table

from routing import board
from routing.errors import RoutingProblem
from routing.management.router_commands import proposed_weights, span
from routing.offpolicy.interval import Estimate
from routing.offpolicy.support import NoSupport
from routing.offpolicy.what_if import Estimates, WhatIf
from routing.what_if import Answer, Proposal, Told, what_if

NAME = "whatif"
HELP = "Estimate value, cost and latency under other weights or without a model, with 95 % intervals, or say why not."

OUTCOMES = (("value", "{:.3f}"), ("cost_micros", "{:,.0f}"), ("latency_ms", "{:,.0f}"))


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument(
        "--weights",
        action="append",
        default=[],
        metavar="MODE:NODE=W,...",
        help='e.g. "balance:Quality=0.4,Cost=0.1", nodes that are not named scaled to fit; or a JSON file',
    )
    parser.add_argument(
        "--without", action="append", default=[], metavar="MODEL", help="leave this model out"
    )
    parser.add_argument(
        "--provider", action="append", default=[], metavar="NAME", help="as if it had been within reach"
    )
    parser.add_argument("--no-exploring", action="store_true", help="as if always the best had been taken")
    span.add_arguments(parser)


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    proposal = _proposal(options)
    since = timezone.now() - options["since"]
    found = {tenant.slug: what_if(proposal, since=since) for tenant in span.each_tenant(options["tenant"])}
    if options["json"]:
        out.write(json.dumps({"tenants": [{"tenant": slug, **_told(one)} for slug, one in found.items()]}))
    else:
        out.write(span.printed(*(shown for slug, one in found.items() for shown in _shown(slug, one))))
    return 0


def _proposal(options: dict[str, Any]) -> Proposal:
    providers = {facts.name for facts in board.catalog().providers}
    unknown = sorted(set(options["provider"]) - providers)
    try:
        if unknown:
            raise ValueError(f"there is no provider {unknown[0]}; there are {', '.join(sorted(providers))}")
        proposal = Proposal(
            weights=proposed_weights.read(options["weights"]) if options["weights"] else None,
            without=frozenset(board.catalog().resolve(name)[0].id for name in options["without"]),
            providers=frozenset(options["provider"]),
            exploring=not options["no_exploring"],
        )
    except (RoutingProblem, ValueError, OSError) as error:
        raise CommandError(f"What if cannot be asked: {error}", returncode=span.MISUSED) from error
    if proposal == Proposal():
        raise CommandError(
            "What if what? Give --weights, --without, --provider or --no-exploring.", returncode=span.MISUSED
        )
    return proposal


def _told(found: Told) -> dict[str, Any]:
    return {
        **_answer(found.whole),
        "left_out": found.left_out,
        "by_kind": {kind: _answer(answer) for kind, answer in found.by_kind.items()},
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "decisions": answer.decisions,
        "changed": answer.changed,
        "logged": _estimates(answer.logged),
        "target": _estimates(answer.target),
    }


def _estimates(found: WhatIf) -> dict[str, Any]:
    told = {}
    for name, _form in OUTCOMES:
        one = getattr(found, name)
        told[name] = {"refused": one.reason} if isinstance(one, NoSupport) else _plain(one)
    return told


def _plain(one: Estimates) -> dict[str, Any]:
    return {
        name: value._asdict() if isinstance(value, Estimate) else value
        for name, value in ((field, getattr(one, field)) for field in one.__dataclass_fields__)
    }


def _shown(slug: str, found: Told) -> list[Table | str]:
    table = Table(title=f"What if, for {slug}", title_justify="left")
    for name in ("task kind", "outcome", "logged", "with the change", "difference", "decisions"):
        table.add_column(name, justify="left" if name in {"task kind", "outcome"} else "right")
    refusals: dict[str, None] = {}
    for kind, answer in (("all", found.whole), *found.by_kind.items()):
        for name, form in OUTCOMES:
            table.add_row(kind, name, *_cells(answer, name, form, refusals))
    changed = span.counted(found.whole.changed, "decision")
    lines = [f"{changed} of {found.whole.decisions:,} would change; {found.left_out:,} could not be asked."]
    return [table, *refusals, *lines]


def _cells(answer: Answer, name: str, form: str, refusals: dict[str, None]) -> tuple[str, ...]:
    logged, target = getattr(answer.logged, name), getattr(answer.target, name)
    before = "" if isinstance(logged, NoSupport) else _interval(logged.doubly_robust, form)
    if isinstance(target, NoSupport):
        refusals.setdefault(target.reason)
        return before, "refused", "", f"{answer.decisions:,}"
    after, difference = _interval(target.doubly_robust, form), _interval(target.difference, form)
    return before, after, difference, f"{target.rows:,}"


def _interval(one: Estimate, form: str) -> str:
    point, low, high = (form.format(number) for number in one)
    return f"{point} [{low}, {high}]"
