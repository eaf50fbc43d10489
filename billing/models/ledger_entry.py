"""One fact of use or money; never changed, never deleted."""

from django.db import models
from django.db.models import F, Q

from tenants.owned import TenantOwned


class Meter(models.TextChoices):
    """What is counted."""

    TOKENS = "tokens"
    EXECUTIONS = "executions"
    SANDBOX_MS = "sandbox_ms"
    BUILD_MS = "build_ms"
    HOSTING_S = "hosting_s"
    EGRESS_BYTES = "egress_bytes"
    MEMORY_ROW_DAYS = "memory_row_days"
    SEAT_DAYS = "seat_days"
    GRANT = "grant"
    EXPIRY = "expiry"
    CORRECTION = "correction"


# What moves money between accounts, and is no use of anything.
MONEY_ONLY = frozenset({Meter.GRANT, Meter.EXPIRY, Meter.CORRECTION})


class LedgerEntry(TenantOwned):
    """`source` and `source_id` name the row that caused the entry: the same cause is counted once.

    Its money stands in its postings. `cost_micros` is what it adds to the account of usage, which the database holds
    against them.
    """

    meter = models.CharField(max_length=16, choices=Meter)
    quantity = models.BigIntegerField(help_text="in the meter's unit; negative in a reversal")
    input_tokens = models.BigIntegerField(null=True, help_text="of the quantity: read, and not from a cache")
    cached_tokens = models.BigIntegerField(null=True, help_text="of the quantity: read from a cache")
    output_tokens = models.BigIntegerField(null=True, help_text="of the quantity: written")
    cost_micros = models.BigIntegerField(
        help_text="micro-dollars charged to the tenant; negative in corrections"
    )
    source = models.CharField(max_length=40)
    source_id = models.CharField(max_length=80)
    execution_id = models.UUIDField(null=True, blank=True)
    model = models.CharField(max_length=80, blank=True)
    agent = models.CharField(max_length=20, blank=True)
    description = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict)
    reverses_id = models.UUIDField(null=True, blank=True, help_text="the entry that this one takes back")
    told = models.BooleanField(
        default=False, db_default=False, help_text="whether the payment service hears of it"
    )
    created = models.DateTimeField(help_text="when it happened: the moment in the books")

    class Meta(TenantOwned.Meta):
        verbose_name_plural = "ledger entries"
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "source", "source_id"], name="ledger_cause_counted_once"
            ),
            models.CheckConstraint(
                condition=Q(output_tokens__isnull=True)
                | Q(quantity=F("input_tokens") + F("cached_tokens") + F("output_tokens")),
                name="ledger_tokens_add_up",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "created"], name="ledger_by_time"),
            models.Index(fields=["tenant", "execution_id"], name="ledger_by_execution"),
        ]

    def __str__(self) -> str:
        return f"{self.meter} {self.quantity}"
