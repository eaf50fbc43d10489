"""The admin's pages of money."""

from billing.admin import (
    agreements,
    budgets,
    grants,
    ledger_entries,
    payments,
    price_list,
    subscriptions,
    watching,
)

__all__ = [
    "agreements",
    "budgets",
    "grants",
    "ledger_entries",
    "payments",
    "price_list",
    "subscriptions",
    "watching",
]
