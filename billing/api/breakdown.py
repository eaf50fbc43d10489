"""What was used by day, meter, model, agent, key, project or execution, as JSON or CSV."""

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.breakdown import DIMENSIONS, LONGEST, broken_down, written
from miosa.http.problem import BadParameter


class UseRowRepresentation(serializers.Serializer[Any]):
    value = serializers.CharField(help_text="of the property; empty: use that has none")
    label = serializers.CharField(  # type: ignore[assignment]  # a field's own label hides nothing here
        help_text="for people; empty where the value says it all"
    )
    cost_micros = serializers.IntegerField()
    tokens = serializers.IntegerField()
    entries = serializers.IntegerField(help_text="ledger entries in this sum")


class CsvRenderer(BaseRenderer):
    """Rows with a header, money in micro-dollars."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        if isinstance(data, Mapping):  # a refusal
            return JSONRenderer().render(data)
        return written(data).encode()


class Breakdown(APIView):
    """Sums of the ledger by one property, the most expensive first (days in their order)."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "usage:read"}
    renderer_classes = (JSONRenderer, CsvRenderer)

    @extend_schema(
        tags=["usage"],
        parameters=[
            OpenApiParameter("by", OpenApiTypes.STR, required=True, description="one of " + ", ".join(sorted({*DIMENSIONS, "project"}))),
            OpenApiParameter("from", OpenApiTypes.DATE, description="first day, UTC; by default the month's first"),
            OpenApiParameter("to", OpenApiTypes.DATE, description="the day after the last; by default tomorrow"),
            OpenApiParameter("format", OpenApiTypes.STR, enum=["json", "csv"]),
        ],
        responses={
            (200, "application/json"): UseRowRepresentation(many=True),
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, "The same rows, with a header."),
        },
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        asked, today = request.query_params, timezone.now().date()
        by = asked.get("by", "")
        if by not in DIMENSIONS:
            raise BadParameter(f"by is one of {', '.join(sorted(DIMENSIONS))}.", parameter="by")
        begin = day_of(asked.get("from"), "from") or today.replace(day=1)
        end = day_of(asked.get("to"), "to") or date.fromordinal(today.toordinal() + 1)
        if not begin < end <= begin + LONGEST:
            raise BadParameter(
                f"to comes after from, and at most {LONGEST.days} days after it.", parameter="to"
            )
        rows = broken_down(by, begin=begin, end=end)
        name = f"usage by {by} {begin} to {end}.csv"
        headers = (
            {"Content-Disposition": f'attachment; filename="{name}"'} if asked.get("format") == "csv" else {}
        )
        return Response(rows, headers=headers)


def day_of(text: str | None, parameter: str) -> date | None:
    """Return a day that was asked for, None where none was; raises BadParameter for what is no day."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadParameter(f"{parameter} is a day, as in 2026-03-01.", parameter=parameter) from None
