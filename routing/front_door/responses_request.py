"""A request of OpenAI's Responses wire as one of the chat wire; what cannot be had here is refused by name."""

from collections.abc import Callable, Mapping
from typing import Any

from routing.front_door.refusals import Refusal

# Fields that mean the same on both wires.
SAME = ("model", "stream", "temperature", "top_p", "parallel_tool_calls", "user", "top_logprobs", "miosa", "seed",
        "metadata", "service_tier", "safety_identifier", "prompt_cache_key", "stop")  # fmt: skip
KNOWN = frozenset(
    {*SAME, "input", "instructions", "tools", "tool_choice", "max_output_tokens", "text", "reasoning", "store",
     "previous_response_id", "conversation", "background", "include", "truncation", "prompt", "stream_options"}
)  # fmt: skip
# Nothing is kept between two calls, so whatever refers to an earlier one has nothing to refer to.
REFUSED: Mapping[str, str] = {
    "previous_response_id": "answers are not kept here: send the whole conversation as `input`",
    "conversation": "conversations are not kept here: send the whole of it as `input`",
    "background": "answers are given at once: use the tasks of the REST API for long work",
    "prompt": "prompts are not kept here: send its text as `instructions`",
}


def as_chat(body: dict[str, Any]) -> dict[str, Any]:
    """Return the chat request that asks the same. Raises Refusal, naming the field."""
    _refuse(body)
    chat = {name: body[name] for name in SAME if body.get(name) is not None}
    chat["messages"] = _messages(body)
    if body.get("max_output_tokens") is not None:
        chat["max_completion_tokens"] = body["max_output_tokens"]
    if body.get("tools"):
        chat["tools"] = [_tool(place, one) for place, one in enumerate(_list(body, "tools"))]
    if body.get("tool_choice") is not None:
        chat["tool_choice"] = _choice(body["tool_choice"])
    if (wanted := _format(body.get("text"))) is not None:
        chat["response_format"] = wanted
    return chat | _extras(body)


def _refuse(body: Mapping[str, Any]) -> None:
    for name, why in REFUSED.items():
        if body.get(name):
            raise Refusal(f"{name} is not supported: {why}.", param=name, code="unsupported_parameter")
    if body.get("store"):
        raise Refusal("store must be false: answers are not kept here.", param="store")
    if unknown := sorted(set(body) - KNOWN):
        raise Refusal(f"There is no field {unknown[0]!r} in a request for a response.", param=unknown[0])


def _extras(body: Mapping[str, Any]) -> dict[str, Any]:
    reasoning, found = body.get("reasoning"), {}
    if isinstance(reasoning, dict) and reasoning.get("effort"):
        found["reasoning_effort"] = reasoning["effort"]
    if "message.output_text.logprobs" in (body.get("include") or ()):
        found["logprobs"] = True
    return found


def _messages(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    given = body.get("input")
    turns: list[dict[str, Any]] = []
    if body.get("instructions"):
        turns.append({"role": "system", "content": body["instructions"]})
    if isinstance(given, str):
        return [*turns, {"role": "user", "content": given}]
    for place, item in enumerate(_list(body, "input")):
        if not isinstance(item, dict):
            raise Refusal(f"input[{place}] must be an object.", param=f"input[{place}]")
        reads = ITEMS.get(item.get("type") or "message")
        if reads is None:
            raise Refusal(
                f"input[{place}] is a {item.get('type')!r}, which is not understood here.",
                param=f"input[{place}]",
            )
        reads(item, turns, f"input[{place}]")
    return turns


def _message(item: Mapping[str, Any], turns: list[dict[str, Any]], where: str) -> None:
    content = item.get("content")
    if isinstance(content, list):
        content = "".join(_part(part, where) for part in content)
    turns.append({"role": item.get("role"), "content": content})


def _part(part: Any, where: str) -> str:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind not in {"input_text", "output_text", "text", "refusal"}:
        raise Refusal(f"{where} holds a part of type {kind!r}: only text is understood here.", param=where)
    return str(part.get("text") or part.get("refusal") or "")


def _call(item: Mapping[str, Any], turns: list[dict[str, Any]], _where: str) -> None:
    """A call of a tool belongs to the turn of the assistant before it, or begins one."""
    call = {
        "id": item.get("call_id"),
        "type": "function",
        "function": {"name": item.get("name"), "arguments": item.get("arguments", "")},
    }
    if turns and turns[-1]["role"] == "assistant":
        turns[-1].setdefault("tool_calls", []).append(call)
    else:
        turns.append({"role": "assistant", "content": None, "tool_calls": [call]})


def _output(item: Mapping[str, Any], turns: list[dict[str, Any]], where: str) -> None:
    said = item.get("output")
    if isinstance(said, list):
        said = "".join(_part(part, where) for part in said)
    turns.append({"role": "tool", "tool_call_id": item.get("call_id"), "content": said})


def _thought(_item: Mapping[str, Any], _turns: list[dict[str, Any]], _where: str) -> None:
    """What a model thought is not given back to it: no provider here takes it in this form."""


ITEMS: Mapping[str, Callable[[Mapping[str, Any], list[dict[str, Any]], str], None]] = {
    "message": _message,
    "function_call": _call,
    "function_call_output": _output,
    "reasoning": _thought,
}


def _tool(place: int, tool: Any) -> dict[str, Any]:
    kind = tool.get("type") if isinstance(tool, dict) else None
    if kind != "function":
        raise Refusal(
            f"tools[{place}] is of type {kind!r}: only functions are called here.",
            param=f"tools[{place}].type",
        )
    names = ("name", "description", "parameters", "strict")
    return {
        "type": "function",
        "function": {name: tool[name] for name in names if tool.get(name) is not None},
    }


def _choice(choice: Any) -> Any:
    if isinstance(choice, dict) and choice.get("type") == "function":
        return {"type": "function", "function": {"name": choice.get("name")}}
    if choice in ("auto", "none", "required"):
        return choice
    raise Refusal("tool_choice must be auto, none, required or a function.", param="tool_choice")


def _format(text: Any) -> dict[str, Any] | None:
    wanted = text.get("format") if isinstance(text, dict) else None
    if not isinstance(wanted, dict) or wanted.get("type") in (None, "text"):
        return None
    if wanted["type"] == "json_schema":
        names = ("name", "schema", "strict", "description")
        return {
            "type": "json_schema",
            "json_schema": {name: wanted[name] for name in names if name in wanted},
        }
    if wanted["type"] == "json_object":
        return {"type": "json_object"}
    raise Refusal(f"text.format is of type {wanted['type']!r}, which is not known.", param="text.format")


def _list(body: Mapping[str, Any], name: str) -> list[Any]:
    value = body.get(name)
    if not isinstance(value, list) or not value:
        raise Refusal(
            f"{name} must be a text or a list with at least one item."
            if name == "input"
            else (f"{name} must be a list."),
            param=name,
        )
    return value
