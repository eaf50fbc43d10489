"""One fact of use or money; never changed, never deleted."""

from django.db import models

from tenants.owned import TenantOwned


class Meter(models.TextChoices):
    """What is counted."""

    TOKENS = "tokens"
    EXECUTIONS = "executions"
    SANDBOX_MS = "sandbox_ms"
    CORRECTION = "correction"


class LedgerEntry(TenantOwned):
    """`source` and `source_id` name the row that caused the entry: the same cause is counted once."""

    meter = models.CharField(max_length=16, choices=Meter)
    quantity = models.BigIntegerField(help_text="in the meter's unit")
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
    created = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        verbose_name_plural = "ledger entries"
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "source", "source_id"], name="ledger_cause_counted_once"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "created"], name="ledger_by_time"),
            models.Index(fields=["tenant", "execution_id"], name="ledger_by_execution"),
        ]

    def __str__(self) -> str:
        return f"{self.meter} {self.quantity}"
