"""What a policy would change: yesterday's decisions made again under it, and what that would have brought."""

from dataclasses import replace
from typing import Any

from django.db.models import Count
from django.urls import reverse

from billing.money import format_usd
from miosa.pages.cells import duration
from routing import policies, what_if
from routing.admin.policy_form import Wanted
from routing.models import Decision, Policy
from routing.offpolicy.interval import Estimate
from routing.offpolicy.support import NoSupport
from routing.offpolicy.what_if import Estimates
from routing.pictures.period import Period
from routing.what_if import Answer, Preview, Proposal

# Decisions are made again while somebody waits: about 13 ms for each scoreboard (its draws), little for a decision.
MOST_BOARDS, MOST_DECISIONS = 600, 10_000
TOO_MANY = (
    "There are {decisions:,} decisions on {boards:,} scoreboards in this time, more than a page makes again while you"
    " wait: choose a shorter time, or run manage.py router whatif."
)


def would_change(policy: Policy, wanted: Wanted, period: Period) -> dict[str, Any]:
    """Return what the page shows of a policy that is not stored yet; inside the tenant."""
    weights = policies.weight_set(wanted.weights) if wanted.weights else None
    return {
        "preview": _preview(what_if.changed(weights, since=period.start, until=period.end)),
        **_estimates(policy, wanted, period),
    }


def _preview(found: Preview) -> dict[str, Any]:
    share = found.changed / found.total if found.total else 0.0
    return {
        "total": found.total,
        "changed": found.changed,
        "share": f"{share:.0%}",
        "left_out": found.left_out,
        "examples": [
            {**one._asdict(), "link": reverse("admin:routing_decision_change", args=[one.decision_id])}
            for one in found.examples
        ],
        "by_model": [
            {
                "model": model,
                "before": before,
                "after": after,
                "difference": f"{after - before:+,}" if after != before else "0",
            }
            for model, (before, after) in sorted(found.by_model.items(), key=lambda item: -max(item[1]))
        ],
    }


def _estimates(policy: Policy, wanted: Wanted, period: Period) -> dict[str, Any]:
    rows = Decision.objects.filter(created__gte=period.start, created__lt=period.end)
    counted = rows.aggregate(decisions=Count("pk"), boards=Count("scoreboard_version", distinct=True))
    if counted["decisions"] > MOST_DECISIONS or counted["boards"] > MOST_BOARDS:
        return {"estimates": [], "refused": TOO_MANY.format(**counted)}
    told = what_if.what_if(_proposal(policy, wanted), since=period.start, until=period.end)
    kinds = [("All kinds of task", told.whole), *told.by_kind.items()] if len(told.by_kind) > 1 else [
        ("All kinds of task", told.whole)
    ]  # fmt: skip
    return {"estimates": [_answer(kind, answer) for kind, answer in kinds if answer.decisions], "refused": ""}


def _proposal(policy: Policy, wanted: Wanted) -> Proposal:
    """The weights in question, and the bound on exploration where it is another one."""
    weights = policies.weight_set(wanted.weights) if wanted.weights else policies.weights(Policy())
    rules = None
    if wanted.others["most_explored"] != policy.most_explored:
        rules = replace(policies.rules(policy), most_explored=wanted.others["most_explored"])
    return Proposal(weights=weights, rules=rules)


def _answer(kind: str, answer: Answer) -> dict[str, Any]:
    logged, target = answer.logged, answer.target
    rows = [
        _row("Success", logged.value, target.value, told=lambda share: f"{share:.1%}"),
        _row("Cost", logged.cost_micros, target.cost_micros, told=_cost),
        _row("Latency", logged.latency_ms, target.latency_ms, told=_latency),
    ]
    return {
        "kind": kind,
        "decisions": answer.decisions,
        "changed": answer.changed,
        "rows": rows,
        "refused": rows[0]["refused"] if all(row["refused"] for row in rows) else "",
    }


def _row(
    name: str, logged: Estimates | NoSupport, target: Estimates | NoSupport, *, told: Any
) -> dict[str, str]:
    """One outcome: how it was, how it would have been and the difference, each with its interval; or why not."""
    if isinstance(target, NoSupport):
        return {"name": name, "refused": target.reason}
    before = logged.doubly_robust if isinstance(logged, Estimates) else None
    return {
        "name": name,
        "refused": "",
        "before": _told(before, told) if before else "–",
        "after": _told(target.doubly_robust, told),
        "difference": _told(target.difference, lambda value: _signed(value, told)),
        "rows": f"{target.rows:,}",
    }


def _told(estimate: Estimate, told: Any) -> str:
    return f"{told(estimate.point)} ({told(estimate.low)} to {told(estimate.high)})"


def _signed(value: float, told: Any) -> str:
    return f"{'−' if value < 0 else '+'}{told(abs(value))}"


def _cost(micros: float) -> str:
    return format_usd(round(micros))


def _latency(ms: float) -> str:
    return duration(ms)
