"""Decides for the current tenant: on its board, with similar tasks sharing a selection."""

from collections.abc import Sequence
from uuid import UUID

from uuid_utils.compat import uuid7

from routing import board, prompt_fits
from routing.choice import Choice
from routing.decided import Decided
from routing.requirement import Requirement
from routing.router import decide, explore
from routing.selections import Shared


def preview(requirement: Requirement) -> Choice:
    """The best by the rules; nothing is drawn and nothing shared. Raises NoCandidate."""
    return decide(board.current(), requirement)


def decided(
    requirement: Requirement,
    *,
    vector: Sequence[float] | None = None,
    decision_id: UUID | None = None,
    explores: bool = True,
    text: str = "",
) -> Decided:
    """The choice for a call: a similar task's selection, or the next prepared draw. Raises NoCandidate.

    `vector` is the task's embedding, of length 1, where it is at hand anyway. Without `explores` it is the best by
    the rules. `decision_id` is for who must know it beforehand. `text` is what is asked: where the tenant's prompts
    have taught something, it moves what is expected of each model.
    """
    here, decision_id = board.current(), decision_id or uuid7()
    # The key alone is not enough: a model's limit may lie within a class of size.
    near = vector if explores and vector is not None and len(vector) else None
    question = here.question(requirement) if near is not None else ""
    shared = here.similar.near(question, near) if near is not None else None
    traits, prompt = prompt_fits.heard(text, requirement.area, here.models) if text else ("", None)
    if shared:
        choice, prompt = shared.choice, shared.prompt
    elif prompt:
        entry = here.prompted(requirement, prompt["shifts"])
        # No cycle to take the next from: the decision's own number draws.
        choice = entry.sequence[decision_id.int % len(entry.sequence)] if explores else entry.best
    else:
        choice = (explore if explores else decide)(here, requirement)
    if near is not None and not shared:
        here.similar.keep(question, near, Shared(choice, decision_id, prompt))
    return Decided(
        decision_id=decision_id,
        requirement=requirement,
        choice=choice,
        known=here.known,
        shared_from=shared.decision_id if shared else None,
        prompt=prompt,
        traits=traits,
    )
