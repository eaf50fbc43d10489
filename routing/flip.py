"""The smallest change that would have made another model lead: what a decision hung on, in numbers and in words.

Every change is measured alike, as a share of what it could be: a score by how far it moves between 0 and 1, a weight
and a mode by the part of all weight that moves, the bonus by how far the success rate is from its threshold. So one
may be called smaller than another.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

from routing.choice import Ranked
from routing.rules import SEED_RULES, TIE_DIGITS, Rules
from routing.snapshot import Snapshot, Tally

By = Literal["score", "weight", "bonus", "mode", "draw", "nothing"]
Rows = Sequence[Ranked]

WHOLE = 1.0  # a change that cannot be measured: all or nothing
HALVINGS = 60  # a float between 0 and 1 is found exactly
MOST_OUTCOMES = 1_000  # a longer series is no example any more
SHOWN_DIGITS, HAIR = range(2, 10), 1e-3
SHOWN_EXCESS = 0.1  # part of a change by which the shown number may exceed it


@dataclass(frozen=True, slots=True)
class Flip:
    """`model` would have been chosen with `after` in place of `before`; None where nothing would do, and `words` say why.

    `of` is the model whose score or bonus changes, `node` the node whose score or weight does. `share` is the size
    of the change, 0 to 1. A score or weight is the exact edge: a smaller change changes nothing. A "draw" has the
    number of the draw in `before`: without exploring, the leader would have been chosen.
    """

    model: str | None
    by: By
    words: str
    of: str = ""
    node: str = ""
    before: float | str | None = None
    after: float | str | None = None
    share: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Plain JSON; `before` and `after` are called `from` and `to`."""
        names = {"before": "from", "after": "to"}
        return {names.get(name, name): value for name, value in asdict(self).items()}


class Ground(NamedTuple):
    """What is known beside the rows; the more there is, the more changes are looked at, and told with examples.

    `weights` are those of each mode, in the order of the nodes.
    """

    mode: str
    area: str = ""
    weights: Mapping[str, Sequence[float]] = {}
    rules: Rules = SEED_RULES
    snapshot: Snapshot | None = None


class _Change(NamedTuple):
    """One number that may move from `before` as far as `limit`; `made` gives the rows with another value."""

    by: By
    of: str
    node: str
    before: float
    limit: float
    made: Callable[[float], Rows]


def smallest_flip(rows: Rows, ground: Ground, *, chosen: str, draw: int | None = None) -> Flip:
    """What would have made another model than `chosen` the choice.

    `rows` are the candidates in their order, the more of them the better; those that are missing are taken for
    hopeless. The ties of the ranking are broken as everywhere.
    """
    leader = rows[0].model
    if chosen != leader:
        words = f"{chosen} was tried to learn more of it: without exploring, {leader} would have been chosen, which leads the ranking."
        return Flip(leader, "draw", words, before=draw)
    if len(rows) == 1:
        return Flip(None, "nothing", f"{leader} is the only model that can take this, whatever its scores.")
    found = min(_steps(rows, ground), key=lambda flip: flip.share, default=None)
    for change in _changes(rows):
        found = _nearer(rows, ground, change, found) or found
    if found is None:
        return Flip(
            None, "nothing", f"No one score, weight, bonus or mode could put another before {leader}."
        )
    return found


def leading(rows: Rows) -> Ranked:
    """The row that the ranking puts first: the higher total (to nine digits), then the better task fit, then the id."""
    return min(rows, key=lambda row: (-round(row.total, TIE_DIGITS), -_score(row, "TaskFit"), row.model))


def with_weights(rows: Rows, weights: Sequence[float]) -> Rows:
    """The same scores under other weights, in the order of the nodes."""
    return [
        _summed(row, [node._replace(weight=weight) for node, weight in zip(row.nodes, weights, strict=True)])
        for row in rows
    ]


def moved(weights: Sequence[float], place: int, weight: float) -> list[float]:
    """One weight set anew and the others scaled, so that the sum stays; the others must not all be 0."""
    rest = math.fsum(weights) - weights[place]
    scale = (rest + weights[place] - weight) / rest
    return [weight if number == place else other * scale for number, other in enumerate(weights)]


def _changes(rows: Rows) -> Iterator[_Change]:
    """Each number that could move, in each direction that could help another model."""
    leader, *rivals = rows
    weights = [node.weight for node in leader.nodes]
    total = math.fsum(weights)
    for place, node in enumerate(leader.nodes):
        yield _Change("score", leader.model, node.name, node.score, 0.0, _scored(rows, leader, place))
        for rival in rivals:
            score = rival.nodes[place].score
            yield _Change("score", rival.model, node.name, score, 1.0, _scored(rows, rival, place))
        if node.weight < total:
            weighed = _weighed(rows, weights, place)
            yield _Change("weight", "", node.name, node.weight, 0.0, weighed)
            yield _Change("weight", "", node.name, node.weight, total, weighed)


def _scored(rows: Rows, row: Ranked, place: int) -> Callable[[float], Rows]:
    others = [one for one in rows if one is not row]
    first, last, node = row.nodes[:place], row.nodes[place + 1 :], row.nodes[place]
    return lambda score: [*others, _summed(row, [*first, node._replace(score=score), *last])]


def _weighed(rows: Rows, weights: Sequence[float], place: int) -> Callable[[float], Rows]:
    return lambda weight: with_weights(rows, moved(weights, place, weight))


