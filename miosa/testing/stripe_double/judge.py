"""Stripe's document as the judge of every request of the SDK and every answer of the double.

It is made stricter in memory only: a parameter that the document does not name is a fault.
"""

import copy
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from openapi_schema_validator import OAS30Validator

from miosa.testing.stripe_double.document import document
from miosa.testing.stripe_double.forms import typed, unflattened

REF = "#/components/schemas/"
# Parameters of the SDK's version that the document, one version older, does not have, each with its reason.
NEWER: frozenset[str] = frozenset()


class Judged:
    """One operation of the document."""

    def __init__(self, method: str, path: str, operation: Mapping[str, Any]) -> None:
        self.method, self.path = method, path
        names = re.findall(r"{([^}]*)}", path)
        self.shape = re.compile(re.sub(r"\\{[^}]*\\}", "([^/]+)", re.escape(path)))
        self.loose = len(names)
        self.query = _query(operation)
        self.body = _body(operation)
        self._answer = operation["responses"]["200"]["content"]["application/json"]["schema"]

    def request(self, query: str, body: str) -> tuple[dict[str, Any], str]:
        """Return the parameters, typed, and what is wrong with them, "" where nothing is."""
        schema = self.body if self.method == "POST" else self.query
        try:
            given = typed(unflattened(body if self.method == "POST" else query), schema)
        except ValueError as error:
            return {}, str(error)
        complaints = [_words(error) for error in OAS30Validator(schema).iter_errors(given)]
        return given, "; ".join(complaints)

    def answer(self, content: Any) -> str:
        """Return what is wrong with an answer of the double itself."""
        whole = {**self._answer, "components": document()["components"]}
        return "; ".join(_words(error) for error in OAS30Validator(whole).iter_errors(content))


def judged(method: str, path: str) -> Judged | None:
    """Return the operation a request is for; of several that fit, the one that names most of the path."""
    fits = [one for one in _operations() if one.method == method and one.shape.fullmatch(path)]
    return min(fits, key=lambda one: one.loose, default=None)


def filled(schema: str, **known: Any) -> dict[str, Any]:
    """Return an object with what is known, and the least that the document requires of it besides."""
    return _object(_resolved({"$ref": f"{REF}{schema}"}), known)


def _object(schema: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    inner = schema.get("properties", {})
    missing = [name for name in schema.get("required", ()) if name not in known]
    given = {name: _whole(inner.get(name, {}), value) for name, value in known.items()}
    return given | {name: _least(inner[name]) for name in missing}


def _whole(schema: Mapping[str, Any], value: Any) -> Any:
    """What is known of an inner object may be half of it."""
    schema = _resolved(schema)
    if isinstance(value, dict) and "properties" in schema:
        return _object(schema, value)
    return value


def _least(schema: Mapping[str, Any]) -> Any:
    schema = _resolved(schema)
    if schema.get("nullable"):
        return None
    if "anyOf" in schema and "properties" not in schema:
        return _least(schema["anyOf"][0])
    if schema.get("type") == "object" or "properties" in schema:
        return _object(schema, {})
    if "enum" in schema:
        return schema["enum"][0]
    return {"string": "", "integer": 0, "number": 0, "boolean": False, "array": []}[
        schema.get("type", "string")
    ]


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].removeprefix(REF)]
    return schema


@cache
def _operations() -> tuple[Judged, ...]:
    return tuple(_found())


def _found() -> Iterator[Judged]:
    for path, operations in document()["paths"].items():
        for method in ("get", "post", "delete"):
            operation = operations.get(method)
            content = operation and operation["responses"].get("200", {}).get("content", {})
            if content and "application/json" in content and path.startswith("/v1"):
                yield Judged(method.upper(), path, operation)


def _query(operation: Mapping[str, Any]) -> dict[str, Any]:
    named = [one for one in operation.get("parameters", ()) if one["in"] == "query"]
    body = _body(operation)  # DELETE sends what others post in its query
    return {
        "type": "object",
        "properties": body["properties"] | {one["name"]: closed(one["schema"]) for one in named},
        "required": [one["name"] for one in named if one.get("required")],
        "additionalProperties": False,
    }


def _body(operation: Mapping[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    schema: Mapping[str, Any] = next((one["schema"] for one in content.values()), {})
    found: dict[str, Any] = closed(schema)
    return found | {
        "type": "object",
        "properties": found.get("properties", {}),
        "additionalProperties": False,
    }


def closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema whose objects take no member that they do not name."""
    strict = copy.deepcopy(dict(schema))
    _close(strict)
    return strict


def _close(node: Any) -> None:
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict) and "type" in node:
            node.setdefault("additionalProperties", False)
        for inner in node.values():
            _close(inner)
    elif isinstance(node, list):
        for inner in node:
            _close(inner)


def _words(error: Any) -> str:
    where = "/".join(str(part) for part in error.absolute_path)
    best = min(error.context, key=lambda one: len(one.message), default=error) if error.context else error
    return f"{where}: {best.message}"[:300]
