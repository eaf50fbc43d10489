"""The page of revenue: what a month earned, by what and by whom, against what providers ask for."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from billing.margin import OVERAGE, Margin, margins
from billing.models import Grant
from billing.money import format_usd
from miosa.drawing.bar import Bar, bars, stacked_bar
from tenants.models import Tenant

NEEDED = ("billing.view_ledgerentry", "billing.view_billingaccount")
MONTHS = 6
MOST_TENANTS = 200
USD = 1_000_000


def revenue_page(request: HttpRequest, model_admin: Any) -> HttpResponse:
    """Show the month of `?month=2026-03`, the running one by default, and the months before it."""
    if not request.user.has_perms(NEEDED):
        raise PermissionDenied
    months = _months(datetime.now(UTC).date())
    month = next((one for one in months if f"{one:%Y-%m}" == request.GET.get("month")), months[-1])
    found = {one: margins(one) for one in months}
    rows = found[month]
    names = dict(Tenant.objects.filter(pk__in=[row.tenant for row in rows]).values_list("pk", "name"))
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Revenue",
        "month": month,
        "months": [{"value": f"{one:%Y-%m}", "name": f"{one:%B %Y}", "here": one == month} for one in months],
        "figures": _figures(rows),
        "earned_by_month": _drawn("Earned by month", found, lambda row: row.earned),
        "asked_by_month": _drawn(
            "Asked by providers, by month", found, lambda row: sum(row.provider.values())
        ),
        "parts": stacked_bar(_parts(rows), title=f"What paid for {month:%B %Y}"),
        "tenants": [
            _shown(row, {str(pk): name for pk, name in names.items()}) for row in rows[:MOST_TENANTS]
        ],
        "cut": MOST_TENANTS if len(rows) > MOST_TENANTS else None,
    }
    return TemplateResponse(request, "admin/billing/revenue.html", context)


def _months(today: date) -> list[date]:
    """The last months, the oldest first."""
    found = [today.replace(day=1)]
    while len(found) < MONTHS:
        found.insert(0, (found[0] - timedelta(days=1)).replace(day=1))
    return found


def _figures(rows: Sequence[Margin]) -> list[dict[str, str]]:
    earned, asked = sum(row.earned for row in rows), sum(sum(row.provider.values()) for row in rows)
    share = f"{(earned - asked) / earned:.0%}" if earned else "–"
    fees = sum(row.fee for row in rows)
    told = (
        ("Earned", format_usd(earned), f"{format_usd(fees)} of it by plans", "payments"),
        ("Asked by providers", format_usd(asked), "all tries, used or not", "call_made"),
        ("Margin", format_usd(earned - asked), f"{share} of what was earned", "balance"),
        (
            "Tenants at a loss",
            f"{sum(row.margin < 0 for row in rows):,}",
            f"of {len(rows):,} that used or paid",
            "trending_down",
        ),
    )
    return [dict(zip(("name", "value", "told", "icon"), one, strict=True)) for one in told]


def _drawn(title: str, found: dict[date, list[Margin]], amount: Any) -> Any:
    sums = {month: sum(amount(row) for row in rows) for month, rows in found.items()}
    return bars(
        [Bar(f"{month:%b %Y}", micros / USD, f"${micros / USD:,.2f}") for month, micros in sums.items()],
        title=title,
    )


def _parts(rows: Sequence[Margin]) -> list[Bar]:
    """What is earned first, then what is given."""
    used = {kind: sum(row.used.get(kind, 0) for row in rows) for kind in (*Grant.Kind.values, OVERAGE)}
    named = [
        ("Plans", sum(row.fee for row in rows)),
        ("Packs used", used[Grant.Kind.PREPAID]),
        ("Overage", used[OVERAGE]),
        ("Allowances, given", used[Grant.Kind.ALLOWANCE]),
        ("Promotions, given", used[Grant.Kind.PROMOTION]),
    ]
    return [Bar(name, micros / USD, format_usd(micros)) for name, micros in named]


def _shown(row: Margin, names: dict[str, str]) -> dict[str, Any]:
    return {
        "id": row.tenant,
        "name": names.get(row.tenant, row.tenant),
        "fee": format_usd(row.fee),
        "earned": format_usd(row.earned),
        "given": format_usd(row.used.get(Grant.Kind.ALLOWANCE, 0) + row.used.get(Grant.Kind.PROMOTION, 0)),
        "asked": format_usd(sum(row.provider.values())),
        "margin": format_usd(row.margin),
        "loss": row.margin < 0,
    }
