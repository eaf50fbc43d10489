"""A decision as a value: who answers, who comes next, and every number that led there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

EXPLAINED = 3  # so many of the ranked models come with their nodes


class NodeScore(NamedTuple):
    """One node's part: `weight` of the mode, `score` 0 to 1, and the reason in words."""

    name: str
    weight: float
    score: float
    reason: str

    @property
    def part(self) -> float:
        """What it adds to the total, before the bonus."""
        return self.weight * self.score


class Ranked(NamedTuple):
    """One model with its total: the bonus (1 or 1.1) times the sum of weight x score."""

    model: str
    provider: str
    total: float
    bonus: float
    nodes: tuple[NodeScore, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The decision. Objects of this kind are shared between callers: nothing in them ever changes.

    `model` is the one to call. `ranked` are the best three by total (with the chosen one in it), explained;
    `order` names everybody who may answer, the chosen one first: the way of the fallback. `propensity` is the
    exact probability that this model was chosen, 1.0 where nothing is explored. `draw` is the first of the prepared
    draws that this model won; None for the choice by the rules alone.
    """

    task_kind: str
    mode: str
    model: str
    provider: str
    ranked: tuple[Ranked, ...]
    order: tuple[str, ...]
    why: str
    propensity: float
    explored: bool
    scoreboard_version: str
    draw: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain JSON; floats survive the way there and back bit for bit."""
        content = {field.name: getattr(self, field.name) for field in fields(self)}
        content["order"] = list(self.order)
        content["ranked"] = [
            {**row._asdict(), "nodes": [node._asdict() for node in row.nodes]} for row in self.ranked
        ]
        return content

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Choice":
        """The same choice from what `as_json` gave."""
        ranked = tuple(
            Ranked(**{**row, "nodes": tuple(NodeScore(**node) for node in row["nodes"])})
            for row in stored["ranked"]
        )
        return cls(**{**stored, "ranked": ranked, "order": tuple(stored["order"])})


def because(ranked: Sequence[Ranked], *, mode: str, area: str, removed: Mapping[str, int]) -> str:
    """One sentence for people: who leads the ranking, by how much, and which node made the difference.

    `removed` counts the models left out by each constraint.
    """
    leader = ranked[0]
    left_out = ", ".join(f"{count} by {name}" for name, count in removed.items())
    aside = f" (constraints left out {left_out})" if left_out else ""
    bonus = " with the bonus for its success rate" if leader.bonus > 1 else ""
    start = f"{leader.model} leads {area} in {mode} mode with {leader.total:.3f}{bonus}"
    if len(ranked) == 1:
        return f"{start}: it is the only model that can take this{aside}."
    second = ranked[1]
    ahead = leader.total - second.total
    gains = [
        (mine.part - theirs.part, mine.name) for mine, theirs in zip(leader.nodes, second.nodes, strict=True)
    ]
    gain, name = max(gains)
    reason = f", most of it by {name} (+{gain:.3f})" if gain > 0 else ""
    return f"{start}, {ahead:.3f} ahead of {second.model}{reason}{aside}."
