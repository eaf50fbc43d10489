"""Checks of what an agent says: each returns the value as what it must be, or raises BadFrame."""

from typing import Any

from deployments.boxes.inside.frames import BadFrame

MOST = 2**63
MOST_TEXT = 8192


def whole(value: Any) -> int:
    """A number that is not absurd."""
    if type(value) is not int or not -MOST < value < MOST:
        raise BadFrame("A number was expected.")
    return value


def text(value: Any) -> str:
    """A text that is not endless; odd bytes of file names stay as surrogates."""
    if not isinstance(value, str) or len(value) > MOST_TEXT:
        raise BadFrame("A text was expected.")
    return value


def fields(value: Any) -> dict[str, Any]:
    """An object."""
    if not isinstance(value, dict):
        raise BadFrame("An object was expected.")
    return value


def rows(value: Any) -> list[Any]:
    """A list."""
    if not isinstance(value, list):
        raise BadFrame("A list was expected.")
    return value


def pid(value: Any, data: bytes) -> int:
    """The answer to a start."""
    return whole(fields(value).get("pid"))


def answer(value: Any, data: bytes) -> dict[str, Any]:
    """An answer that is an object."""
    return fields(value)
