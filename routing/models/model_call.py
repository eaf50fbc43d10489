"""One attempt at one provider: what it used, what it cost, how it ended."""

from django.db import models

from routing.models.decision import Decision
from tenants.owned import TenantOwned


class ModelCall(TenantOwned):
    """A decision has one call, or more where a provider failed; at most one of them is the winner."""

    decision = models.ForeignKey(
        Decision, on_delete=models.CASCADE, db_constraint=False, related_name="calls", db_index=False
    )
    number = models.PositiveSmallIntegerField(help_text="counts from 1 within the decision")
    model = models.CharField(max_length=80)
    provider = models.CharField(max_length=40)
    winner = models.BooleanField(help_text="its answer was used")
    status = models.PositiveSmallIntegerField(null=True, help_text="HTTP status, empty where none came")
    error = models.CharField(max_length=300, blank=True)
    input_tokens = models.PositiveIntegerField(default=0)
    cached_tokens = models.PositiveIntegerField(default=0, help_text="part of the input tokens")
    output_tokens = models.PositiveIntegerField(default=0)
    estimated = models.BooleanField(default=False, help_text="the provider gave no count")
    cost_micros = models.BigIntegerField(default=0)
    latency_ms = models.PositiveIntegerField(default=0)
    first_token_ms = models.PositiveIntegerField(null=True)
    finish_reason = models.CharField(max_length=20, blank=True)
    created = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "decision", "number"], name="call_number_once"),
        ]
        indexes = [models.Index(fields=["tenant", "model", "created"], name="calls_by_model")]

    def __str__(self) -> str:
        return f"{self.model} #{self.number}"
