"""Answers given again: looked for before a call where the key's policy wants that, kept after it."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import orjson
from django.conf import settings

from routing import cached_answers
from routing.cached_answers import Hit, Question
from routing.embeddings import MODEL
from routing.front_door.answers import Tally
from routing.front_door.asked import Asked
from routing.front_door.caller import Caller
from routing.front_door.desk import Desk
from routing.front_door.patience import Patience
from routing.front_door.threads import in_tenant
from routing.front_door.tries import JSON_HEADERS
from routing.front_door.upstream import Sent, whole
from routing.messages import Usage
from routing.providers.contract import Limits, ProviderFailure
from routing.providers.local import Local
from routing.providers.redaction import Secret

# What changes nothing about the answer itself.
ASIDE = frozenset({"stream", "stream_options", "user", "metadata", "service_tier", "safety_identifier", "prompt_cache_key",
                   "store", "model"})  # fmt: skip
MOST_TEMPERATURE = 0.5  # an answer that shall differ each time is not given again
LIMITS = Limits(total_s=2.0)
NO_SECRET = Secret("")


@dataclass(frozen=True, slots=True)
class Memory:
    """A question that may be answered from the cache, and what was found."""

    question: Question
    hit: Hit | None
    ttl_s: int


async def remembered(desk: Desk, caller: Caller, asked: Asked) -> Memory | None:
    """Look for an answer; None where this question, or this key, wants none from the cache."""
    if caller.rules.cache == "off" or not _fits(asked.body):
        return None
    question, last = _question(caller, asked)
    if caller.rules.cache == "semantic" and last:
        question = replace(
            question, pattern=await _embedded(desk, last), threshold=caller.rules.cache_threshold
        )
    hit = await in_tenant(caller.tenant_id, cached_answers.find, question)
    return Memory(question, hit, caller.rules.cache_ttl_s)


async def kept(caller: Caller, memory: Memory, hit: Hit) -> None:
    """Keep an answer for the next who asks."""
    await in_tenant(caller.tenant_id, cached_answers.keep, memory.question, hit, ttl_s=memory.ttl_s)


def answer_of(
    tally: Tally, document: dict[str, Any] | None, usage: Usage, *, call_id: str
) -> dict[str, Any] | None:
    """Return what may be given again of an answer; None for one that ended early, or calls tools."""
    if tally.finish_reason != "stop" or tally.called:
        return None
    if document is not None:
        return {name: value for name, value in document.items() if name != "miosa"}
    message = {"role": "assistant", "content": "".join(tally.kept or ())}
    return {
        "id": f"chatcmpl-{call_id}",
        "object": "chat.completion",
        "created": 0,
        "model": "",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": usage.input_tokens,
            "completion_tokens": usage.output_tokens,
            "total_tokens": usage.input_tokens + usage.output_tokens,
        },
    }


def _fits(body: dict[str, Any]) -> bool:
    """Whether the same question may have the same answer: no tools, nothing drawn, no probabilities."""
    temperature = body.get("temperature")
    drawn = isinstance(temperature, int | float) and temperature > MOST_TEMPERATURE
    return not (drawn or body.get("tools") or body.get("logprobs"))


def _question(caller: Caller, asked: Asked) -> tuple[Question, str]:
    """Return a question's hashes, and its last words where those are the user's and a plain text."""
    *before, last = asked.body["messages"]
    words = last.get("content") if last.get("role") == "user" else None
    params = {name: value for name, value in asked.body.items() if name not in ASIDE and name != "messages"}
    who = {
        "model": asked.model,
        "mode": asked.mode,
        "kind": asked.options.task_kind,
        "topic": asked.options.topic,
        "allowed": sorted(caller.rules.allowed_models),
    }
    frame = orjson.dumps([who, params, before], option=orjson.OPT_SORT_KEYS)
    whole_ = orjson.dumps([frame.decode(), last], option=orjson.OPT_SORT_KEYS)
    question = Question(hashlib.sha256(whole_).digest(), hashlib.sha256(frame).digest())
    return question, words if isinstance(words, str) else ""


async def _embedded(desk: Desk, text: str) -> list[float] | None:
    """Return a text's embedding; None where the embeddings server does not give one: then likeness is not asked for."""
    url = settings.ENVIRONMENT.embeddings_url
    if not url:
        return None
    body = orjson.dumps({"model": MODEL, "input": [text]})
    sent = Sent(f"{Local.base(url)}/embeddings", JSON_HEADERS, body, NO_SECRET)
    try:
        with Patience(LIMITS, whole=True):
            response = await desk.upstream.opened(sent)
            try:
                vector: list[float] = orjson.loads(await whole(response, NO_SECRET))["data"][0]["embedding"]
            finally:
                response.close()
    except (ProviderFailure, ValueError, KeyError, IndexError, TypeError):
        return None
    return vector
