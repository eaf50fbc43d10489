"""Invoices and receipts, as Stripe has them: read when somebody looks."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from billing.models import BillingAccount
from billing.payments import door

MOST = 100


def invoices() -> list[dict[str, Any]]:
    """Return the current tenant's invoices, newest first; none where it is no customer. Raises as `door.read`."""
    row: BillingAccount | None = BillingAccount.objects.first()
    if row is None:
        return []
    found = door.read("invoices.list", customer=row.customer, limit=MOST)
    return [told(one) for one in found["data"]]


def told(invoice: Mapping[str, Any]) -> dict[str, Any]:
    """Return an invoice as we tell it: amounts in whole minor units of its currency."""
    return {
        "id": invoice.get("id") or "",
        "number": invoice.get("number") or "",
        "status": invoice.get("status") or "draft",
        "currency": str(invoice["currency"]).upper(),
        "subtotal_minor": invoice["subtotal"],
        "total_minor": invoice["total"],
        "due_minor": invoice["amount_due"],
        "paid_minor": invoice["amount_paid"],
        "period_start": _moment(invoice["period_start"]),
        "period_end": _moment(invoice["period_end"]),
        "created": _moment(invoice["created"]),
        "url": invoice.get("hosted_invoice_url") or "",
        "pdf": invoice.get("invoice_pdf") or "",
        "lines": [_line(line) for line in lines(invoice)],
    }


def lines(invoice: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield every line of an invoice; those that its first page leaves out are read."""
    listed = invoice["lines"]
    if listed.get("has_more") and invoice.get("id"):
        yield from door.read_all("invoices.line_items.list", invoice["id"])
    else:
        yield from listed["data"]


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "description": line.get("description") or "",
        "amount_minor": line["amount"],
        "quantity": line.get("quantity"),
        "period_start": _moment(line["period"]["start"]),
        "period_end": _moment(line["period"]["end"]),
    }


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
