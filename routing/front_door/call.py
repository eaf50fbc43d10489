"""One call from its reservation to its account: whatever becomes of it, it is settled once and written down once."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from billing.money import TOKENS_PER_PRICE
from miosa.http.problem import PaymentRequired
from routing.attempt_record import AttemptRecord
from routing.catalog import Model
from routing.front_door import metrics, tracing
from routing.front_door.answers import Tally
from routing.front_door.asked import Asked
from routing.front_door.caller import Caller
from routing.front_door.decided import Decided, most_output
from routing.front_door.desk import Desk
from routing.front_door.dress import Dress
from routing.front_door.journal import File
from routing.front_door.money import NOTHING, Hold, Purse
from routing.front_door.pots import Pots
from routing.front_door.tries import Place, Request, request
from routing.front_door.walk import TOTAL_S, Walk
from routing.messages import Usage
from routing.outcomes import cost_micros
from routing.pace import NextModel
from routing.personal_data import without, without_any
from routing.providers.contract import ProviderFailure


@dataclass
class Call:
    """`candidates` are the models that may answer and are paid for; `cost_micros` is known when it was settled."""

    desk: Desk
    caller: Caller
    asked: Asked
    decided: Decided
    candidates: tuple[Model, ...]
    walk: Walk
    dress: Dress | None = None
    said: str | None = None
    traceparent: bytes = b""
    cost_micros: int = 0
    usage: Usage | None = None
    _purse: Purse | None = None
    _pots: Pots | None = None
    _hold: Hold = NOTHING
    _tokens: int = 0
    _file: File | None = None
    _begun: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, desk: Desk, caller: Caller, asked: Asked, decided: Decided) -> "Call":
        """Return a call that is not admitted yet."""
        walk = Walk(
            desk.pace, desk.pace.clock() + TOTAL_S, caller.own_keys, caller.tenant_id.hex, asked.input_tokens
        )
        return cls(desk, caller, asked, decided, decided.candidates, walk)

    async def admit(self) -> None:
        """Take its rates and set its money aside, then write down that it begins.

        Raises RateLimited, and PaymentRequired: nobody who may answer is covered by what is left.
        """
        self._pots = self.desk.pots(self.caller)
        self._tokens = self.asked.input_tokens + self.most_output(self.decided.candidates[0])
        await self._pots.take(self._tokens)
        try:
            self._hold = await self._reserved()
            self._file = self.desk.journal.begun(self._line())
            metrics.began()
        except BaseException:
            self._pots.give_back(self._tokens)
            self._give_up()
            raise

    def most_output(self, model: Model) -> int:
        """Return how many tokens an answer of a model may have."""
        return most_output(self.asked, model, self.caller.rules.most_output_tokens)

    def tally(self) -> Tally:
        """Return an empty tally that keeps the words where they are wanted afterwards."""
        return Tally(keeps=self.caller.rules.keeps_bodies or self.caller.rules.cache != "off")

    def place(self, model: Model) -> Place | None:
        """Return where a model is reached for this call."""
        return self.desk.place(self.caller, model)

    def cost_of(self, model: Model, usage: Usage) -> int:
        """Return what the tenant pays for an answer: never more than was set aside, nothing with a key of its own."""
        if self._own(model):
            return 0
        cost = cost_micros(model.id, usage.input_tokens, usage.output_tokens, usage.cached_tokens)
        return min(cost, self._hold.amount)

    def settle(
        self, winner: AttemptRecord | None, *, finish_reason: str = "", model: Model | None = None
    ) -> None:
        """Write down how it ended, and charge what was used; a second time does nothing."""
        file, self._file = self._file, None
        if file is None or self._pots is None:
            return
        if winner is not None and model is not None:
            self.usage = Usage(
                winner.input_tokens, winner.output_tokens, winner.cached_tokens, winner.estimated
            )
            self.cost_micros = self.cost_of(model, self.usage)
            self.walk.records.append(winner)
        used = sum(one.input_tokens + one.output_tokens for one in self.walk.records)
        self._pots.give_back(self._tokens - used)
        metrics.ended(self.walk.records, self.cost_micros)
        if tracing.wanted():
            took_s = time.monotonic() - self._begun
            span = self._span(finish_reason)
            tracing.told(span, self.walk.records, elapsed_s=took_s, traceparent=self.traceparent)
        try:
            self.desk.journal.ended(file, self._end(finish_reason))
        finally:
            if self._purse is not None:
                self._purse.settle(self._hold, self.cost_micros)

    def elapsed_ms(self) -> int:
        """Return the time since the call began."""
        return round((time.monotonic() - self._begun) * 1000)

    def _span(self, finish_reason: str) -> dict[str, Any]:
        choice = self.decided.choice
        return {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": self.asked.model or f"auto:{self.asked.mode}",
            "gen_ai.response.finish_reasons": [finish_reason],
            "miosa.decision_id": str(self.decided.decision_id),
            "miosa.tenant_id": str(self.caller.tenant_id),
            "miosa.chosen": choice.model,
            "miosa.cost_micros": self.cost_micros,
        }

    def _give_up(self) -> None:
        if self._purse is not None:
            self._purse.settle(self._hold, 0)
        self._hold = NOTHING

    async def _reserved(self) -> Hold:
        """Set aside what the dearest candidate may cost, or a cheaper one where there is not so much."""
        worst = [self._worst(model) for model in self.candidates]
        most = max(worst)
        if most == 0:
            return NOTHING
        self._purse = purse = self.desk.purse(self.caller)
        try:
            return await purse.reserve(most)
        except PaymentRequired as refused:
            refusal = refused
        for amount in sorted({worst[0], min(worst)} - {most}, reverse=True):
            try:
                hold = await purse.reserve(amount)
            except PaymentRequired as refused:
                refusal = refused
                continue
            pairs = zip(self.candidates, worst, strict=True)
            self.candidates = tuple(model for model, cost in pairs if cost <= amount)
            return hold
        raise refusal

    def _worst(self, model: Model) -> int:
        price = model.price
        if price is None or self._own(model):  # without a price it is no candidate
            return 0
        out = self.most_output(model)
        exact = self.asked.most_input_tokens * price.input_micros + out * price.output_micros
        return -(-exact // TOKENS_PER_PRICE)

    def _own(self, model: Model) -> bool:
        return model.provider in self.caller.own_keys

    def _line(self) -> dict[str, Any]:
        """What the clerk needs to make the decision again, and to account for the call if nothing more is heard of it."""
        choice, need = self.decided.choice, self.decided.requirement
        return {
            "id": self.decided.decision_id,
            "tenant": self.caller.tenant_id,
            "key": self.caller.principal.key_id,
            "block": self._hold.reference,
            "version": choice.scoreboard_version,
            "need": need.as_json(),
            "draw": choice.draw,
            "model": self.candidates[0].id,
            "provider": self.candidates[0].provider,
            "input": self.asked.input_tokens,
            "cost": 0,
            "at": datetime.now(UTC),
        }

    def _lost(self, tried: AttemptRecord) -> int:
        """What a try that was not used cost the platform."""
        if not (tried.input_tokens or tried.output_tokens) or tried.provider in self.caller.own_keys:
            return 0
        return cost_micros(tried.model, tried.input_tokens, tried.output_tokens, tried.cached_tokens)

    def _end(self, finish_reason: str) -> dict[str, Any]:
        tries = [
            [
                one.model, one.provider, one.ok, one.status, one.error[:300], one.input_tokens, one.cached_tokens,
                one.output_tokens, one.estimated, one.latency_ms, one.first_token_ms, one.started_at,
                self.cost_micros if one.ok else self._lost(one),
            ]
            for one in self.walk.records
        ]  # fmt: skip
        end: dict[str, Any] = {
            "id": self.decided.decision_id,
            "tries": tries,
            "finish": finish_reason,
            "spent": self.cost_micros,
        }
        rules = self.caller.rules
        if rules.keeps_bodies:
            said = self.said or ""
            end["bodies"] = {
                "request": without_any(self.asked.body) if rules.redacts else self.asked.body,
                "answer": without(said) if rules.redacts else said,
                "redacted": rules.redacts,
                "days": rules.keep_days,
            }
        return end


def request_to(call: Call, model: Model, left_s: float) -> Request:
    """Return the call's request as it goes to a model. Raises NextModel where its provider is not set up."""
    place = call.place(model)
    if place is None:
        raise NextModel(f"{model.provider} is not set up")
    most = call.most_output(model)
    return request(call.asked, model, place, max_output_tokens=most, total_s=left_s)


class billable:  # noqa: N801  a block, as contextlib's are
    """What fails inside carries what the provider may bill for it."""

    def __init__(self, call: Call, tally: Tally) -> None:
        self._call, self._tally = call, tally

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ProviderFailure) and self._tally.began:
            error.usage = self._tally.counted(self._call.asked.input_tokens)
