"""A question to the catalogue: one line for each thing that was looked at, with what is wrong about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """A table, an index, a role ...; `wrong` is empty where nothing is."""

    name: str
    wrong: str


@dataclass(frozen=True, slots=True)
class Check:
    """`query` returns (name, whether it is as it should be); `wrong` says what it is otherwise.

    `parameters` are names that the query is given, such as those of known exceptions. `may_be_empty`: there need not
    be anything to look at; any other check that finds nothing has looked at nothing, and that is a fault itself.
    """

    name: str
    query: str
    wrong: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    may_be_empty: bool = False


def lines(check: Check, cursor: Any) -> list[Line]:
    """Ask the database of `cursor`; at least one line, sorted by name."""
    cursor.execute(check.query, dict(check.parameters) or None)
    found = [Line(str(name), "" if fine else check.wrong) for name, fine in cursor.fetchall()]
    if not found:
        return [Line(check.name, "" if check.may_be_empty else "there was nothing to look at")]
    return sorted(found, key=lambda line: line.name)
