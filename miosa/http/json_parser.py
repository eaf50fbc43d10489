"""JSON that can be stored: what PostgreSQL cannot hold, or nobody means, is refused where it comes in."""

import math
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

MAX_DEPTH = 64  # of lists and objects within each other
MAX_VALUES = 20_000  # in all; more is data, and belongs into a text

TOO_DEEP = f"JSON parse error - nested more than {MAX_DEPTH} deep"
TOO_MANY = f"JSON parse error - more than {MAX_VALUES:,} values"
UNSTORABLE = "JSON parse error - a text holds NUL or half of a surrogate pair"
INFINITE = "JSON parse error - a number is too large"


class StorableJSONParser(JSONParser):
    """Refuses with 400 what would fail only at the database: NUL, lone surrogates, infinity; and what is beyond measure."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            content = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError(TOO_DEEP) from None
        if flaw := _flaw(content):
            raise ParseError(flaw)
        return content


def _flaw(content: Any) -> str:
    """Return what is wrong with parsed JSON; empty where nothing is."""
    level, values = [content], 0
    for depth in range(MAX_DEPTH + 1):
        values += len(level)
        if values > MAX_VALUES:
            return TOO_MANY
        if flaw := next(filter(None, map(_flaw_of_one, level)), ""):
            return flaw
        containers = [value for value in level if isinstance(value, list | dict)]
        if depth == MAX_DEPTH and containers:
            return TOO_DEEP
        level = [inner for value in containers for inner in _inside(value)]
    return ""


def _flaw_of_one(value: Any) -> str:
    if isinstance(value, str):
        torn = "\0" in value or any("\ud800" <= character <= "\udfff" for character in value)
        return UNSTORABLE if torn else ""
    return INFINITE if isinstance(value, float) and not math.isfinite(value) else ""


def _inside(value: list[Any] | dict[str, Any]) -> list[Any]:
    return [*value, *value.values()] if isinstance(value, dict) else value
