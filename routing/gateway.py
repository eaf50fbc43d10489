"""What the floors above ask: a model for this, an answer to that, an embedding of these.

Decides, walks the candidates, records; the decision and every attempt are stored whatever came of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from django.conf import settings
from django.db import transaction

from billing import ledger
from billing.money import format_usd
from miosa.http.problem import PaymentRequired
from routing import board, deciding, judging, outcomes
from routing.attempt_record import AttemptRecord
from routing.attempts import Attempts
from routing.catalog import Model
from routing.choice import Choice
from routing.circuit import Circuit
from routing.decided import Decided
from routing.embeddings import MODEL, Embeddings
from routing.errors import CallCancelled, NoCandidate, NoProviderLeft, Removal
from routing.messages import Completion, Prompt, ToolCall
from routing.providers.contract import never
from routing.requirement import Requirement
from routing.shared_health import SharedHealth

LEAST_PRIOR = 0.005  # nothing is sure before it was checked
CAPABLE_QUALITY = 6.0  # of 10 in the catalogue: models from here on can plan, judge and hold a format


class CeilingReached(PaymentRequired):
    """The money set aside for it is used up, or too little."""

    title = "Ceiling reached"


@dataclass(frozen=True, slots=True)
class Attribution:
    """On whose account a call goes.

    `ceiling_micros`: what its execution may cost in all, or this call where it belongs to none; None: no limit.
    `judged`: whether the sample of answers that a judge is asked about may take this one.
    """

    execution_id: UUID | None = None
    step_id: UUID | None = None
    agent: str = ""
    ceiling_micros: int | None = None
    judged: bool = True


@dataclass(frozen=True, slots=True)
class Preview:
    """The choice that would be made now. `capable`: the chosen model can plan and hold a format."""

    choice: Choice
    capable: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's whole answer, the decision behind it, and what it cost in micro-dollars.

    `prior` is P(success) before anything was checked, in (0, 1): the model's record in this area, moved by the prompt.
    """

    text: str
    model: str
    provider: str
    capable: bool
    decision_id: UUID
    why: str
    input_tokens: int
    output_tokens: int
    cost_micros: int
    latency_ms: int
    finish_reason: str
    prior: float
    calls: tuple[ToolCall, ...] = ()


def preview(requirement: Requirement) -> Preview:
    """Decide without calling anybody. Raises NoCandidate."""
    choice = deciding.preview(requirement)
    return Preview(choice, is_capable(choice.model))


def complete(
    prompt: Prompt,
    requirement: Requirement,
    *,
    attribution: Attribution,
    cancelled: Callable[[], bool] = never,
    vector: Sequence[float] | None = None,
    among: Callable[[Model], bool] | None = None,
    decision_id: UUID | None = None,
) -> Answer:
    """Ask the chosen model, or the next best that answers, and account for every attempt.

    `vector` is the embedding of the task, where it is at hand: similar tasks share a selection. `among` tells who
    may answer at all: the best of them by the rules is asked, nothing is tried out. `decision_id` names the decision
    beforehand.

    Raises:
        NoCandidate: the constraints, or `among`, leave no model.
        NoProviderLeft: none of the candidates answered; retryable.
        CallCancelled: `cancelled` turned true.
        CeilingReached: every candidate could cost more than what is left for it; nobody was asked.
    """
    decided = deciding.decided(
        requirement,
        vector=vector,
        decision_id=decision_id,
        explores=among is None,
        text=_asked(prompt) if among is None else "",
    )
    candidates = _affordable(_candidates(decided.choice, among), prompt, attribution)
    try:
        answered = attempts().collect(candidates, prompt, cancelled=cancelled)
    except (NoProviderLeft, CallCancelled) as ended:
        _record(decided, ended.attempts, attribution, prompt)
        raise
    completion, model = answered.completion, answered.model
    cost = _record(decided, answered.attempts, attribution, prompt, completion)
    return Answer(
        text=completion.text,
        model=model.id,
        provider=model.provider,
        capable=is_capable(model.id),
        decision_id=decided.decision_id,
        why=decided.choice.why,
        input_tokens=completion.usage.input_tokens,
        output_tokens=completion.usage.output_tokens,
        cost_micros=cost,
        latency_ms=completion.latency_ms,
        finish_reason=completion.finish_reason,
        prior=_prior(decided, model.id),
        calls=completion.calls,
    )


