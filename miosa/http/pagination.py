"""Lists in pages: newest first, `{"items": [...], "next": url|null}`, with a cursor that new rows do not shift."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db.models import Field, Model, Q
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from miosa.http.problem import BadParameter

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
SEPARATOR = "|"


class CreatedCursorPagination(BasePagination):
    """Pages of rows ordered by (created, id), both descending.

    The cursor holds the last row of the page before; a subclass names other fields in `ordering`
    (an aware date and time, then a unique one).
    """

    ordering = ("created", "id")
    next_url: str | None = None

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        """The rows of `queryset` on the page `request` asks for. Raises BadParameter for a bad limit or cursor."""
        del view  # part of REST framework's signature
        limit = read_limit(request.query_params)
        rows = queryset.order_by(*(f"-{name}" for name in self.ordering))
        if cursor := request.query_params.get("cursor"):
            rows = rows.filter(self._after(cursor, queryset.model))
        page = list(rows[: limit + 1])
        if len(page) > limit:
            page.pop()
            self.next_url = replace_query_param(
                request.build_absolute_uri(), "cursor", self._cursor_of(page[-1])
            )
        return page

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"items": data, "next": self.next_url})

    def get_paginated_response_schema(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """What drf-spectacular writes into the OpenAPI document."""
        return {
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": schema,
                "next": {
                    "type": "string",
                    "format": "uri",
                    "nullable": True,
                    "description": "The next page; null on the last one.",
                },
            },
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        del view  # part of REST framework's signature
        limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
        return [
            _parameter("limit", limit, "Rows on a page."),
            _parameter("cursor", {"type": "string"}, "Taken from `next` of the page before."),
        ]

    def _cursor_of(self, row: Model) -> str:
        created, key = (getattr(row, name) for name in self.ordering)
        text = f"{created.isoformat()}{SEPARATOR}{key}"
        return urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def _after(self, cursor: str, model: type[Model]) -> Q:
        created, key = self._position(cursor, model)
        name, key_name = self.ordering
        # The first term alone lets an index on (created, id) find the start; the second breaks ties.
        ties = Q(**{f"{name}__lt": created}) | Q(**{f"{key_name}__lt": key})
        return Q(**{f"{name}__lte": created}) & ties

    def _position(self, cursor: str, model: type[Model]) -> tuple[datetime, Any]:
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            text = urlsafe_b64decode(padded.encode("ascii")).decode().replace("\0", "")
            created, _, key = text.partition(SEPARATOR)
            unique = cast("Field[Any, Any]", model._meta.get_field(self.ordering[1]))
            return datetime.fromisoformat(created).astimezone(UTC), unique.to_python(key)
        except (ValueError, OverflowError, ValidationError):
            raise BadParameter(
                "This cursor is not one of ours; take it unchanged from `next`.", parameter="cursor"
            ) from None


def read_limit(query: Mapping[str, str]) -> int:
    """`?limit=`: a whole number from 1 to MAX_LIMIT. Raises BadParameter."""
    text = query.get("limit", str(DEFAULT_LIMIT))
    limit = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_LIMIT)) else 0
    if not 1 <= limit <= MAX_LIMIT:
        raise BadParameter(f"limit is a whole number from 1 to {MAX_LIMIT}.", parameter="limit")
    return limit


def _parameter(name: str, schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}
