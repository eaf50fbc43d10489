"""What a unit of use costs from one moment on."""

from typing import Any, ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from billing.rates import UNITS


class Rate(models.Model):
    """The price of one unit from `effective` on, until the next row of the same name. The platform's; no tenant's."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=40, choices=[(name, unit) for name, unit in UNITS.items()])
    effective = models.DateTimeField(help_text="UTC; this price counts from then on")
    price_micros = models.BigIntegerField(
        validators=[MinValueValidator(0)], help_text="micro-dollars for one unit"
    )
    created = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "effective"], name="rate_from_one_moment"),
            models.CheckConstraint(condition=Q(price_micros__gte=0), name="rate_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{UNITS.get(self.name, self.name)} from {self.effective:%Y-%m-%d}"
