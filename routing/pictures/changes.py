"""Changes of standing, each with whether somebody took it back."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from routing.models import Promotion


def changes(rows: QuerySet[Any] | None = None) -> QuerySet[Any]:
    """Return promotions (all that can be seen, or `rows`) with `taken_back`, newest first."""
    back = Promotion.objects.filter(tenant=OuterRef("tenant"), reverts=OuterRef("pk"))
    found: QuerySet[Any] = Promotion.objects.all() if rows is None else rows
    found = found.annotate(taken_back=Exists(back))
    return found.order_by("-created")
