"""The admin's first page: how the house does today, and how it got there."""

import json
from collections.abc import Iterable
from contextlib import nullcontext
from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from billing.money import MICROS_PER_DOLLAR, format_usd
from miosa import insight, statistics
from miosa.pages.cells import LOW_CONFIDENCE, NONE, badge, between, confidence
from tenants.models import Tenant
from tenants.places import home_of, place

JUDGED = ("completed", "failed")  # who cancels says nothing of the agents
# How the states are drawn, from the bottom up; grey and red speak for themselves in both themes.
COLOURS = {
    "completed": "var(--color-primary-600)",
    "in_progress": "var(--color-primary-300)",
    "pending": "var(--color-base-400)",
    "cancelled": "#9ca3af",
    "failed": "#dc2626",
}
NEEDED = ("agents.view_execution", "miosa.view_agentperformance", "miosa.view_spendbyday")


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the page's context; `?tenant=` narrows it to one tenant."""
    if not request.user.has_perms(NEEDED):
        return {**context, "title": "Dashboard", "closed": True}
    tenant = chosen_tenant(request)
    tenant_id = tenant.pk if tenant else None
    with place(home_of(tenant)) if tenant else nullcontext():
        return {
            **context,
            "title": "Dashboard",
            "tenants": Tenant.objects.order_by("slug"),
            "tenant": tenant,
            "as_of": statistics.as_of(),
            **_drawn(tenant_id),
        }


def _drawn(tenant_id: UUID | None) -> dict[str, Any]:
    by_day = insight.executions_by_day(tenant_id)
    return {
        "figures": _figures(tenant_id, by_day),
        "executions_chart": _executions_chart(by_day),
        "spend_chart": _spend_chart(insight.spend_by_day(tenant_id)),
        "models": [_model(row) for row in insight.models(tenant_id)[:8]],
        "agents": [
            _agent(row) for row in insight.agents(tenant_id).values() if row["confidence"] is not None
        ],
        "latest": [_execution(row) for row in insight.latest_executions(tenant_id)],
    }


def chosen_tenant(request: HttpRequest) -> Tenant | None:
    """Return the tenant of `?tenant=`, None for all of them or a text that names none."""
    try:
        return Tenant.objects.filter(pk=UUID(request.GET.get("tenant", ""))).first()
    except ValueError:
        return None


def _figures(tenant_id: UUID | None, by_day: dict[date, dict[str, int]]) -> list[dict[str, str]]:
    today = by_day[max(by_day)]
    judged = sum(day.get(state, 0) for day in by_day.values() for state in JUDGED)
    good = sum(day.get("completed", 0) for day in by_day.values())
    mean = insight.mean_confidence(tenant_id)
    cost, tokens = insight.month_use(tenant_id)
    running = today.get("in_progress", 0) + today.get("pending", 0)
    return [
        _figure(
            "Executions today",
            f"{sum(today.values()):,}",
            f"{running} at work" if running else "none at work",
            "play_circle",
        ),
        _figure(
            "Success rate",
            f"{good / judged:.0%}" if judged else NONE,
            f"{good:,} of {judged:,} in two weeks",
            "check_circle",
        ),
        _figure(
            "Mean confidence", f"{mean:.1f}" if mean is not None else NONE, "of 10, in two weeks", "verified"
        ),
        _figure("Spent this month", format_usd(cost), "all that was charged", "payments"),
        _figure("Tokens this month", f"{tokens:,}", "in and out", "token"),
    ]


def _figure(name: str, value: str, told: str, icon: str) -> dict[str, str]:
    return {"name": name, "value": value, "told": told, "icon": icon}


def _executions_chart(by_day: dict[date, dict[str, int]]) -> dict[str, str] | None:
    shown = [state for state in COLOURS if any(day.get(state) for day in by_day.values())]
    if not shown:
        return None
    datasets = [
        {
            "label": state.replace("_", " "),
            "data": [day.get(state, 0) for day in by_day.values()],
            "backgroundColor": COLOURS[state],
            "borderRadius": 2,
        }
        for state in shown
    ]
    return _chart(by_day, datasets, stacked=True)


def _spend_chart(by_day: dict[date, int]) -> dict[str, str] | None:
    if not any(by_day.values()):
        return None
    line = {
        "label": "US dollars",
        "data": [round(micros / MICROS_PER_DOLLAR, 6) for micros in by_day.values()],
        "borderColor": "var(--color-primary-600)",
        "backgroundColor": "var(--color-primary-600)",
        "tension": 0.3,
        "pointRadius": 2,
    }
    return _chart(by_day, [line], stacked=False)


def _chart(days: Iterable[date], datasets: list[dict[str, Any]], *, stacked: bool) -> dict[str, str]:
    """Return a chart's data and options; what is given replaces all of unfold's own options."""
    ticks = {"color": "#9ca3af", "maxRotation": 0, "autoSkipPadding": 12}
    options = {
        "maintainAspectRatio": False,
        "animation": False,
        "plugins": {
            "legend": {
                "display": stacked,
                "align": "start",
                "labels": {"boxWidth": 8, "boxHeight": 8, "color": "#9ca3af", "usePointStyle": True},
            }
        },
        "scales": {
            "x": {"stacked": stacked, "ticks": ticks, "grid": {"display": False}},
            "y": {
                "stacked": stacked,
                "beginAtZero": True,
                "ticks": {**ticks, "precision": 0 if stacked else 6},
                "grid": {},
            },
        },
    }
    labels = [f"{day:%d %b}" for day in days]
    return {"data": json.dumps({"labels": labels, "datasets": datasets}), "options": json.dumps(options)}


def _model(row: dict[str, Any]) -> dict[str, Any]:
    share = row["good"] / row["judged"] if row["judged"] else None
    told = f"{share:.0%} of {row['judged']:,}" if share is not None else f"not judged, {row['asked']:,} calls"
    return {"label": row["model"], "width": f"{100 * (share or 0):.1f}", "told": told, "look": ""}


def _agent(row: dict[str, Any]) -> dict[str, Any]:
    mean = row["confidence"]
    look = "low" if mean < LOW_CONFIDENCE else "fine"
    return {
        "label": row["agent"],
        "width": f"{10 * mean:.1f}",
        "told": f"{mean:.1f} in {row['steps']:,}",
        "look": look,
    }


def _execution(row: Any) -> dict[str, Any]:
    return {
        "row": row,
        "state": badge(row.state),
        "confidence": confidence(row.confidence),
        "cost": format_usd(row.cost_micros),
        "took": between(row.started, row.finished),
    }
