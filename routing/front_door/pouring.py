"""A streamed answer on its way to the client: settled once whatever ends it, and never begun again once it was seen."""

from contextlib import AsyncExitStack
from typing import Any

import orjson

from routing.catalog import Model
from routing.front_door.answers import BEGIN, END, Passing, Tally, as_events, framed
from routing.front_door.call import Call, billable, request_to
from routing.front_door.exchange import Exchange
from routing.front_door.refusals import Refusal
from routing.front_door.streams import Stream
from routing.front_door.telling import member, told
from routing.front_door.tries import Request, Whole, collected
from routing.front_door.walk import Answered
from routing.providers.contract import ProviderFailure
from routing.tried import won

LAST = b"data: [DONE]\n\n"
LEFT = "the client left"


async def streamed(call: Call, exchange: Exchange) -> Tally | None:
    """Answer as a stream; return what came where it came whole. Raises NoProviderLeft before anything was sent; what breaks off later is told in the stream."""
    poured: _Poured | None = None
    try:
        async with AsyncExitStack() as stack:
            poured, stream = await _begun(call, exchange, stack)
            await poured.all_of(stream)
            return poured.tally
    except ProviderFailure as failure:
        if poured is None:
            raise
        await poured.broken(failure)
    finally:
        if poured is not None:
            poured.settle(LEFT)
    return None


async def _begun(
    call: Call, exchange: Exchange, stack: AsyncExitStack
) -> "tuple[_Poured, Stream | _Replayed]":
    """Return the stream of the first model that speaks, with the client told that it begins."""

    async def attempt(model: Model, left_s: float) -> "tuple[Stream | _Replayed, Tally, tuple[str, ...]]":
        tally = call.tally()
        wanted = request_to(call, model, left_s)
        with billable(call, tally):
            return await _opened(call, model, wanted, tally, stack), tally, wanted.left_out

    taken = await call.walk.over(call.candidates, attempt)
    stream, tally, left_out = taken.answer
    poured = _Poured(call, exchange, taken, tally)
    await exchange.begin(told(call, taken.model, left_out))
    return poured, stream


async def _opened(
    call: Call, model: Model, wanted: Request, tally: Tally, stack: AsyncExitStack
) -> "Stream | _Replayed":
    place = call.place(model)
    named = model.id if place is not None and not place.kind.names_itself else ""
    if not wanted.streamed:
        answer = await collected(call.desk.upstream, wanted, tally)
        return _Replayed(answer, call)
    passing = Passing(
        tally,
        wants_usage=call.asked.wants_usage,
        named=named,
        dress=call.dress,
        translator=wanted.translator,
    )
    return await stack.enter_async_context(Stream(call.desk.upstream, wanted, passing))


class _Replayed:
    """An answer that came whole, given out as a stream."""

    def __init__(self, answer: Whole, call: Call) -> None:
        dress = call.dress
        events = as_events(answer.document, wants_usage=call.asked.wants_usage or dress is not None)
        self._events: bytes | None = b"".join(map(dress.event if dress else framed, events))
        self.first_token_ms, self.pause_s = answer.latency_ms, answer.pause_s

    async def more(self) -> bytes | None:
        """Return everything, then None."""
        events, self._events = self._events, None
        return events


class _Poured:
    """A stream on its way to the client, settled once whatever ends it."""

    def __init__(self, call: Call, exchange: Exchange, taken: Answered[Any], tally: Tally) -> None:
        self._call, self._exchange, self._taken, self.tally = call, exchange, taken, tally
        self._model = taken.model
        self._where = call.walk.where(taken.model)
        self._first_token_ms = 0
        self._settled = False

    async def all_of(self, stream: "Stream | _Replayed") -> None:
        """Pass everything on. The last words are sent when the call is settled. Raises ProviderFailure."""
        self._first_token_ms = stream.first_token_ms
        say = self._exchange.say
        while (data := await stream.more()) is not None:
            if data:
                await say(data)
        self._call.desk.pace.ended(self._where, None, pause_s=stream.pause_s)
        self.settle("")
        await say(self._last(), more=False)

    async def broken(self, failure: ProviderFailure) -> None:
        """Tell the client that the answer is not whole: it shall drop what it has."""
        self._call.desk.pace.ended(self._where, failure)
        self.settle(str(failure))
        refusal = Refusal(
            f"The answer broke off and is not whole: {failure}", status=502, code="stream_interrupted"
        )
        dress = self._call.dress
        told = dress.broken(refusal.document()["error"]) if dress else BEGIN + refusal.body() + END
        await self._exchange.say(told, more=False)

    def settle(self, error: str) -> None:
        """Charge what was produced, and write it down."""
        if self._settled:
            return
        self._settled = True
        if error == LEFT:
            self._call.desk.pace.withdrawn(self._where)
        call, tally = self._call, self.tally
        call.said = "".join(tally.kept or ())
        winner = won(
            self._model,
            tally.counted(call.asked.input_tokens),
            latency_ms=round((call.walk.pace.clock() - self._taken.tried_at) * 1000),
            first_token_ms=self._first_token_ms,
            started_at=self._taken.started_at,
            error=error,
        )
        call.settle(winner, finish_reason=tally.finish_reason, model=self._model)

    def _last(self) -> bytes:
        dress, include = self._call.dress, self._call.asked.options.include
        if dress is not None:
            return dress.last(member(self._call, self._model) if include else None)
        if not include:
            return LAST
        event = {
            "id": f"chatcmpl-{self._call.decided.decision_id}",
            "object": "chat.completion.chunk",
            "created": int(self._taken.started_at.timestamp()),
            "model": self._model.id,
            "choices": [],
            "miosa": member(self._call, self._model),
        }
        return BEGIN + orjson.dumps(event) + END + LAST
