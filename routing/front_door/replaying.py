"""An answer from the cache on its way to the client, and one on its way into the cache."""

from datetime import UTC, datetime
from typing import Any

import orjson

from routing.cached_answers import Hit
from routing.front_door import metrics
from routing.front_door.answers import Tally, as_events, framed
from routing.front_door.call import Call
from routing.front_door.exchange import Exchange
from routing.front_door.pouring import LAST
from routing.front_door.remembering import Memory, answer_of, kept


async def replayed(call: Call, exchange: Exchange, hit: Hit) -> None:
    """Give an answer again: it counts as a request, and costs nothing."""
    await call.desk.pots(call.caller).take(0)
    how = "exact" if hit.likeness == 1 else "semantic"
    call_id = call.decided.decision_id
    call.desk.journal.told(
        "hit",
        {
            "id": call_id, "tenant": call.caller.tenant_id, "key": call.caller.principal.key_id, "how": how,
            "model": hit.model, "saved": hit.cost_micros, "tokens": hit.tokens, "at": datetime.now(UTC),
        }
    )  # fmt: skip
    metrics.hit(how, hit.cost_micros)
    headers = [
        (b"x-miosa-cache", how.encode()), (b"x-miosa-cost", b"0.000000"), (b"x-miosa-model", hit.model.encode()),
        (b"x-miosa-provider", hit.provider.encode()), (b"x-request-id", str(call_id).encode()),
        (b"x-miosa-likeness", f"{hit.likeness:.4f}".encode()),
    ]  # fmt: skip
    document = hit.answer | {"model": hit.model}
    if not call.asked.stream:
        shown = call.dress.whole(document) if call.dress else document
        await exchange.answer(200, orjson.dumps(shown), headers)
        return
    dress = call.dress
    events = as_events(document, wants_usage=call.asked.wants_usage or dress is not None)
    await exchange.begin(headers)
    await exchange.say(b"".join(map(dress.event if dress else framed, events)))
    await exchange.say(dress.last(None) if dress else LAST, more=False)


def remember(call: Call, memory: Memory, tally: Tally, document: dict[str, Any] | None) -> None:
    """Keep a whole answer, beside the calls."""
    winner = next((one for one in call.walk.records if one.ok), None)
    if winner is None or call.usage is None:
        return
    answer = answer_of(tally, document, call.usage, call_id=str(call.decided.decision_id))
    if answer is None:
        return
    tokens = call.usage.input_tokens + call.usage.output_tokens
    hit = Hit(answer, winner.model, winner.provider, tokens, call.cost_micros, 1.0)
    call.desk.beside(kept(call.caller, memory, hit))
