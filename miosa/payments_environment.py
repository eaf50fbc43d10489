"""The variables of payments: Stripe, and how patient we are."""

from dataclasses import dataclass

from miosa import variable_checks as check
from miosa.variable_field import variable


@dataclass(frozen=True, kw_only=True)
class PaymentsEnvironment:
    """What `Environment` knows about payments; docs/billing.md says what each means."""

    stripe_secret_key: str = variable(
        "STRIPE_SECRET_KEY",
        check.key,
        secret=True,
        present="usage is told to Stripe, plans and credit can be bought",
        absent="the ledger keeps counting, no invoices are made",
    )
    stripe_webhook_secret: str = variable("STRIPE_WEBHOOK_SECRET", check.key, secret=True)
    stripe_api_base: str = variable("STRIPE_API_BASE", check.url("https", "http"), "https://api.stripe.com")
    stripe_tax: bool = variable("MIOSA_STRIPE_TAX", check.flag, default=False)
    grace_days: int = variable("MIOSA_GRACE_DAYS", check.number(0, 90), 14)
