"""A chat request, checked: what the router and the budget need to know of it, and the body that goes on.

What the wire knows is checked where a wrong value would cost money or be misunderstood. Every other field goes on as it
is, and a provider that does not know it says so: nothing is dropped in silence.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from routing.front_door.fitting import check_schema
from routing.front_door.refusals import Refusal
from routing.requirement import MODES, TASK_KINDS, TOPIC, Requirement

AUTO = "auto"
DEFAULT_MODE = "balance"
OWN = "miosa"  # the member of a request that is for us, and of an answer that is from us
ROLES = frozenset({"system", "developer", "user", "assistant", "tool"})
MAX_OUTPUT = ("max_completion_tokens", "max_tokens")
USUAL_OUTPUT = 8_192  # tokens, where the caller does not say
BYTES_PER_TOKEN = 3.5
TURN_TOKENS, REQUEST_TOKENS = 16, 64  # what a chat template may add to each turn, and to the whole

# Known to the wire and not to be had here; the reason is what the caller is told.
REFUSED: Mapping[str, str] = {
    "functions": "send `tools` instead",
    "function_call": "send `tool_choice` instead",
    "audio": "only text is answered",
    "prediction": "no provider here takes it",
    "web_search_options": "no provider here searches",
}


class Options(NamedTuple):
    """What the member `miosa` of a request may say."""

    include: bool = False
    task_kind: str = ""
    topic: str = ""
    mode: str = ""


NO_OPTIONS = Options()


class Asked(NamedTuple):
    """`model` is a name to be resolved, '' for the router's choice. `most_input_tokens` is never passed, whatever the text."""

    body: dict[str, Any]
    model: str
    mode: str
    stream: bool
    wants_usage: bool
    max_output_tokens: int | None
    input_tokens: int
    most_input_tokens: int
    options: Options

    def requirement(self) -> Requirement:
        """Return what the router is asked."""
        wanted = self.body.get("response_format")
        return Requirement(
            self.options.task_kind or "chat",
            self.mode,
            self.input_tokens,
            self.max_output_tokens or USUAL_OUTPUT,
            needs_tools=bool(self.body.get("tools")),
            needs_json=isinstance(wanted, dict) and wanted.get("type") in {"json_object", "json_schema"},
            topic=self.options.topic,
        )


def asked(body: dict[str, Any], size: int) -> Asked:
    """Check a request of so many bytes. Raises Refusal, naming the field."""
    options = _options(body.pop(OWN, None))
    for name, why in REFUSED.items():
        if body.get(name) is not None:
            raise Refusal(f"{name} is not supported: {why}.", param=name, code="unsupported_parameter")
    model, mode = named(_text(body, "model"), options)
    turns = _turns(body.get("messages"))
    if body.get("n", 1) not in (None, 1):
        raise Refusal(
            "n must be 1: one answer is given to each request.", param="n", code="unsupported_value"
        )
    stream = _flag(body, "stream")
    check_schema(body)
    told = body.get("stream_options")
    if told is not None and not isinstance(told, dict):
        raise Refusal("stream_options must be an object.", param="stream_options")
    if told is not None and not stream:
        raise Refusal("stream_options is only allowed together with stream.", param="stream_options")
    return Asked(
        body=body,
        model=model,
        mode=mode,
        stream=stream,
        wants_usage=bool(told and told.get("include_usage")),
        max_output_tokens=_max_output(body),
        input_tokens=int(size / BYTES_PER_TOKEN) + turns,
        most_input_tokens=size + TURN_TOKENS * turns + REQUEST_TOKENS,
        options=options,
    )


def named(model: str, options: Options) -> tuple[str, str]:
    """Return the name that is asked for ('' for the router's choice) and the mode."""
    first, _, mode = model.partition(":")
    if first != AUTO:
        return model, options.mode or DEFAULT_MODE
    if mode and mode not in MODES:
        raise Refusal(
            f"There is no mode {mode!r}: ask for {', '.join(f'{AUTO}:{one}' for one in MODES)}, or {AUTO}.",
            param="model",
            status=404,
            code="model_not_found",
        )
    return "", mode or options.mode or DEFAULT_MODE


def json_object(raw: bytes) -> dict[str, Any]:
    """Return the body as an object. Raises Refusal."""
    try:
        body = orjson.loads(raw)
    except ValueError as error:
        raise Refusal(f"The body is no JSON: {error}.") from None
    if not isinstance(body, dict):
        raise Refusal("The body must be a JSON object.")
    return body


def _options(given: Any) -> Options:
    if given is None:
        return NO_OPTIONS
    if not isinstance(given, dict):
        raise Refusal("miosa must be an object.", param=OWN)
    if unknown := sorted(set(given) - {"include", "task_kind", "topic", "mode"}):
        raise Refusal(f"miosa knows no {unknown[0]!r}.", param=f"{OWN}.{unknown[0]}")
    options = Options(**given)
    allowed = (("task_kind", TASK_KINDS), ("mode", MODES))
    for name, values in allowed:
        if (value := getattr(options, name)) and value not in values:
            raise Refusal(f"miosa.{name} must be one of {', '.join(values)}.", param=f"{OWN}.{name}")
    if not isinstance(options.topic, str) or not TOPIC.fullmatch(options.topic):
        raise Refusal("miosa.topic has up to 40 of a-z, 0-9, '.', '_' and '-'.", param=f"{OWN}.topic")
    return options


def _turns(messages: Any) -> int:
    """Check the conversation; return how many turns it has."""
    if not isinstance(messages, list) or not messages:
        raise Refusal("messages must be a list with at least one message.", param="messages")
    for place, turn in enumerate(messages):
        where = f"messages[{place}]"
        if not isinstance(turn, dict) or turn.get("role") not in ROLES:
            raise Refusal(f"{where}.role must be one of {', '.join(sorted(ROLES))}.", param=f"{where}.role")
        content = turn.get("content")
        if isinstance(content, list):
            _parts(content, where)
        elif content is not None and not isinstance(content, str):
            raise Refusal(f"{where}.content must be a text or a list of parts.", param=f"{where}.content")
    return len(messages)


def _parts(parts: list[Any], where: str) -> None:
    for part in parts:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in {"text", "refusal"}:
            raise Refusal(
                f"{where}.content holds a part of type {kind!r}: only text is understood here.",
                param=f"{where}.content",
                code="unsupported_value",
            )


def _max_output(body: Mapping[str, Any]) -> int | None:
    for name in MAX_OUTPUT:
        value = body.get(name)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise Refusal(f"{name} must be a whole number, 1 or more.", param=name)
        return value
    return None


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Refusal(f"{name} is missing: send a text.", param=name)
    return value


def _flag(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise Refusal(f"{name} must be true or false.", param=name)
    return bool(value)
