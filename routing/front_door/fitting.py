"""Answers that shall fit a JSON schema, of models whose decoding does not see to it: looked at before they are passed on.

The schema is the caller's and the answer a model's, so neither may cost much to look at: nothing is fetched, regular
expressions are not run (a bad one takes for ever), and a schema that refers to itself without end is let go.
"""

from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

from routing.front_door.refusals import Refusal
from routing.providers.contract import BrokenAnswer
from routing.providers.outgoing import schema_wanted

MOST_REFERENCES = 2_000  # followed in one look
# Together they keep a look within Python's own limit: where that is passed, what is below jsonschema ends the process.
MOST_INSIDE = 8  # references inside each other
MOST_LEVELS = 64  # of the schema's document
FENCE = "```"
PATTERNS = frozenset({"pattern"})
WIDE = frozenset({"patternProperties", "unevaluatedProperties", "unevaluatedItems"})
OPEN_ENDED = PATTERNS | WIDE | {"additionalProperties"}
# Below these stand schemas by the caller's own names.
NAMED = frozenset({"properties", "$defs", "definitions", "dependentSchemas"})
VALUES = frozenset({"enum", "const", "default", "examples"})

_references: ContextVar[int] = ContextVar("references of one look")
_inside: ContextVar[int] = ContextVar("references inside each other")


class Unfit(BrokenAnswer):
    """The answer came whole and does not fit: worth one more try, and no sign of a provider that is ill."""

    most_tries = 2

    def __init__(self, reason: str) -> None:
        super().__init__(f"the answer does not fit the schema: {reason}"[:300], trips_breaker=False)


class _TooManyReferences(Exception):  # noqa: N818  never seen outside
    """The schema goes on and on."""


def check_schema(body: Mapping[str, Any]) -> None:
    """Raise Refusal where the schema that is asked for is none."""
    wanted = schema_wanted(body)
    if wanted is None:
        return
    try:
        _validator(orjson.dumps(wanted))
    except SchemaError as error:
        told = f"json_schema.schema is no JSON schema: {error.message[:200]}."
        raise Refusal(told, param="response_format") from None


def fit(document: dict[str, Any], schema: Mapping[str, Any]) -> bool:
    """Hold a whole answer to a schema; tell whether it had to be freed from what stood around it. Raises Unfit.

    Only words are looked at: an answer that calls tools or refuses says nothing that could fit, and one that ran out
    of tokens is told apart by its finish reason.
    """
    choice = document["choices"][0]
    turn = choice["message"]
    if turn.get("tool_calls") or turn.get("refusal") or choice.get("finish_reason") == "length":
        return False
    said = turn.get("content") or ""
    value, text = _read(said)
    _hold(value, orjson.dumps(schema))
    turn["content"] = text
    return text is not said


def _read(said: str) -> tuple[Any, str]:
    for text in (said, _freed(said)):
        try:
            return orjson.loads(text), text
        except ValueError:
            continue
    raise Unfit("it is no JSON")


def _freed(said: str) -> str:
    """Return what stands in the first fence, else from the first brace to the last."""
    if FENCE in said:
        return said.split(FENCE)[1].partition("\n")[2]
    return said[said.find("{") : said.rfind("}") + 1]


def _hold(value: Any, schema: bytes) -> None:
    _references.set(MOST_REFERENCES)
    _inside.set(MOST_INSIDE)
    try:
        wrong = next(_validator(schema).iter_errors(value), None)
    except (_TooManyReferences, Unresolvable):
        return  # what cannot be looked at is passed on as it came
    if wrong is not None:
        place = "/".join(map(str, wrong.absolute_path)) or "the whole"
        raise Unfit(f"{place}: {wrong.message}")


@lru_cache(256)
def _validator(schema: bytes) -> Validator:
    content = orjson.loads(schema)
    if _is_deep(content):
        raise SchemaError(f"it has more than {MOST_LEVELS} levels")
    Draft202012Validator.check_schema(content)
    nothing_is_fetched = Registry()
    made: Validator = _Counted(_without_patterns(content), registry=nothing_is_fetched)
    return made


def _is_deep(content: Any) -> bool:
    level = [content]
    for _ in range(MOST_LEVELS):
        inner = [
            part.values() if isinstance(part, dict) else part
            for part in level
            if isinstance(part, dict | list)
        ]
        level = [one for parts in inner for one in parts]
        if not level:
            return False
    return True


def _without_patterns(schema: Any) -> Any:
    """Return a schema that asks no regular expression; what depends on one's answer goes with it."""
    if isinstance(schema, list):
        return [_without_patterns(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    left_out = OPEN_ENDED if WIDE & schema.keys() else PATTERNS
    return {
        name: {inner: _without_patterns(part) for inner, part in value.items()}
        if name in NAMED and isinstance(value, dict)
        else value
        if name in VALUES
        else _without_patterns(value)
        for name, value in schema.items()
        if name not in left_out
    }


def _counted(keyword: str) -> Any:
    usual = Draft202012Validator.VALIDATORS[keyword]

    def look(validator: Any, reference: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
        left, inside = _references.get() - 1, _inside.get() - 1
        if left < 0 or inside < 0:
            raise _TooManyReferences
        _references.set(left)
        _inside.set(inside)
        try:
            yield from usual(validator, reference, instance, schema)
        finally:  # who asks only whether anything is wrong does not read to the end
            _inside.set(inside + 1)

    return look


_extended: Any = extend  # it has no types
_Counted = _extended(Draft202012Validator, {name: _counted(name) for name in ("$ref", "$dynamicRef")})
