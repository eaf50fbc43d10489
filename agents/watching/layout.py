"""Where the steps of a plan stand when it is drawn: in layers, each below what it waits for. Pure geometry in pixels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 224, 92  # of a step
ACROSS, DOWN = 20, 34  # between steps beside and below each other
GUTTER, LANE = 26, 7  # left of everything, for lines that pass by steps; between two such lines

Waits = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Line:
    """A line from what is waited for to what waits, as the path of an SVG."""

    start: str
    end: str
    path: str


@dataclass(frozen=True, slots=True)
class Layout:
    """The left upper corner of each step, the lines between them, and the size of the whole."""

    places: Mapping[str, tuple[float, float]]
    lines: tuple[Line, ...]
    width: float
    height: float


def laid_out(waits: Waits, *, most: int) -> Layout:
    """Place steps, at most so many beside each other; `waits` names what each waits for, in the order of the plan.

    Names that nobody has, and circles, are passed over: such a plan is drawn as far as it can be.
    """
    known = {key: [one for one in deps if one in waits and one != key] for key, deps in waits.items()}
    layers = _layers(known)
    direct = _direct(known)
    rows = [row for layer in layers for row in _rows(layer, most)]
    widest = max(map(len, rows), default=0)
    whole = widest * WIDTH + max(0, widest - 1) * ACROSS
    passing = _passing(direct, rows)
    left = GUTTER + LANE * len(passing) if passing else 0
    places = {
        key: (left + _start(len(row), whole) + column * (WIDTH + ACROSS), float(number * (HEIGHT + DOWN)))
        for number, row in enumerate(rows)
        for column, key in enumerate(_ordered(row, direct, rows))
    }
    lanes = {pair: GUTTER / 2 + LANE * number for number, pair in enumerate(passing)}
    edges = {y: min(x for x, other in places.values() if other == y) for _, y in places.values()}
    lines = tuple(
        Line(
            start,
            end,
            _passing_path(places[start], places[end], lanes[start, end], edges)
            if (start, end) in lanes
            else _path(places[start], places[end]),
        )
        for end, starts in direct.items()
        for start in starts
    )
    height = len(rows) * HEIGHT + max(0, len(rows) - 1) * DOWN
    return Layout(places, lines, left + whole, height)


def _layers(waits: Waits) -> list[list[str]]:
    """Each step one below the lowest of those that it waits for."""
    depth: dict[str, int] = {}
    left = list(waits)
    while left:
        free = [key for key in left if all(one in depth for one in waits[key])] or left[:1]
        for key in free:
            depth[key] = 1 + max((depth[one] for one in waits[key] if one in depth), default=-1)
        left = [key for key in left if key not in depth]
    return [
        [key for key in waits if depth[key] == level] for level in range(max(depth.values(), default=-1) + 1)
    ]


def _direct(waits: Waits) -> dict[str, list[str]]:
    """Leave out the lines that other lines already tell."""
    above: dict[str, set[str]] = {}

    def ancestors(key: str, seen: frozenset[str]) -> set[str]:
        if key not in above:
            inner = [one for one in waits[key] if one not in seen]
            above[key] = set(inner).union(*(ancestors(one, seen | {one}) for one in inner))
        return above[key]

    found = {}
    for key, deps in waits.items():
        further = set().union(*(ancestors(one, frozenset({key, one})) for one in deps))
        found[key] = [one for one in dict.fromkeys(deps) if one not in further]
    return found


def _rows(layer: Sequence[str], most: int) -> list[list[str]]:
    """A layer that is too wide takes several rows, filled evenly."""
    number = -(-len(layer) // most)
    size = -(-len(layer) // number)
    return [list(layer[at : at + size]) for at in range(0, len(layer), size)]


def _ordered(row: Sequence[str], direct: Waits, rows: Sequence[Sequence[str]]) -> list[str]:
    """Steps stand below what they wait for, so that fewer lines cross."""
    column = {key: place / max(1, len(one) - 1) for one in rows for place, key in enumerate(one)}

    def middle(key: str) -> float:
        return sum(column[one] for one in direct[key]) / len(direct[key]) if direct[key] else column[key]

    return sorted(row, key=middle)


def _passing(direct: Waits, rows: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    """Return the lines that pass by a row: they take a lane of their own at the left."""
    at = {key: number for number, row in enumerate(rows) for key in row}
    return [(start, end) for end, starts in direct.items() for start in starts if at[end] - at[start] != 1]


def _start(number: int, whole: float) -> float:
    return (whole - number * WIDTH - max(0, number - 1) * ACROSS) / 2


def _path(start: tuple[float, float], end: tuple[float, float]) -> str:
    x, y, to_x, to_y = start[0] + WIDTH / 2, start[1] + HEIGHT, end[0] + WIDTH / 2, end[1]
    middle = (y + to_y) / 2
    return f"M{x:g} {y:g}C{x:g} {middle:g} {to_x:g} {middle:g} {to_x:g} {to_y:g}"


def _passing_path(
    start: tuple[float, float], end: tuple[float, float], lane: float, edges: Mapping[float, float]
) -> str:
    """By the lane: out at the side where no other step stands between, else through the space below, or above."""
    (x, y), (to_x, to_y) = start, end
    if x == edges[y]:
        y, leaves = y + HEIGHT * 0.6, f"M{x:g} {y + HEIGHT * 0.6:g}"
    else:
        x, y = x + WIDTH / 2, y + HEIGHT + DOWN / 2
        leaves = f"M{x:g} {y - DOWN / 2:g}V{y:g}"
    if to_x == edges[to_y]:
        to_y, arrives = to_y + HEIGHT * 0.4, f"H{to_x:g}"
    else:
        to_x, to_y = to_x + WIDTH / 2, to_y - DOWN / 2
        arrives = f"H{to_x:g}V{to_y + DOWN / 2:g}"
    turn = 12 if to_y > y else -12
    return (
        f"{leaves}H{lane + 12:g}Q{lane:g} {y:g} {lane:g} {y + turn:g}"
        f"V{to_y - turn:g}Q{lane:g} {to_y:g} {lane + 12:g} {to_y:g}{arrives}"
    )
