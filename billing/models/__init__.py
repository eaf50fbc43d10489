"""Tables of what was used and what is left."""

from billing.models.agreement import RATE, Agreement
from billing.models.billing_account import CLOSED, BillingAccount, Standing, StandingChange
from billing.models.budget import Budget
from billing.models.day_budget import DayBudget
from billing.models.grant import Grant
from billing.models.key_budget import KeyBudget
from billing.models.ledger_entry import MONEY_ONLY, LedgerEntry, Meter
from billing.models.meter_event import MeterEvent, UsageToTell
from billing.models.plan_terms import PlanPrice, PlanTerms
from billing.models.posting import Account, Posting
from billing.models.rate import Rate
from billing.models.reconciliation import Reconciliation
from billing.models.reservation import Reservation
from billing.models.spend_alert import AlertKind, SpendAlert, SpendWarning
from billing.models.stripe_call import StripeCall
from billing.models.stripe_event import StripeEvent
from billing.models.subscription import Subscription

__all__ = [
    "CLOSED",
    "MONEY_ONLY",
    "RATE",
    "Account",
    "Agreement",
    "AlertKind",
    "BillingAccount",
    "Budget",
    "DayBudget",
    "Grant",
    "KeyBudget",
    "LedgerEntry",
    "Meter",
    "MeterEvent",
    "PlanPrice",
    "PlanTerms",
    "Posting",
    "Rate",
    "Reconciliation",
    "Reservation",
    "SpendAlert",
    "SpendWarning",
    "Standing",
    "StandingChange",
    "StripeCall",
    "StripeEvent",
    "Subscription",
    "UsageToTell",
]
