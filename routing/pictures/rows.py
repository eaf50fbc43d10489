"""The rows a picture is made from: one tenant's or everybody's, of one period, each in its bucket."""

from datetime import UTC
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Sum
from django.db.models.expressions import OuterRef, Subquery
from django.db.models.functions import TruncDay, TruncHour

from routing.models import Decision, Outcome
from routing.pictures.period import HOUR, Period


def decisions(period: Period, tenant_id: UUID | None) -> QuerySet[Any]:
    """Return the decisions made in a period, with the beginning of their `bucket`."""
    rows = _of(tenant_id, Decision.objects.filter(created__gte=period.start, created__lt=period.end))
    found: QuerySet[Any] = rows.annotate(bucket=_bucket(period, "created"))
    return found


def judged(period: Period, tenant_id: UUID | None) -> QuerySet[Any]:
    """Return one row for each decision of a period that anybody spoke of, with the `bucket` of the decision.

    `standing` is the verdict that holds now, 0 to 1: the first word and all corrections of it, however late they came.
    """
    rows = Outcome.objects.filter(
        counts=1, decision__created__gte=period.start, decision__created__lt=period.end
    )
    words = (
        Outcome.objects.filter(tenant=OuterRef("tenant"), decision=OuterRef("decision"))
        .order_by()
        .values("decision")
        .annotate(sum=Sum("credit"))
    )
    found: QuerySet[Any] = _of(tenant_id, rows).annotate(
        bucket=_bucket(period, "decision__created"),
        standing=Subquery(words.values("sum")),
    )
    return found


def _bucket(period: Period, moment: str) -> Any:
    return (TruncHour if period.step == HOUR else TruncDay)(moment, tzinfo=UTC)


def _of(tenant_id: UUID | None, rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(tenant_id=tenant_id) if tenant_id else rows
