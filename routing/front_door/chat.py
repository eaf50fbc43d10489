"""`POST /v1/chat/completions` and `POST /v1/responses`: whole or streamed, one way for both."""

from http import HTTPStatus
from typing import Any

import orjson
from django.conf import settings

from routing.catalog import Model
from routing.errors import NoProviderLeft
from routing.front_door.answers import Tally
from routing.front_door.asked import asked, json_object
from routing.front_door.call import Call, billable, request_to
from routing.front_door.caller import Caller
from routing.front_door.decided import decided
from routing.front_door.desk import Desk
from routing.front_door.exchange import Exchange
from routing.front_door.hedging import Race
from routing.front_door.pouring import streamed
from routing.front_door.refusals import Refusal
from routing.front_door.remembering import remembered
from routing.front_door.replaying import remember, replayed
from routing.front_door.responses_answer import ResponsesDress
from routing.front_door.responses_request import as_chat
from routing.front_door.telling import member, told
from routing.front_door.tries import Whole, collected
from routing.messages import Usage
from routing.tried import won


async def chat(desk: Desk, exchange: Exchange, address: str) -> None:
    """Answer a chat request. Raises Problem or Refusal before anything was sent, SenderLeft."""
    caller = await known_caller(desk, exchange, address)
    raw = await exchange.body(settings.ENVIRONMENT.gateway_body_bytes)
    wanted = asked(json_object(raw), len(raw))
    await _answered(Call.of(desk, caller, wanted, decided(caller, wanted)), exchange)


async def responses(desk: Desk, exchange: Exchange, address: str) -> None:
    """The same for a request of the Responses wire."""
    caller = await known_caller(desk, exchange, address)
    raw = await exchange.body(settings.ENVIRONMENT.gateway_body_bytes)
    body = json_object(raw)
    wanted = asked(as_chat(body), len(raw))
    call = Call.of(desk, caller, wanted, decided(caller, wanted))
    call.dress = ResponsesDress(call.decided.decision_id, body)
    await _answered(call, exchange)


async def known_caller(desk: Desk, exchange: Exchange, address: str) -> Caller:
    """Return who asks, and may. Raises Problem."""
    caller = await desk.callers.caller(exchange.headers.get(b"authorization", b""), address)
    caller.refuse()
    return caller


async def _answered(call: Call, exchange: Exchange) -> None:
    call.traceparent = exchange.headers.get(b"traceparent", b"")
    memory = await remembered(call.desk, call.caller, call.asked)
    if memory is not None and memory.hit is not None:
        await replayed(call, exchange, memory.hit)
        return
    await call.admit()
    try:
        with exchange.until_the_sender_leaves():
            tally, document = await _given(call, exchange)
        if memory is not None and tally is not None:
            remember(call, memory, tally, document)
    except NoProviderLeft as nobody:
        raise _refusal(call, nobody) from nobody
    finally:
        call.settle(None)


async def _given(call: Call, exchange: Exchange) -> tuple[Tally | None, dict[str, Any] | None]:
    """Answer; return what came, and the document where it came whole."""
    if call.asked.stream:
        return await streamed(call, exchange), None
    return await _whole(call, exchange)


async def _whole(call: Call, exchange: Exchange) -> tuple[Tally, dict[str, Any]]:
    async def attempt(model: Model, left_s: float) -> Whole:
        tally = call.tally()
        wanted = request_to(call, model, left_s)
        with billable(call, tally):
            return await collected(call.desk.upstream, wanted, tally)

    walk, hedges = call.walk, call.desk.hedges
    taken = await (walk if hedges is None else Race(walk, hedges)).over(call.candidates, attempt)
    answer, model, tally = taken.answer, taken.model, taken.answer.tally
    call.desk.pace.ended(walk.where(model), None, pause_s=answer.pause_s)
    usage = tally.counted(call.asked.input_tokens)
    winner = won(model, usage, latency_ms=answer.latency_ms, first_token_ms=None, started_at=taken.started_at)
    call.said = "".join(tally.kept or ())
    call.settle(winner, finish_reason=tally.finish_reason, model=model)
    cost = (b"x-miosa-cost", b"%d.%06d" % divmod(call.cost_micros, 1_000_000))
    await exchange.answer(200, _body(call, model, answer, usage), [*told(call, model, answer.left_out), cost])
    return tally, answer.document


def _body(call: Call, model: Model, answer: Whole, usage: Usage) -> bytes:
    """Return the answer as the client gets it: as it came, where nothing has to be added."""
    place, document = call.place(model), answer.document
    named = place is None or place.kind.names_itself
    plain = place is None or place.kind.translator() is None
    if named and plain and call.dress is None and not call.asked.options.include and not usage.estimated:
        return answer.raw
    if not named:
        document["model"] = model.id
    if usage.estimated:
        document["usage"] = _counts(usage)
    if call.asked.options.include:
        document["miosa"] = member(call, model)
    return orjson.dumps(call.dress.whole(document) if call.dress else document)


def _refusal(call: Call, nobody: NoProviderLeft) -> Exception:
    """Return what the client is told: the provider's own words where the request itself was refused by everybody."""
    refused = call.walk.refused
    asked_models = {one.model for one in call.walk.records}
    if refused and len(refused) >= len(asked_models) and all(not one.ok for one in call.walk.records):
        return Refusal(str(refused[0]), status=refused[0].status or HTTPStatus.BAD_REQUEST)
    return nobody


def _counts(usage: Usage) -> dict[str, int]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
