"""The page of usage: a tenant's month with its forecast, sorted by one property, each sum with its entries behind it."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from billing import insight
from billing.breakdown import DIMENSIONS, broken_down, written
from billing.models import MONEY_ONLY, Meter
from billing.money import format_usd
from miosa.drawing.bar import Bar, bars
from miosa.pages.rows import as_tenant
from tenants.models import Tenant

NEEDED = "billing.view_ledgerentry"
MONTHS = 12
MOST_ROWS, MOST_BARS = 200, 31
USD = 1_000_000
USED = ",".join(meter for meter in Meter if meter not in MONEY_ONLY)
NONE = "none"  # use that has no value of the property
FILTERS = {
    "meter": "meter__exact",
    "model": "model__exact",
    "agent": "agent__exact",
    "execution": "execution_id__exact",
}


def usage_page(request: HttpRequest, model_admin: Any) -> HttpResponse:
    """Show `?tenant=<id>&by=model&month=2026-03`, each with a default; `format=csv` is all rows as a file."""
    if not request.user.has_perm(NEEDED):
        raise PermissionDenied
    tenants = list(Tenant.objects.order_by("name"))
    tenant = next(
        (one for one in tenants if str(one.pk) == request.GET.get("tenant")), next(iter(tenants), None)
    )
    months = _months(datetime.now(UTC).date())
    month = next((one for one in months if f"{one:%Y-%m}" == request.GET.get("month")), months[0])
    by = next((name for name in DIMENSIONS if name == request.GET.get("by")), "day")
    rows: list[Mapping[str, Any]] = []
    running: Mapping[str, Any] | None = None
    if tenant is not None:
        with as_tenant(tenant):
            rows = broken_down(by, begin=month, end=_after(month))
            running = insight.usage() if month == months[0] else None
    if request.GET.get("format") == "csv":
        name = f"usage by {by} {month:%Y-%m}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(written(rows), content_type="text/csv; charset=utf-8", headers=headers)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Usage",
        "choices": [
            _choice("tenant", "Tenant", [(str(one.pk), one.name) for one in tenants], str(tenant.pk) if tenant else ""),
            _choice("month", "Month", [(f"{one:%Y-%m}", f"{one:%B %Y}") for one in months], f"{month:%Y-%m}"),
            _choice("by", "By", [(name, name) for name in DIMENSIONS], by),
        ],
        "by": by,
        "month": month,
        "figures": _figures(rows, running),
        "drawn": _drawn(rows, by),
        "rows": [_shown(row, by, tenant.pk) for row in rows[:MOST_ROWS]] if tenant else [],
        "cut": MOST_ROWS if len(rows) > MOST_ROWS else None,
        "file": "?" + urlencode({"tenant": tenant.pk if tenant else "", "month": f"{month:%Y-%m}", "by": by, "format": "csv"}),
    }  # fmt: skip
    return TemplateResponse(request, "admin/billing/usage.html", context)


def _months(today: date) -> list[date]:
    """The last months, the running one first."""
    found = [today.replace(day=1)]
    while len(found) < MONTHS:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found


def _after(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def _choice(name: str, title: str, options: list[tuple[str, str]], chosen: str) -> dict[str, Any]:
    shown = [{"value": value, "name": text, "here": value == chosen} for value, text in options]
    return {"name": name, "title": title, "options": shown}


def _figures(rows: list[Mapping[str, Any]], running: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """What was used, and of the running month what is left and what it will have cost."""
    entries = sum(row["entries"] for row in rows)
    told = [
        ("Used", format_usd(sum(row["cost_micros"] for row in rows)), f"{entries:,} entries", "payments"),
        ("Tokens", f"{sum(row['tokens'] for row in rows):,}", "read and written", "notes"),
    ]
    if running is not None:
        left, allowed = running["left_micros"], running["allowance_micros"]
        budget = "no cap" if allowed is None else f"of {format_usd(allowed)}"
        told.append(("Left", "–" if left is None else format_usd(left), budget, "savings"))
        told.append(_foretold(running["forecast"]))
    return [dict(zip(("name", "value", "told", "icon"), one, strict=True)) for one in told]


def _foretold(forecast: Mapping[str, Any]) -> tuple[str, str, str, str]:
    low, high = forecast["low_micros"], forecast["high_micros"]
    sure = (
        f"only {forecast['days_seen']} whole days seen"
        if low is None
        else f"{format_usd(low)} to {format_usd(high)}, {forecast['confidence']:.0%} sure"
    )
    return "At the month's end", format_usd(forecast["expected_micros"]), sure, "trending_up"


def _drawn(rows: list[Mapping[str, Any]], by: str) -> Any:
    shown = [
        Bar(_name(row)[:40], row["cost_micros"] / USD, format_usd(row["cost_micros"]))
        for row in rows[:MOST_BARS]
    ]
    return bars(shown, title=f"Used, by {by}") if shown else ""


def _name(row: Mapping[str, Any]) -> str:
    return str(row["label"] or row["value"] or NONE)


def _shown(row: Mapping[str, Any], by: str, tenant: UUID) -> dict[str, Any]:
    return {
        "name": _name(row),
        "entries_at": _entries(row["value"], by, tenant),
        "cost": format_usd(row["cost_micros"]),
        "tokens": f"{row['tokens']:,}",
        "entries": f"{row['entries']:,}",
    }


def _entries(value: str, by: str, tenant: UUID) -> str:
    """Where the entries of a sum are listed; nowhere for properties the ledger itself has not."""
    asked = {"tenant__id__exact": str(tenant)}
    if by == "day":
        begin = datetime.combine(date.fromisoformat(value), time(), tzinfo=UTC)
        asked |= {
            "created__gte": str(begin),
            "created__lt": str(begin + timedelta(days=1)),
            "meter__in": USED,
        }
    elif by in FILTERS and value:
        asked[FILTERS[by]] = value
    else:
        return ""
    return f"{reverse('admin:billing_ledgerentry_changelist')}?{urlencode(asked)}"
