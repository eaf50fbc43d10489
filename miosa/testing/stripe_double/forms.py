"""Form bodies as Stripe takes them: `a[b][0][c]=1` is {"a": {"b": [{"c": "1"}]}}, then typed by the schema."""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl

PART = re.compile(r"\[([^\]]*)\]")


def unflattened(text: str) -> dict[str, Any]:
    """Return the tree that a form or query describes."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head, _, rest = name.partition("[")
        path = [head, *PART.findall(f"[{rest}" if rest else "")]
        node = tree
        for part, then in pairwise(path):
            node = node.setdefault(part or str(len(node)), {})
            if not isinstance(node, dict):
                raise ValueError(f"{name}: {then} of a plain value")  # noqa: TRY004  (a form is wrong, no type)
        node[path[-1] or str(len(node))] = value
    return {name: _lists(value) for name, value in tree.items()}


def _lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    inner = {name: _lists(value) for name, value in node.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def typed(value: Any, schema: Mapping[str, Any]) -> Any:
    """Return a value with the types that the schema asks for; what does not fit stays text, for the judge to refuse."""
    for choice in schema.get("anyOf", ()):
        found = typed(value, choice)
        if found != value or _fits(found, choice):
            return found
    kind = schema.get("type")
    if kind == "object" and isinstance(value, dict):
        known, other = schema.get("properties", {}), schema.get("additionalProperties")
        rest = other if isinstance(other, Mapping) else {}
        return {name: typed(inner, known.get(name, rest)) for name, inner in value.items()}
    if kind == "array" and isinstance(value, list):
        return [typed(inner, schema.get("items", {})) for inner in value]
    return _plain(value, kind)


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    kinds = {
        "string": str,
        "integer": int,
        "boolean": bool,
        "object": dict,
        "array": list,
        "number": (int, float),
    }
    if "enum" in schema and value not in schema["enum"]:
        return False
    return isinstance(value, kinds.get(schema.get("type", ""), object))


def _plain(value: Any, kind: Any) -> Any:
    if kind == "integer" and isinstance(value, str) and re.fullmatch(r"-?\d+", value):
        return int(value)
    if kind == "number" and isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value):
        return float(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    return value