def embed(texts: Sequence[str], *, model: str = MODEL) -> list[list[float]]:
    """Return one unit vector for each text: 384 numbers of `routing.embeddings.MODEL`, as many as another has of that.

    Raises EmbeddingsUnavailable.
    """
    return embeddings(model).embed(texts)


def is_capable(model_id: str) -> bool:
    """Tell whether a model is strong enough to plan and to hold a format."""
    return board.catalog().model(model_id).quality.value >= CAPABLE_QUALITY


@cache
def attempts() -> Attempts:
    """Return the providers of this process, with what is known of their health."""
    circuit = Circuit(opens_after=settings.ENVIRONMENT.breaker_opens_after)
    look = SharedHealth(circuit).sync_now_and_then
    return Attempts.connected(board.catalog(), board.variables(), circuit=circuit, look=look)


@cache
def embeddings(model: str = MODEL) -> Embeddings:
    """Return this process's client of the embeddings server, for one model of it."""
    return Embeddings(settings.ENVIRONMENT.embeddings_url, model=model)


def _prior(decided: Decided, model_id: str) -> float:
    recorded = decided.known.snapshot.posterior(decided.requirement.area, model_id).mean
    shift = float(decided.prompt["shifts"].get(model_id, 0.0)) if decided.prompt else 0.0
    return min(1 - LEAST_PRIOR, max(LEAST_PRIOR, recorded + shift))


def _asked(prompt: Prompt) -> str:
    """What the user says in a prompt: the instructions above it are the same for many."""
    return "\n".join(message.content for message in prompt.messages if message.role == "user")


@transaction.atomic
def _record(
    decided: Decided,
    made: Sequence[AttemptRecord],
    attribution: Attribution,
    prompt: Prompt,
    completion: Completion | None = None,
) -> int:
    """Store the decision with its attempts, and queue the answer for a judge where it is sampled.

    Return what the tenant pays for them, in micro-dollars.
    """
    decision, calls = outcomes.record(
        decided,
        made,
        execution_id=attribution.execution_id,
        step_id=attribution.step_id,
        agent=attribution.agent,
        finish_reason=completion.finish_reason if completion else "",
    )
    if (
        attribution.judged and completion and not completion.calls
    ):  # a call of a tool is no answer that could be judged
        judging.queue(decision, prompt, completion.text)
    return sum(call.cost_micros for call in calls if call.winner)


def _candidates(choice: Choice, among: Callable[[Model], bool] | None) -> list[Model]:
    """Return everybody who may answer, in order. Raises NoCandidate where `among` leaves nobody."""
    candidates = [board.catalog().model(model_id) for model_id in choice.order]
    wanted = [model for model in candidates if among is None or among(model)]
    if not wanted:
        raise NoCandidate([Removal(model.id, "among", "it is not among those asked") for model in candidates])
    return wanted


def _affordable(candidates: list[Model], prompt: Prompt, attribution: Attribution) -> list[Model]:
    """Return the candidates whose dearest possible answer fits into what is left, in their order."""
    ceiling, execution_id = attribution.ceiling_micros, attribution.execution_id
    if ceiling is None:
        return candidates
    worst = {model.id: _dearest(model, prompt) for model in candidates}
    if not any(worst.values()):
        return candidates
    spent = ledger.spent_on(execution_id) if execution_id else 0
    fitting = [model for model in candidates if spent + worst[model.id] <= ceiling]
    if not fitting:
        raise CeilingReached(
            f"This {'execution' if execution_id else 'call'} may cost {format_usd(ceiling)}; {format_usd(spent)} are"
            f" spent and the next call could cost {format_usd(min(worst.values()))}."
        )
    return fitting


def _dearest(model: Model, prompt: Prompt) -> int:
    """Return what a call costs at the most, in micro-dollars: the longest answer, thinking included."""
    longest = model.output_ceiling(prompt.max_output_tokens, prompt.input_tokens)
    return outcomes.cost_micros(model.id, prompt.input_tokens, longest)
