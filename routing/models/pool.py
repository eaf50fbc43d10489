"""Counts that all tenants share who agreed to: numbers by kind of task and model, never a text and never a topic."""

from django.db import models

from tenants.owned import TenantOwned


class PoolShare(TenantOwned):
    """What one tenant has put into the pool: it takes this out again before it learns from the others."""

    task_kind = models.CharField(max_length=16)
    model = models.CharField(max_length=80)
    requests = models.PositiveBigIntegerField()
    successes = models.DecimalField(max_digits=16, decimal_places=4)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "task_kind", "model"], name="one_pool_share_per_cell"),
        ]

    def __str__(self) -> str:
        return f"{self.model} on {self.task_kind}"


class PooledCell(models.Model):
    """The sum over all shares. One table for everybody, silos too: written by the platform, read by all."""

    id = models.TextField(primary_key=True, help_text="task kind and model")
    task_kind = models.CharField(max_length=16)
    model = models.CharField(max_length=80)
    requests = models.PositiveBigIntegerField()
    successes = models.DecimalField(max_digits=16, decimal_places=4)

    class Meta:
        managed = False  # its migration makes it in the shared schema alone
        db_table = '"public"."routing_pooledcell"'

    def __str__(self) -> str:
        return f"{self.model} on {self.task_kind}"
