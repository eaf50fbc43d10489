"""The page of the router: how models do over time, who is asked, what is given up, and whether the judge is right."""

from contextlib import nullcontext
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString

from miosa.drawing.series import Known, series
from miosa.drawing.shares import Whole, stacked_columns, stacked_rows
from miosa.pages.cells import duration
from miosa.pages.rows import as_tenant
from routing import judging
from routing.admin.chosen import Chosen, chosen, looking_at
from routing.pictures.period import Period
from routing.pictures.record import Estimate, ModelRecord, records
from routing.pictures.regret import Regret, regret
from routing.pictures.traffic import Traffic, traffic

NEEDED = ("routing.view_decision", "routing.view_outcome")
WIDE, NARROW = 500, 310  # pixels of a drawing on a desk and on a telephone
DRAWN = 9  # models with a picture of their own


def router_page(request: HttpRequest, model_admin: Any) -> HttpResponse:
    """Show the pictures of one tenant or all."""
    if not request.user.has_perms(NEEDED):
        raise PermissionDenied
    what = chosen(request)
    with looking_at(what.tenant):
        drawn = _drawn(what)
    context = {**model_admin.admin_site.each_context(request), "title": "Router", **what.context(), **drawn}
    return TemplateResponse(request, "admin/routing/router.html", context)


def _drawn(what: Chosen) -> dict[str, Any]:
    found = records(what.period, what.tenant_id)
    spread = traffic(what.period, what.tenant_id)
    given_up = regret(what.period, what.tenant_id)
    return {
        "models": [_model(record, what.period) for record in found[:DRAWN]],
        "undrawn": max(0, len(found) - DRAWN),
        "figures": _figures(found, spread, given_up),
        "traffic": _traffic(spread),
        "regret": _regret(given_up, what.period),
        "agreement": _agreement(what),
    }


def _model(record: ModelRecord, period: Period) -> dict[str, Any]:
    return {
        "name": record.model,
        "told": f"{record.rate:.0%} of {record.n:,}",
        "success": series(
            [_known(one) for one in record.success],
            labels=period.labels,
            title=f"Success of {record.model}",
            highest=1,
            told=lambda share: f"{share:.0%}",
            width=NARROW,
        ),
        "latency": series(
            [_known(one) for one in record.latency_ms],
            labels=period.labels,
            title=f"Latency of {record.model}",
            told=duration,
            width=NARROW,
        ),
    }


def _known(one: Estimate) -> Known:
    return Known(one.value, one.low, one.high, f"of {one.n:,}")


def _traffic(spread: Traffic) -> dict[str, SafeString]:
    over_time = [Whole(label, amounts) for label, amounts in spread.by_bucket]
    by_kind = [Whole(kind, amounts) for kind, amounts in spread.by_kind]
    return {
        f"{name}_{size}": draw(wholes, names=spread.models, title=title, width=width)
        for size, width in (("wide", WIDE), ("narrow", NARROW))
        for name, draw, wholes, title in (
            ("over_time", stacked_columns, over_time, "Share of decisions by model over time"),
            ("by_kind", stacked_rows, by_kind, "Share of decisions by model for each kind of task"),
        )
    }


def _regret(given_up: Regret, period: Period) -> dict[str, SafeString]:
    points = [_known(one) for one in given_up.by_bucket]
    return {
        size: series(points, labels=period.labels, title="Regret of a decision", told=_points, width=width)
        for size, width in (("wide", WIDE), ("narrow", NARROW))
    }


def _points(share: float) -> str:
    return f"{share:.3f}".rstrip("0").rstrip(".") if share else "0"


def _figures(found: list[ModelRecord], spread: Traffic, given_up: Regret) -> list[dict[str, str]]:
    judged, good = sum(record.n for record in found), sum(record.successes for record in found)
    mean = given_up.total / given_up.decisions if given_up.decisions else None
    return [
        _figure("Decisions", f"{spread.total:,}", f"{len(found):,} models spoken of", "alt_route"),
        _figure(
            "Success rate",
            f"{good / judged:.0%}" if judged else "–",
            f"{good:,.0f} of {judged:,} spoken of",
            "check_circle",
        ),
        _figure(
            "Regret of a decision",
            "–" if mean is None else _points(mean),
            f"{given_up.total:,.1f} successes in all, as was believed",
            "trending_down",
        ),
    ]


def _figure(name: str, value: str, told: str, icon: str) -> dict[str, str]:
    return {"name": name, "value": value, "told": told, "icon": icon}


def _agreement(what: Chosen) -> dict[str, Any] | None:
    """How far judge and people agree; None where they never spoke of the same answer."""
    with as_tenant(what.tenant) if what.tenant else nullcontext():
        found = judging.agreement()
    if not found.n or found.share_same is None:
        return None
    return {
        "n": found.n,
        "same": f"{found.share_same:.0%}",
        "interval": f"{found.low:.0%} to {found.high:.0%}",
        "apart": f"{found.mean_abs_difference:.2f}",
        "kappa": "–" if found.kappa is None else f"{found.kappa:.2f}",
    }
