"""What targets and programs say, in a form PostgreSQL can hold."""

from collections.abc import Mapping, Sequence
from typing import Any

REPLACEMENT = "\ufffd"


def storable(value: Any) -> Any:
    """Return plain JSON: NUL and lone surrogates replaced, unknown objects by their text, no infinite numbers."""
    if isinstance(value, str):
        return value.replace("\0", REPLACEMENT).encode("utf-8", "replace").decode()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, Mapping):
        return {storable(str(name)): storable(one) for name, one in value.items()}
    if isinstance(value, Sequence):
        return [storable(one) for one in value]
    return storable(str(value))
