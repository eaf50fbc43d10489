"""How an answer in JSON is asked for: constrained decoding where a model has it, words where it has not."""

import json
from collections.abc import Mapping
from typing import Any

from routing.catalog import Model
from routing.messages import Prompt

CONSTRAINED = frozenset({"schema", "strict", "grammar"})
SCHEMA_NAME = "answer"


def format_of(model: Model, prompt: Prompt) -> dict[str, Any]:
    """The fields of the request that ask for JSON; empty where no schema is wanted or the model knows no such field."""
    schema = prompt.response_schema
    if schema is None or model.json == "none":
        return {}
    if model.json == "object":
        return {"response_format": {"type": "json_object"}}
    strict = model.json == "grammar" or (model.json == "strict" and is_strict(schema))
    wanted = {"name": SCHEMA_NAME, "schema": dict(schema), "strict": strict}
    return {"response_format": {"type": "json_schema", "json_schema": wanted}}


def instruction_for(model: Model, prompt: Prompt) -> str:
    """What the model must be told in words, because it takes no schema; '' where nothing."""
    if prompt.response_schema is None or model.json in CONSTRAINED:
        return ""
    schema = json.dumps(prompt.response_schema, ensure_ascii=False)
    return f"Answer with one JSON object and nothing around it. It must fit this JSON schema: {schema}"


def is_strict(schema: Any) -> bool:
    """Whether strict decoding takes it: every object lists all its properties as required and allows no others."""
    if isinstance(schema, list):
        return all(is_strict(part) for part in schema)
    if not isinstance(schema, Mapping):
        return True
    properties = schema.get("properties", {})
    if schema.get("type") == "object" or properties:
        closed = schema.get("additionalProperties") is False
        if not closed or set(schema.get("required", ())) != set(properties):
            return False
    inner = (schema.get(name) for name in ("items", "anyOf", "allOf", "oneOf"))
    named = (schema.get(name, {}) for name in ("properties", "$defs", "definitions"))
    return all(map(is_strict, inner)) and all(is_strict(list(table.values())) for table in named)
