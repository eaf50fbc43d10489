"""Which models may answer a request, in their order: the router's choice, or the one model that the caller named."""

from dataclasses import dataclass, field
from functools import lru_cache
from uuid import UUID

from uuid_utils.compat import uuid7

from routing.catalog import Model
from routing.catalog_file import catalog
from routing.choice import Choice
from routing.constraints import sift
from routing.errors import NoCandidate, Removal
from routing.front_door.asked import USUAL_OUTPUT, Asked
from routing.front_door.caller import Caller
from routing.front_door.refusals import Refusal
from routing.requirement import Requirement
from routing.router import decide, explore

NOT_ALLOWED = "the policy of this key does not allow it"


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision for one request. `note` says what became of the name that was asked for, where it is another."""

    requirement: Requirement
    choice: Choice
    candidates: tuple[Model, ...]
    note: str = ""
    decision_id: UUID = field(default_factory=uuid7)


def decided(caller: Caller, asked: Asked) -> Decided:
    """Decide on the caller's board. Raises NoCandidate, UnknownModel."""
    requirement, board = asked.requirement(), caller.board
    _refuse(caller, asked)
    allowed = caller.rules.allowed_models
    if not asked.model:
        choice = explore(board, requirement)
        models = models_of(choice.order)
        if allowed:
            models = tuple(model for model in models if model.id in allowed)
            if not models:
                raise NoCandidate([Removal(one, "policy", NOT_ALLOWED) for one in choice.order])
        return Decided(requirement, choice, models)
    model, note = board.catalog.resolve(asked.model)
    if allowed and model.id not in allowed:
        raise Refusal(f"{model.id}: {NOT_ALLOWED}", status=403, param="model", code="model_not_allowed")
    objection = _objection(caller, requirement, model)
    if objection is not None:
        raise NoCandidate([objection])
    # What the router would have chosen is kept beside what the caller chose: the decision shows both.
    return Decided(requirement, decide(board, requirement), (model,), note)


def most_output(asked: Asked, model: Model, most: int | None = None) -> int:
    """Return how many tokens an answer may have: what was asked for, else the usual with room to think.

    `most` is what the caller's key is allowed.
    """
    wanted = asked.max_output_tokens or USUAL_OUTPUT + model.thinking_tokens
    return max(1, min(wanted, model.max_output_tokens, most or wanted))


def _refuse(caller: Caller, asked: Asked) -> None:
    """Raise Refusal for what the policy of the caller's key does not allow."""
    rules = caller.rules
    if rules.most_input_tokens is not None and asked.input_tokens > rules.most_input_tokens:
        raise Refusal(
            f"The request has about {asked.input_tokens:,} tokens; this key may send {rules.most_input_tokens:,}.",
            param="messages", code="context_length_exceeded",
        )  # fmt: skip
    wanted = asked.max_output_tokens
    if rules.most_output_tokens is not None and wanted is not None and wanted > rules.most_output_tokens:
        raise Refusal(
            f"At most {rules.most_output_tokens:,} tokens may be asked for with this key.", param="max_tokens"
        )


@lru_cache(1_024)
def models_of(order: tuple[str, ...]) -> tuple[Model, ...]:
    """Return the models of these ids."""
    return tuple(catalog().model(one) for one in order)


def _objection(caller: Caller, requirement: Requirement, model: Model) -> Removal | None:
    known = caller.board.known
    removed = sift(known.catalog, requirement, providers=known.providers)[1]
    return next((one for one in removed if one.model == model.id), None)
