"""The page of the gateway: live, by tenant or over all."""

from contextlib import nullcontext
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from billing.money import format_usd
from miosa.drawing.bar import Bar, bars
from miosa.pages.cells import badge, duration
from miosa.pages.rows import as_tenant
from routing.front_door import application
from routing.pictures import gateway
from routing.pictures.gateway import KeyMonth, ProviderHour
from tenants.models import Tenant

NEEDED = ("routing.view_modelcall", "routing.view_cachedanswer")
NEARLY, OVER = 0.8, 1.0


def gateway_page(request: HttpRequest, model_admin: Any) -> HttpResponse:
    """Show `?tenant=<id>`, or all tenants together."""
    if not request.user.has_perms(NEEDED):
        raise PermissionDenied
    tenants = list(Tenant.objects.order_by("name"))
    tenant = next((one for one in tenants if str(one.pk) == request.GET.get("tenant")), None)
    with as_tenant(tenant) if tenant else nullcontext():
        sums, minutes = gateway.sums(), gateway.minutes()
        providers, budgets = gateway.providers(), gateway.budgets()
    shown = [{"value": "", "name": "All tenants", "here": tenant is None}]
    shown += [{"value": str(one.pk), "name": one.name, "here": one == tenant} for one in tenants]
    breakers = application.breakers()
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Gateway",
        "tenants": shown,
        "figures": _figures(sums, minutes),
        "drawn": bars(
            [Bar(f"{at:%H:%M}", number, str(number)) for at, number in minutes], title="Calls a minute"
        ),
        "providers": [_provider(one, breakers) for one in providers],
        "budgets": [_budget(one) for one in budgets],
        "answers": any(number for _, number in minutes) or bool(providers),
    }
    return TemplateResponse(request, "admin/routing/gateway.html", context)


def _figures(sums: Any, minutes: list[tuple[Any, int]]) -> list[dict[str, str]]:
    now = minutes[-2][1] if len(minutes) > 1 else 0
    told = [
        ("A minute", f"{now:,}", "calls in the last whole minute", "speed"),
        ("Last hour", f"{sums['calls']:,}", f"{sums['tokens']:,} tokens", "forum"),
        ("Cost", format_usd(sums["cost"]), "of the last hour", "payments"),
        ("Saved by the cache", format_usd(sums["saved"]), f"{sums['hits']:,} hits this month", "savings"),
    ]
    return [dict(zip(("name", "value", "told", "icon"), one, strict=True)) for one in told]


def _provider(one: ProviderHour, breakers: dict[tuple[str, str], str]) -> dict[str, Any]:
    state = breakers.get((one.provider, one.model), "closed")
    looks = {"closed": "ready", "open": "failed", "half open": "pending", "rate used up": "pending"}
    return {
        "name": f"{one.provider} · {one.model}",
        "calls": f"{one.calls:,}",
        "errors": f"{one.errors:,}",
        "share": f"{one.errors / one.calls:.0%}" if one.calls else "–",
        "mean": duration(one.mean_ms),
        "breaker": badge(looks[state], text=state),
        "words": one.last_error,
    }


def _budget(one: KeyMonth) -> dict[str, Any]:
    look = "bad" if one.share >= OVER else "low" if one.share >= NEARLY else "good"
    held = f" and {format_usd(one.reserved_micros)} set aside" if one.reserved_micros else ""
    return {
        "label": one.name,
        "look": look,
        "width": round(100 * one.share),
        "told": f"{format_usd(one.spent_micros)}{held} of {format_usd(one.cap_micros)}",
    }
