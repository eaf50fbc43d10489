"""Which orders of a request no step of a plan takes up: by words, then by meaning, then by whose work it is; pure."""

from collections.abc import Mapping, Sequence

from agents.chains import intent_of, is_question
from agents.contract import Embed
from agents.plan import PlannedStep
from agents.text.bags import compared
from agents.text.request import bare, clauses, read_request
from agents.text.vectors import similarity
from agents.text.words import stems
from agents.verifiers.structure import ABOUT

TAKEN_UP = 1 / 3  # of a clause's telling words that stand in one instruction: then it is that step's
GENERAL = frozenset(stems("add build create do find get give help implement make prepare set show use write"))
# Work that one agent alone does: where that agent is in the plan it has the clause, in whatever words.
ITS_OWN: Mapping[str, str] = {
    "review": "quality",
    "ship": "deployment",
    "models": "ai_providers",
    "recommend": "recommender",
    "watch": "monitoring",
    "connect": "integration",
    "plan": "strategy",
    "design": "architect",
}


def left_out(request: str, steps: Sequence[PlannedStep], *, embed: Embed | None) -> tuple[str, ...]:
    """Return the orders and questions of a request that no step is told of, in doubt none.

    A single one is what the whole plan is for. Where embeddings are away, a shared word is enough, or an agent that could do it.
    """
    orders = _orders(request)
    told = [f"{step.instruction} {step.expects}" for step in steps]
    agents = {step.agent for step in steps}
    silent = [one for one in orders if not (_share(one, told) >= TAKEN_UP or _whose(one) in agents)]
    if len(orders) <= 1 or not silent:
        return ()
    vectors, by_words = compared([*map(bare, silent), *told], embed)
    if by_words:
        return tuple(one for one in silent if not (_share(one, told) or _able(one) & agents))
    made = vectors[len(silent) :]
    return tuple(
        one
        for one, vector in zip(silent, vectors, strict=False)
        if max(similarity(vector, other) for other in made) < ABOUT
    )


def _orders(request: str) -> list[str]:
    """Return the clauses whose words say that something is to be done or answered."""
    read = read_request(request)
    found = clauses(read.directive)
    return [one for one in found if intent_of(one, kind=read.kind)[0] or is_question(one)]


def _share(clause: str, told: Sequence[str]) -> float:
    """Return the share of a clause's telling words that one instruction has, 0 to 1."""
    telling = stems(bare(clause)) - GENERAL
    return max(len(telling & stems(one)) for one in told) / len(telling) if telling else 1.0


def _whose(clause: str) -> str:
    intent, _ = intent_of(clause)
    return ITS_OWN.get(intent.name, "") if intent else ""


def _able(clause: str) -> set[str]:
    """Return the agents that a clause is given to by rule."""
    intent, _ = intent_of(clause)
    return set(intent.small) if intent else {"communication"}
