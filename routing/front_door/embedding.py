"""`POST /v1/embeddings`: from the embeddings server that EMBEDDINGS_URL names."""

from datetime import UTC, datetime
from typing import Any

import orjson
from django.conf import settings
from uuid_utils.compat import uuid7

from miosa.http.problem import Unavailable
from routing.embeddings import DIMENSIONS, MODEL
from routing.front_door.asked import AUTO, BYTES_PER_TOKEN, json_object
from routing.front_door.caller import Caller
from routing.front_door.desk import Desk
from routing.front_door.exchange import Exchange, SenderLeft
from routing.front_door.patience import Patience
from routing.front_door.refusals import Refusal
from routing.front_door.tries import JSON_HEADERS
from routing.front_door.upstream import Sent, whole
from routing.providers.contract import Limits, ProviderFailure, Refused
from routing.providers.local import Local
from routing.providers.redaction import Secret

NAMES = frozenset({AUTO, MODEL})
MOST_INPUTS = 2_048
KNOWN = frozenset({"model", "input", "encoding_format", "dimensions", "user"})
LIMITS = Limits(total_s=60.0)
NO_SECRET = Secret("")


async def embeddings(desk: Desk, exchange: Exchange, address: str) -> None:
    """Answer with one vector for each text."""
    caller = await desk.callers.caller(exchange.headers.get(b"authorization", b""), address)
    caller.refuse()
    raw = await exchange.body(settings.ENVIRONMENT.gateway_body_bytes)
    body = _checked(json_object(raw))
    url = settings.ENVIRONMENT.embeddings_url
    if not url:
        raise Unavailable("Embeddings are not set up here: EMBEDDINGS_URL is empty.")
    sent = Sent(f"{Local.base(url)}/embeddings", JSON_HEADERS, orjson.dumps(body), NO_SECRET)
    pots, guess = desk.pots(caller), int(len(raw) / BYTES_PER_TOKEN)
    await pots.take(guess)
    tokens, counted = 0, None
    try:
        with exchange.until_the_sender_leaves():
            answer = await _asked(desk, sent)
        counted = _tokens(answer)
        tokens = guess if counted is None else counted
    except SenderLeft:
        tokens = guess  # the server goes on to the end
        raise
    finally:
        pots.give_back(guess - tokens)
        if tokens:
            desk.journal.told("vectors", _line(caller, tokens, estimated=counted is None))
    await exchange.answer(200, answer, [(b"x-miosa-model", MODEL.encode()), (b"x-miosa-cost", b"0.000000")])


def _tokens(answer: bytes) -> int | None:
    """Return how many tokens the server counted."""
    try:
        counted = orjson.loads(answer)["usage"]["prompt_tokens"]
    except (ValueError, KeyError, TypeError):
        return None
    return counted if isinstance(counted, int) and counted >= 0 else None


def _line(caller: Caller, tokens: int, *, estimated: bool) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "tenant": caller.tenant_id,
        "key": caller.principal.key_id,
        "model": MODEL,
        "tokens": tokens,
        "estimated": estimated,
        "at": datetime.now(UTC),
    }


async def _asked(desk: Desk, sent: Sent) -> bytes:
    try:
        with Patience(LIMITS, whole=True):
            response = await desk.upstream.opened(sent)
            try:
                return await whole(response, NO_SECRET)
            finally:
                response.close()
    except Refused as refused:
        if refused.status == 400:  # noqa: PLR2004  its own words about the input
            raise Refusal(str(refused).removeprefix("400: "), param="input") from refused
        raise Unavailable(f"The embeddings server answered {refused}.") from refused
    except ProviderFailure as failure:
        raise Unavailable(f"Embeddings are not available: {failure}.") from failure


def _checked(body: dict[str, Any]) -> dict[str, Any]:
    if unknown := sorted(set(body) - KNOWN):
        raise Refusal(f"There is no field {unknown[0]!r} in a request for embeddings.", param=unknown[0])
    name = body.get("model")
    if name not in NAMES:
        raise Refusal(
            f"No embedding model is called {name!r}: ask for {MODEL} or {AUTO}.",
            status=404, param="model", code="model_not_found",
        )  # fmt: skip
    if body.get("dimensions") not in (None, DIMENSIONS):
        raise Refusal(f"{MODEL} gives {DIMENSIONS} dimensions and no others.", param="dimensions")
    if body.get("encoding_format") not in (None, "float", "base64"):
        raise Refusal("encoding_format must be float or base64.", param="encoding_format")
    texts = body.get("input")
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise Refusal("input must be a text or a list of texts.", param="input")
    if len(texts) > MOST_INPUTS:
        raise Refusal(f"At most {MOST_INPUTS:,} texts are embedded at once.", param="input")
    body.pop("dimensions", None)
    return body | {"model": MODEL}
