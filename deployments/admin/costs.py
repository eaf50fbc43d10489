"""What a service or a deployment cost: the ledger's entries that name it, by meter."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Sum

from billing.models import LedgerEntry
from billing.money import format_usd
from deployments.pages.picture import span_told

METERS = {
    "build_ms": "Building",
    "hosting_s": "Hosting",
    "egress_bytes": "Traffic out",
    "sandbox_ms": "Sandbox",
}
_KILO = 1000
_UNITS = ("B", "kB", "MB", "GB", "TB")


def costs_of(**named: object) -> dict[str, Any]:
    """Return lines and total of the entries whose details hold these ids; times and bytes in words."""
    details = {f"details__{name}": str(value) for name, value in named.items()}
    rows = LedgerEntry.objects.filter(meter__in=METERS, **details)
    return told(rows.values_list("meter").annotate(Sum("quantity"), Sum("cost_micros")))


def told(rows: Iterable[tuple[str, int, int]]) -> dict[str, Any]:
    """Return what a page shows of (meter, quantity, cost); the meters in their order."""
    found = {meter: (quantity, cost) for meter, quantity, cost in rows}
    lines = [
        {"name": name, "quantity": _quantity(meter, found[meter][0]), "cost": format_usd(found[meter][1])}
        for meter, name in METERS.items()
        if meter in found
    ]
    return {"lines": lines, "total": format_usd(sum(cost for _quantity, cost in found.values()))}


def _quantity(meter: str, amount: int) -> str:
    if meter == "egress_bytes":
        return size_told(amount)
    return span_told(timedelta(milliseconds=amount) if meter.endswith("_ms") else timedelta(seconds=amount))


def size_told(amount: float) -> str:
    """Bytes for people."""
    unit = 0
    while amount >= _KILO and unit < len(_UNITS) - 1:
        amount, unit = amount / _KILO, unit + 1
    return (
        f"{amount:.0f}\N{NO-BREAK SPACE}{_UNITS[unit]}"
        if not unit
        else f"{amount:.1f}\N{NO-BREAK SPACE}{_UNITS[unit]}"
    )
