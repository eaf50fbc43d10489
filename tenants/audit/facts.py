"""What goes into an entry: any values as plain JSON without secrets, the same before it is stored and after."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from miosa.http.secrecy import HIDDEN, is_secret_name, without_credentials

CHANGED = "[hidden, changed]"
MOST_CHARACTERS = 4096  # of one text; a longer one is stored as its beginning, its length and its hash
MOST_LEVELS = 8
MOST_ITEMS = 200
EXACT = 2**53  # beyond it JSON readers round


def told(facts: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the mapping as it is stored: plain JSON, secrets hidden by name and by form."""
    return None if facts is None else _mapping(facts, MOST_LEVELS)


def told_both(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return both sides as stored; a hidden value that is another one afterwards says so."""
    then, now = told(before), told(after)
    if before is not None and after is not None and then is not None and now is not None:
        for name in now:
            if now[name] == HIDDEN == then.get(name) and before.get(name) != after.get(name):
                now[name] = CHANGED
    return then, now


def _mapping(values: Mapping[Any, Any], levels: int) -> dict[str, Any]:
    return {_text(str(name)): _value(str(name), value, levels) for name, value in values.items()}


def _value(name: str, value: Any, levels: int) -> Any:
    # Numbers under such names are counts and limits (max_tokens), never the secret itself.
    if value is None or isinstance(value, bool):
        return value
    if is_secret_name(name) and not isinstance(value, int):
        return HIDDEN
    return _plain(value, levels)


def _plain(value: Any, levels: int) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value) if -EXACT < value < EXACT else str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{len(bytes(value))} bytes"
    return _nested(value, levels)


def _nested(value: Any, levels: int) -> Any:
    inside = isinstance(value, Mapping | Sequence | set | frozenset) and not isinstance(value, str)
    if inside and levels == 0:
        return "..."
    if isinstance(value, Mapping):
        return _mapping(value, levels - 1)
    if inside:
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else list(value)
        more = [f"... {len(items) - MOST_ITEMS} more"] if len(items) > MOST_ITEMS else []
        return [_plain(item, levels - 1) for item in items[:MOST_ITEMS]] + more
    # Numbers with a fraction become text: the database would write some of them in another way.
    return _text(str(value))


def _text(text: str) -> str:
    storable = text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
    shown = without_credentials(storable)
    if len(shown) <= MOST_CHARACTERS:
        return shown
    mark = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return f"{shown[: MOST_CHARACTERS // 2]}... ({len(text)} characters, SHA-256 {mark})"
