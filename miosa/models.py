"""What the materialised views hold, as models that only read; `miosa.statistics` keeps them fresh."""

from django.db import models


class Statistic(models.Model):
    """A row of a view in schema `stats`: the current tenant's rows, or everybody's on the platform login."""

    id = models.TextField(primary_key=True)
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    may_lag = True  # a view is older than any replica: `miosa.pg.replica` reads it there

    class Meta:
        abstract = True
        managed = False


class AgentPerformance(Statistic):
    """How an agent has done. Times in milliseconds; `mean_confidence` 0 to 10, None before the first result."""

    agent = models.TextField()
    total = models.BigIntegerField()
    successes = models.BigIntegerField()
    mean_confidence = models.FloatField(null=True)
    mean_ms = models.FloatField(null=True)
    last_finished = models.DateTimeField(null=True)

    class Meta(Statistic.Meta):
        db_table = '"stats"."agent_performance"'
        verbose_name_plural = "agent performance"

    def __str__(self) -> str:
        return self.agent


class ModelPerformance(Statistic):
    """How a model has done on a kind of task. `requests` were judged; `calls` counts every attempt at a provider."""

    model = models.TextField()
    task_kind = models.TextField()
    provider = models.TextField()
    requests = models.BigIntegerField()
    successes = models.BigIntegerField()
    mean_confidence = models.FloatField(null=True)
    mean_latency_ms = models.FloatField(null=True)
    calls = models.BigIntegerField()
    tokens = models.BigIntegerField()
    cost_micros = models.BigIntegerField()

    class Meta(Statistic.Meta):
        db_table = '"stats"."model_performance"'
        verbose_name_plural = "model performance"

    def __str__(self) -> str:
        return f"{self.model} on {self.task_kind}"


class SpendByDay(Statistic):
    """What a day (UTC) cost, in micro-dollars."""

    day = models.DateField()
    cost_micros = models.BigIntegerField()
    tokens = models.BigIntegerField()

    class Meta(Statistic.Meta):
        db_table = '"stats"."spend_by_day"'
        verbose_name_plural = "spend by day"

    def __str__(self) -> str:
        return f"{self.day}"