def _nearer(rows: Rows, ground: Ground, change: _Change, found: Flip | None) -> Flip | None:
    """The edge at which a change makes another lead, if it is nearer than what was found so far."""
    leader, reach = rows[0].model, abs(change.limit - change.before)
    near, far = 0.0, reach if found is None else min(reach, found.share)
    sign = math.copysign(1.0, change.limit - change.before)

    def at(distance: float) -> float:
        return change.limit if distance == reach else change.before + sign * distance

    if leading(change.made(at(far))).model == leader:
        return None
    for _ in range(HALVINGS):
        middle = (near + far) / 2
        if leading(change.made(at(middle))).model == leader:
            near = middle
        else:
            far = middle
    if found is not None and not far < found.share:
        return None
    return _told(change, at(far), leading(change.made(at(far))).model, ground)


def _told(change: _Change, after: float, model: str, ground: Ground) -> Flip:
    before, shown = _shown(change, after)
    if change.by == "weight":
        what = f"a weight of {shown} instead of {before} for {change.node} in {ground.mode} mode, the others scaled to fit"
    else:
        whose = "" if change.of == model else f" of {change.of}"
        what = f"{change.node}{whose} at {shown} instead of {before}{_example(change, after, ground)}"
    words, share = f"{model} would have been chosen with {what}.", abs(after - change.before)
    return Flip(model, change.by, words, change.of, change.node, change.before, after, share)


def _shown(change: _Change, after: float) -> tuple[str, str]:
    """Both numbers with few digits; the second rounded away by a hair at least, so that what is read holds true."""
    before, limit, rises = change.before, change.limit, change.limit > change.before
    for digits in SHOWN_DIGITS:
        step = 10.0**-digits
        away = step * (math.ceil(after / step + HAIR) if rises else math.floor(after / step - HAIR))
        shown = min(away, limit) if rises else max(away, limit)
        if abs(shown - after) <= SHOWN_EXCESS * abs(after - before):
            break
    return f"{before:.{digits}f}", f"{shown:.{digits}f}"


def _example(change: _Change, after: float, ground: Ground) -> str:
    """How many outcomes in a row would move a History so far; empty for what outcomes do not move, or hardly."""
    if change.node != "History" or ground.snapshot is None:
        return ""
    snapshot, rising = ground.snapshot, after > change.before
    cell = snapshot.cell(ground.area, change.of)
    aside = (
        change.before - snapshot.posterior(ground.area, change.of).mean
    )  # what a prompt adds to the record

    def there(outcomes: int) -> bool:
        more = snapshot.with_cell(ground.area, change.of, cell + Tally(outcomes, outcomes if rising else 0))
        mean = more.posterior(ground.area, change.of).mean + aside
        return mean >= after if rising else mean <= after

    many = bisect_left(range(MOST_OUTCOMES + 1), True, key=there)
    if many > MOST_OUTCOMES:
        return ""
    kind = "success" if rising else "failure"
    return f", e.g. {many} {kind}{'' if many == 1 else 'es' if rising else 's'} in a row"


def _steps(rows: Rows, ground: Ground) -> Iterator[Flip]:
    """Changes that are made or not: the bonus gained or lost, and another mode."""
    leader, bonus = rows[0], ground.rules.bonus
    for row in rows:
        other = 1.0 if row is leader else bonus
        first = leading([_summed(one, one.nodes, bonus=other) if one is row else one for one in rows]).model
        if other != row.bonus and first != leader.model:
            share, record = _from_threshold(row.model, ground)
            how = f"{row.model} had no bonus" if row is leader else "it had the bonus"
            words = f"{first} would have been chosen if {how}: {record}."
            yield Flip(first, "bonus", words, of=row.model, before=row.bonus, after=other, share=share)
    here = [node.weight for node in leader.nodes]
    for mode, weights in ground.weights.items():
        first = leading(with_weights(rows, weights)).model
        if mode != ground.mode and first != leader.model:
            share = math.fsum(abs(a - b) for a, b in zip(here, weights, strict=True)) / 2
            words = f"{first} would have been chosen in {mode} mode instead of {ground.mode}."
            yield Flip(first, "mode", words, before=ground.mode, after=mode, share=share)


def _from_threshold(model: str, ground: Ground) -> tuple[float, str]:
    """How far a success rate is from the bonus (WHOLE where the rate alone does not decide), and that in words."""
    rules, withheld = ground.rules, ground.snapshot is not None and model in ground.snapshot.withheld
    record = ground.snapshot.total(model) if ground.snapshot else Tally()
    words = f"the bonus takes more than {rules.bonus_rate:g} right in {rules.bonus_minimum} requests or more"
    if withheld or record.rate is None or record.requests < rules.bonus_minimum:
        return WHOLE, words + (", and somebody took it back" if withheld else "")
    return abs(record.rate - rules.bonus_rate), f"{words}, and {record.rate:.3f} were in {record.requests:g}"


def _score(row: Ranked, name: str) -> float:
    return next(node.score for node in row.nodes if node.name == name)


def _summed(row: Ranked, nodes: Sequence[Any], *, bonus: float | None = None) -> Ranked:
    factor = row.bonus if bonus is None else bonus
    return row._replace(
        nodes=tuple(nodes), bonus=factor, total=factor * math.fsum(node.part for node in nodes)
    )
