"""What a plan allowed from one moment on, and what it cost: rows that are added to, so that old periods keep theirs."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from uuid_utils.compat import uuid7

NO_LIMIT = "empty: no limit"
SLUG = RegexValidator(r"^[a-z][a-z0-9-]*$", "A plan's name is small letters, digits and hyphens.")
CURRENCY = RegexValidator(r"^[A-Z]{3}$", "A currency is a code of three capital letters, as in USD.")


class PlanTerms(models.Model):
    """The terms of one plan from `effective` on, until the next row of the same plan. The platform's; no tenant's."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plan = models.CharField(max_length=40, validators=[SLUG])
    effective = models.DateTimeField(help_text="UTC; these terms count from then on")
    name = models.CharField(max_length=60)
    offered = models.BooleanField(default=True, help_text="whether a tenant may choose it by itself")
    trial_days = models.PositiveSmallIntegerField(default=0, help_text="0: no trial")
    allowance_micros = models.BigIntegerField(
        help_text="micro-dollars of use a month that the price includes"
    )
    execution_ceiling_micros = models.BigIntegerField(
        help_text="the most one execution may cost, in micro-dollars"
    )
    executions = models.BigIntegerField(null=True, blank=True, help_text=f"in a month; {NO_LIMIT}")
    seats = models.PositiveIntegerField(null=True, blank=True, help_text=f"members at once; {NO_LIMIT}")
    sandbox_boxes = models.PositiveIntegerField(help_text="at once")
    sandbox_minutes = models.PositiveIntegerField(null=True, blank=True, help_text=f"in a month; {NO_LIMIT}")
    sandbox_memory_mb = models.PositiveIntegerField(help_text="of a box")
    sandbox_hosts = ArrayField(
        models.CharField(max_length=253),
        default=list,
        blank=True,
        help_text="hosts that code in a box may reach, separated by commas; * for any public one; empty: no network",
    )
    services = models.PositiveIntegerField(null=True, blank=True, help_text=f"at once; {NO_LIMIT}")
    deployments = models.PositiveIntegerField(null=True, blank=True, help_text=f"in a day; {NO_LIMIT}")
    hosting_hours = models.PositiveIntegerField(
        null=True, blank=True, help_text=f"of running apps in a month; {NO_LIMIT}"
    )
    egress_gb = models.PositiveIntegerField(
        null=True, blank=True, help_text=f"sent by sites in a month; {NO_LIMIT}"
    )
    app_memory_mb = models.PositiveIntegerField(help_text="the most one app may use")
    storage_mb = models.PositiveIntegerField(
        null=True, blank=True, help_text=f"files of all projects; {NO_LIMIT}"
    )
    created = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        verbose_name_plural = "plan terms"
        constraints = [
            models.UniqueConstraint(fields=["plan", "effective"], name="plan_terms_from_one_moment"),
            models.CheckConstraint(
                condition=Q(
                    execution_ceiling_micros__gt=0, execution_ceiling_micros__lte=F("allowance_micros")
                ),
                name="plan_ceiling_within_allowance",
                violation_error_message="The ceiling of one execution must lie within the allowance.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} from {self.effective:%Y-%m-%d}"


class PlanPrice(models.Model):
    """What terms cost in a currency, by the month or the year."""

    class Interval(models.TextChoices):
        MONTH = "month"
        YEAR = "year"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    terms = models.ForeignKey(PlanTerms, on_delete=models.CASCADE, related_name="prices")
    currency = models.CharField(max_length=3, validators=[CURRENCY])
    interval = models.CharField(max_length=5, choices=Interval)
    amount_minor = models.BigIntegerField(
        validators=[MinValueValidator(0)],
        help_text="in the currency's smallest unit: 1900 is 19.00 USD, or 1,900 JPY",
    )

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["terms", "currency", "interval"], name="one_price_of_terms"),
            models.CheckConstraint(condition=Q(amount_minor__gte=0), name="plan_price_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency} a {self.interval}"
