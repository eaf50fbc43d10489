"""JSON that can be stored: what PostgreSQL's text cannot hold is refused where it comes in."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

TOO_DEEP = "JSON parse error - nested too deeply"
UNSTORABLE = "JSON parse error - a text holds NUL or half of a surrogate pair"


class StorableJSONParser(JSONParser):
    """Refuses with 400 what would fail only at the database: NUL, lone surrogates, bottomless nesting."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            content = super().parse(stream, media_type, parser_context)
            storable = _is_storable(content)
        except RecursionError:
            raise ParseError(TOO_DEEP) from None
        if not storable:
            raise ParseError(UNSTORABLE)
        return content


def _is_storable(content: Any) -> bool:
    if isinstance(content, str):
        return "\0" not in content and not any("\ud800" <= character <= "\udfff" for character in content)
    if isinstance(content, Mapping):
        return all(_is_storable(name) and _is_storable(value) for name, value in content.items())
    return all(map(_is_storable, content)) if isinstance(content, list) else True
