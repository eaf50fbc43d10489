"""A caller's own chat request as one provider wants it: the fields are the caller's, only what differs is changed."""

import json
from collections.abc import Mapping
from typing import Any

from routing.catalog import Model
from routing.providers.schemas import CONSTRAINED, is_strict

MAX_OUTPUT = ("max_completion_tokens", "max_tokens")
SAMPLING = ("temperature", "top_p", "presence_penalty", "frequency_penalty", "top_k", "min_p")
REASONING = ("reasoning_content", "reasoning")


def schema_wanted(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the JSON schema that an answer shall fit, where one is given."""
    wanted = body.get("response_format")
    if not isinstance(wanted, Mapping) or wanted.get("type") != "json_schema":
        return None
    schema = (wanted.get("json_schema") or {}).get("schema")
    return schema if isinstance(schema, Mapping) else None


def unseen_to(model: Model, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the schema that an answer shall fit where this model's decoding does not see to it."""
    schema = schema_wanted(body)
    if schema is None or model.json == "grammar":
        return None
    strictly = model.json == "strict" and body["response_format"]["json_schema"].get("strict")
    return None if strictly and is_strict(schema) else schema


def formatted(model: Model, body: dict[str, Any]) -> None:
    """Ask for JSON in the way this model understands: by its decoding, or in words where it has none."""
    schema = schema_wanted(body)
    if schema is None:
        return
    if model.json in CONSTRAINED:
        inner = body["response_format"]["json_schema"]
        if model.json == "strict" and inner.get("strict") and not is_strict(schema):
            body["response_format"] = {"type": "json_schema", "json_schema": {**inner, "strict": False}}
        return
    told = json.dumps(schema, ensure_ascii=False)
    words = f"Answer with one JSON object and nothing around it. It must fit this JSON schema: {told}"
    body["messages"] = [{"role": "system", "content": words}, *body["messages"]]
    if model.json == "object":
        body["response_format"] = {"type": "json_object"}
    else:
        del body["response_format"]


def turns(messages: list[dict[str, Any]], *, keeps_reasoning: bool) -> list[dict[str, Any]]:
    """Return the conversation: `developer` is `system` everywhere here, and thoughts go only to who wants them back."""
    return [_turn(one, keeps_reasoning) for one in messages]


def _turn(turn: dict[str, Any], keeps_reasoning: bool) -> dict[str, Any]:
    if turn["role"] == "developer":
        turn = {**turn, "role": "system"}
    if not keeps_reasoning and any(name in turn for name in REASONING):
        turn = {name: value for name, value in turn.items() if name not in REASONING}
    return turn


def left_out(body: dict[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    """Take fields out of a request; return those that were there: the caller is told."""
    found = tuple(name for name in names if body.get(name) is not None)
    for name in names:
        body.pop(name, None)
    return found
