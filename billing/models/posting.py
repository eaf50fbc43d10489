"""One movement of money between two accounts of a tenant's books; never changed, never deleted."""

from django.db import models
from django.db.models import F, Q

from billing.models.grant import Grant
from billing.models.ledger_entry import LedgerEntry
from tenants.owned import TenantOwned


class Account(models.TextChoices):
    """The chart of accounts: each tenant's books have these. `CREDITS` is divided by grant."""

    CREDITS = "credits", "Credits"  # liability: what the tenant may still use
    USAGE = "usage", "Usage"  # revenue: what was used
    OVERAGE = "overage", "Overage"  # asset: used beyond all credit, not yet invoiced
    INVOICED = "invoiced", "Invoiced"  # asset: overage that stands on an invoice
    ALLOWANCE = "allowance", "Allowances given"  # expense: part of the plan's price
    PREPAID = "prepaid", "Packs sold"  # asset: paid ahead
    PROMOTION = "promotion", "Promotions given"  # expense
    EXPIRED = "expired", "Expired credit"  # revenue: never used


class Posting(TenantOwned):
    """Debits one account and credits another with the same amount: what does not balance cannot be written down.

    A charge that two grants pay has two postings. `created` is the entry's.
    """

    entry = models.ForeignKey(
        LedgerEntry, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="postings"
    )
    debit = models.CharField(max_length=9, choices=Account)
    credit = models.CharField(max_length=9, choices=Account)
    grant = models.ForeignKey(
        Grant, null=True, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    amount_micros = models.BigIntegerField()
    created = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.CheckConstraint(condition=Q(amount_micros__gt=0), name="posting_of_something"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="posting_between_two_accounts"),
            models.CheckConstraint(
                condition=Q(grant__isnull=False, debit=Account.CREDITS)
                | Q(grant__isnull=False, credit=Account.CREDITS)
                | (Q(grant__isnull=True) & ~Q(debit=Account.CREDITS) & ~Q(credit=Account.CREDITS)),
                name="posting_of_credit_names_grant",
            ),
        ]
        # The only index but the keys: each check of an entry finds its postings here, whatever statistics say.
        indexes = [models.Index(fields=["tenant", "entry"], name="postings_of_entry")]

    def __str__(self) -> str:
        return f"{self.debit} to {self.credit}: {self.amount_micros}"
