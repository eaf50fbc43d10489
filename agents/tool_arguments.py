"""Whether the arguments of a tool fit its schema; the schema may come from a foreign server, so it is not trusted either."""

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, UnknownType, best_match
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

MOST_SAID = 300
# What a schema brings about that asks for what cannot be: a type that is none, a multiple of 0, a list that is a number.
BROKEN = (
    SchemaError, UnknownType, Unresolvable, RecursionError, TypeError, AttributeError, ArithmeticError, ValueError,
    LookupError,
)  # fmt: skip
# A foreign pattern could take for ever; what it asks is the server's own to check.
_Validator: Any = extend(Draft202012Validator, {"pattern": None, "patternProperties": None})  # type: ignore[no-untyped-call]


def fault_of(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Return what is wrong with the arguments, "" where they fit. No address in the schema is looked up."""
    try:
        error = best_match(_Validator(schema, registry=Registry()).iter_errors(dict(arguments)))
    except BROKEN as broken:
        return f"The tool's own schema cannot be used: {str(broken)[:MOST_SAID]}"
    if error is None:
        return ""
    where = "/".join(map(str, error.absolute_path)) or "arguments"
    return f"{where}: {error.message[:MOST_SAID]}"
