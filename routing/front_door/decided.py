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
from routing.requirement import Requirement
from routing.router import decide, explore


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
    if not asked.model:
        choice = explore(board, requirement)
        return Decided(requirement, choice, models_of(choice.order))
    model, note = board.catalog.resolve(asked.model)
    objection = _objection(caller, requirement, model)
    if objection is not None:
        raise NoCandidate([objection])
    # What the router would have chosen is kept beside what the caller chose: the decision shows both.
    return Decided(requirement, decide(board, requirement), (model,), note)


def most_output(asked: Asked, model: Model) -> int:
    """Return how many tokens an answer may have: what was asked for, else the usual with room to think."""
    wanted = asked.max_output_tokens or USUAL_OUTPUT + model.thinking_tokens
    return max(1, min(wanted, model.max_output_tokens))


@lru_cache(1_024)
def models_of(order: tuple[str, ...]) -> tuple[Model, ...]:
    """Return the models of these ids."""
    return tuple(catalog().model(one) for one in order)


def _objection(caller: Caller, requirement: Requirement, model: Model) -> Removal | None:
    known = caller.board.known
    removed = sift(known.catalog, requirement, providers=known.providers)[1]
    return next((one for one in removed if one.model == model.id), None)
