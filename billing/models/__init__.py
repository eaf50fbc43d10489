"""Tables of what was used and what is left."""

from billing.models.budget import Budget
from billing.models.key_budget import KeyBudget
from billing.models.ledger_entry import LedgerEntry, Meter
from billing.models.reservation import Reservation
from billing.models.subscription import Subscription

__all__ = ["Budget", "KeyBudget", "LedgerEntry", "Meter", "Reservation", "Subscription"]
