"""One environment variable as a field of a dataclass: its name, how it is checked, what its absence means."""

from collections.abc import Callable
from dataclasses import field
from typing import Any


def variable(
    name: str,
    parse: Callable[[str], Any],
    default: Any = "",
    *,
    secret: bool = False,
    absent: str = "",
    present: str = "",
) -> Any:
    """Describe one field; `present` and `absent` are the sentences shown to the operator."""
    metadata = {"name": name, "parse": parse, "secret": secret, "absent": absent, "present": present}
    return field(default=default, repr=not secret, metadata=metadata)
