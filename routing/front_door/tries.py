"""One try at one model that answers in one piece: built, sent and read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from routing.catalog import Model, ProviderFacts
from routing.front_door.answers import Tally, parsed, read_whole
from routing.front_door.asked import Asked
from routing.front_door.fitting import fit
from routing.front_door.patience import Patience
from routing.front_door.upstream import Sent, Upstream, pause_of, whole
from routing.providers.connected import limits_of
from routing.providers.contract import Limits, Translator
from routing.providers.openai_chat import OpenAIChat
from routing.providers.outgoing import unseen_to
from routing.providers.redaction import Secret

JSON_HEADERS = {"Content-Type": "application/json", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a provider is reached for this caller. `own`: with the caller's own key, so the platform pays nothing."""

    kind: type[OpenAIChat]
    facts: ProviderFacts
    url: str
    headers: dict[str, str]
    secret: Secret
    own: bool


class Request(NamedTuple):
    """A caller's request as it goes to one model. `schema`: what the answer is held to here, if anything."""

    sent: Sent
    limits: Limits
    streamed: bool
    left_out: tuple[str, ...]
    kind: type[OpenAIChat]
    translator: Translator | None
    schema: Mapping[str, Any] | None


def request(asked: Asked, model: Model, place: Place, *, max_output_tokens: int, total_s: float) -> Request:
    """Build the request for a model."""
    body, left_out = place.kind.outgoing(model, asked.body, max_output_tokens)
    schema = unseen_to(model, asked.body)
    streamed = asked.stream and schema is None and place.kind.streams_with(body)
    body["stream"] = streamed
    translator = place.kind.translator() if streamed else None
    if streamed and translator is None:
        body["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}
    else:
        body.pop("stream_options", None)
    sent = Sent(place.url, place.headers, orjson.dumps(body), place.secret)
    limits = limits_of(place.facts, total_s=total_s)
    return Request(sent, limits, streamed, left_out, place.kind, translator, schema)


@dataclass
class Whole:
    """An answer in one piece; `left_out` are the fields of the request that its provider does not take."""

    raw: bytes
    document: dict[str, Any]
    tally: Tally
    latency_ms: int
    pause_s: float | None
    left_out: tuple[str, ...]


async def collected(upstream: Upstream, request: Request, tally: Tally) -> Whole:
    """Send it and return the whole answer. Raises ProviderFailure, with nothing of a partial answer."""
    patience = Patience(request.limits, whole=True)
    with patience:
        response = await upstream.opened(request.sent)
        tally.began = True
        try:
            raw = await whole(response, request.sent.secret)
        finally:
            response.close()  # nothing happens where it was read to its end
    document = request.kind.incoming(parsed(raw))
    read_whole(document, tally)
    if request.schema is not None and fit(document, request.schema):
        raw = orjson.dumps(document)
    return Whole(raw, document, tally, patience.elapsed_ms(), pause_of(response), request.left_out)
