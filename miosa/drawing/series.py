"""A line over time with the interval each of its points is known to."""

from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import NamedTuple

from django.utils.safestring import SafeString

from miosa.drawing.plot import Plot, below, grid, polygon, steps, text_width
from miosa.drawing.svg import drawing, finite, number, spoken, words

TOP, FOOT = 8.0, 24.0
BAND = 0.2  # opacity of the interval
ALONE = 4.0  # half the width of a band that has one point
DOT = 2.4
AXIS_SHARE = 0.3  # of the width, at most, for what stands beside the grid

Told = Callable[[float], str]


class Known(NamedTuple):
    """One point: a value, and the interval it is known to; None where there is no value or no interval."""

    value: float | None
    low: float | None = None
    high: float | None = None
    aside: str = ""  # what a pointer over it tells besides, as in "of 12"


class Placed(NamedTuple):
    """One point of the drawing: where it stands, and the ends of its interval, in pixels."""

    x: float
    y: float
    ends: tuple[float, float] | None
    hint: str


def series(
    points: Sequence[Known],
    *,
    labels: Sequence[str],
    title: str,
    highest: float | None = None,
    told: Told = spoken,
    width: float = 330,
    height: float = 130,
) -> SafeString:
    """The points from left to right, each above its label; a missing one leaves a gap in line and band.

    The scale begins at 0 and ends at `highest`, by default a round number above all there is. `told` writes values.
    """
    known = [found for point in points if (found := finite(point.value)) is not None]
    if not known:
        nothing = words(0, 14, "nothing in this time", opacity=0.75)
        return drawing([nothing], width=width, height=20, title=f"{title}: no data")
    ticks = [0.0, highest / 2, highest] if highest else steps(max(_tops(points)))
    left = min(AXIS_SHARE * width, max(text_width(told(tick)) for tick in ticks) + 8)
    plot = Plot(left, TOP, width - 4, height - FOOT, 0.0, ticks[-1])
    shapes = grid(plot, ticks, told=told) + below(plot, labels)
    for run in _runs(points, labels, plot, told):
        shapes += [_band(run, plot), _line(run), *map(_dot, run)]
    spans = f"last {told(known[-1])}, lowest {told(min(known))}, highest {told(max(known))}"
    return drawing(shapes, width=width, height=height, title=f"{title}: {spans}")


def _tops(points: Sequence[Known]) -> Iterator[float]:
    """What the scale has to hold: values, and their intervals unless they dwarf the values."""
    for point in points:
        value, high = finite(point.value), finite(point.high)
        if value is not None:
            yield min(high, 2 * value) if high is not None and high > value else value


def _runs(points: Sequence[Known], labels: Sequence[str], plot: Plot, told: Told) -> Iterator[list[Placed]]:
    """The stretches without a gap."""
    run: list[Placed] = []
    for place, (point, label) in enumerate(zip(points, labels, strict=True)):
        value = finite(point.value)
        if value is not None:
            x = plot.x((place + 0.5) / len(points))
            run.append(Placed(x, plot.y(value), _ends(point, plot), _hint(point, label, told)))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _ends(point: Known, plot: Plot) -> tuple[float, float] | None:
    low, high = finite(point.low), finite(point.high)
    if low is None or high is None:
        return None
    return plot.y(min(low, high)), plot.y(max(low, high))


def _hint(point: Known, label: str, told: Told) -> str:
    value, low, high = finite(point.value), finite(point.low), finite(point.high)
    between = f" ({told(low)} to {told(high)})" if low is not None and high is not None else ""
    return f"{label}: {told(value or 0.0)}{between} {point.aside}".rstrip()


def _band(run: Sequence[Placed], plot: Plot) -> str:
    """The intervals of neighbours joined; a point that stands alone has a narrow band of its own."""
    known = [(one.x, *one.ends) for one in run if one.ends]
    if not known:
        return ""
    if len(known) == 1:
        [(x, low, high)] = known
        known = [(max(plot.left, x - ALONE), low, high), (min(plot.right, x + ALONE), low, high)]
    upper = [(x, high) for x, _low, high in known]
    lower = [(x, low) for x, low, _high in reversed(known)]
    return polygon([*upper, *lower], opacity=BAND)


def _line(run: Sequence[Placed]) -> str:
    if len(run) == 1:
        return ""
    path = "L".join(f"{number(one.x)} {number(one.y)}" for one in run)
    look = 'fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round"'
    return f'<path d="M{path}" {look}/>'


def _dot(one: Placed) -> str:
    hint = f"<title>{escape(one.hint)}</title>"
    return f'<circle cx="{number(one.x)}" cy="{number(one.y)}" r="{number(DOT)}">{hint}</circle>'
