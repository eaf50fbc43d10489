"""A chat request as a request of Anthropic's Messages API."""

import json
from collections.abc import Mapping
from typing import Any

from routing.catalog import Model
from routing.providers.contract import Refused
from routing.providers.outgoing import schema_wanted

# Fields that mean the same there, by both names.
SAME = {"temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "stream": "stream"}
# What does not change what is answered, or is a wish that this provider does not know: the caller is told.
LEFT_OUT = ("seed", "presence_penalty", "frequency_penalty", "logit_bias", "user", "metadata", "service_tier",
            "reasoning_effort", "safety_identifier", "prompt_cache_key", "verbosity", "store")  # fmt: skip
OTHERS = frozenset(
    {"messages", "model", "tools", "tool_choice", "parallel_tool_calls", "stop", "response_format", "stream_options",
     "max_tokens", "max_completion_tokens", "n", "logprobs", "top_logprobs", "modalities"}
)  # fmt: skip
ANSWER = "answer"  # the tool that an answer in JSON is asked for with


def messages_request(
    model: Model, body: Mapping[str, Any], max_output_tokens: int
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the request and the names of the fields that were left out. Raises Refused for what cannot be asked there."""
    unknown = sorted(
        name for name in body if body[name] is not None and name not in {*SAME, *OTHERS, *LEFT_OUT}
    )
    if unknown or body.get("logprobs"):
        raise Refused(
            f"400: {unknown[0] if unknown else 'logprobs'} is not known to this provider", status=400
        )
    system, turns = _turns(body["messages"])
    wanted: dict[str, Any] = {"model": model.id, "max_tokens": max_output_tokens, "messages": turns}
    wanted |= {theirs: body[ours] for ours, theirs in SAME.items() if body.get(ours) is not None}
    schema = schema_wanted(body)
    if schema is not None:
        system.append(
            f"Answer with one JSON object and nothing around it. It must fit this schema: {json.dumps(schema)}"
        )
    if system:
        wanted["system"] = "\n\n".join(system)
    if (stop := body.get("stop")) is not None:
        wanted["stop_sequences"] = [stop] if isinstance(stop, str) else stop
    wanted |= _tools(body)
    return wanted, tuple(name for name in LEFT_OUT if body.get(name) is not None)


def _turns(messages: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    """Return what the system says, and the turns: those of one speaker that follow each other are one."""
    system: list[str] = []
    turns: list[dict[str, Any]] = []
    for message in messages:
        if message["role"] in {"system", "developer"}:
            system.append(_text(message.get("content")))
            continue
        role = "assistant" if message["role"] == "assistant" else "user"
        content = _blocks(message)
        if not content:
            continue
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += content
        else:
            turns.append({"role": role, "content": content})
    return [one for one in system if one], turns


def _blocks(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    text = _text(message.get("content"))
    if message["role"] == "tool":
        return [{"type": "tool_result", "tool_use_id": message.get("tool_call_id", ""), "content": text}]
    blocks: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
    for call in message.get("tool_calls") or ():
        function = call.get("function") or {}
        blocks.append(
            {
                "type": "tool_use",
                "id": call.get("id", ""),
                "name": function.get("name", ""),
                "input": _arguments(function.get("arguments")),
            }
        )
    return blocks


def _arguments(text: Any) -> Any:
    try:
        return json.loads(text or "{}")
    except ValueError:
        raise Refused("400: the arguments of a tool call in messages are no JSON", status=400) from None


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return content or ""


def _tools(body: Mapping[str, Any]) -> dict[str, Any]:
    tools = body.get("tools")
    if not tools:
        return {}
    found: dict[str, Any] = {"tools": [_tool(tool.get("function") or {}) for tool in tools]}
    choice = body.get("tool_choice", "auto")
    if isinstance(choice, dict):
        found["tool_choice"] = {"type": "tool", "name": (choice.get("function") or {}).get("name", "")}
    else:
        found["tool_choice"] = {"type": {"required": "any"}.get(choice, choice)}
    if body.get("parallel_tool_calls") is False and found["tool_choice"]["type"] != "none":
        found["tool_choice"]["disable_parallel_tool_use"] = True
    return found


def _tool(function: Mapping[str, Any]) -> dict[str, Any]:
    schema = function.get("parameters") or {"type": "object", "properties": {}}
    told = {"name": function.get("name", ""), "input_schema": schema}
    return told | ({"description": function["description"]} if function.get("description") else {})
