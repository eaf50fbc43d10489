"""At which spending a tenant wants to be warned, and what it was warned of."""

from django.db import models
from django.db.models import Q

from tenants.owned import TenantOwned


class AlertKind(models.TextChoices):
    """What the level of an alert is measured in."""

    SHARE = "share", "percent of the month's budget"
    AMOUNT = "amount", "micro-dollars in the month"


class SpendAlert(TenantOwned):
    """Warns once a month, when what was spent reaches the level."""

    kind = models.CharField(max_length=6, choices=AlertKind)
    level = models.BigIntegerField(help_text="percent, or micro-dollars")
    created = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(fields=["tenant", "kind", "level"], name="spend_alert_once"),
            models.CheckConstraint(condition=Q(level__gt=0), name="spend_alert_of_something"),
        ]

    def __str__(self) -> str:
        return f"{self.level} {self.kind}"


class SpendWarning(TenantOwned):
    """One warning, given once: of an alert's level in a month, or of a day that is unlike the others."""

    class Kind(models.TextChoices):
        SHARE = "share"
        AMOUNT = "amount"
        DAY = "day", "unusual day"

    period = models.DateField(help_text="first day of the month; for an unusual day, that day")
    kind = models.CharField(max_length=6, choices=Kind)
    level = models.BigIntegerField(help_text="percent, micro-dollars, or what is usual at most for a day")
    spent_micros = models.BigIntegerField(help_text="when it was seen")
    cap_micros = models.BigIntegerField(null=True, help_text="the month's budget then")
    created = models.DateTimeField()
    mailed = models.DateTimeField(null=True, help_text="when the letters went out")

    class Meta(TenantOwned.Meta):
        constraints = [
            *TenantOwned.Meta.constraints,
            models.UniqueConstraint(
                fields=["tenant", "period", "kind", "level"],
                condition=~Q(kind="day"),
                name="warned_once_of_a_level",
            ),
            models.UniqueConstraint(
                fields=["tenant", "period"], condition=Q(kind="day"), name="warned_once_of_a_day"
            ),
        ]
        indexes = [
            models.Index(fields=["created"], condition=Q(mailed__isnull=True), name="warnings_to_mail")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.level} of {self.period}"
