"""What a comparison of the books with everything else found; the platform's, no tenant's."""

from typing import Any, ClassVar

from django.db import models
from uuid_utils.compat import uuid7


class Reconciliation(models.Model):
    """One run of `ledger verify`: each pair of sums, and the first differences."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    started = models.DateTimeField()
    finished = models.DateTimeField()
    sums = models.JSONField()
    differences = models.JSONField(help_text="the first hundred")
    number = models.PositiveIntegerField(help_text="how many differences there are")

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering = ("-started",)

    def __str__(self) -> str:
        return f"{self.started:%Y-%m-%d %H:%M}: {self.number or 'no'} differences"
