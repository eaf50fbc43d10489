"""The reliability diagram: what was predicted against what happened, with intervals and the diagonal of the ideal."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from django.utils.safestring import SafeString

from miosa.drawing.plot import Plot, grid
from miosa.drawing.svg import FONT_SIZE, box, drawing, finite, number, words

LEFT, TOP, RIGHT = 56.0, 8.0, 14.0
FOOT = 22.0  # for the scale below
COUNTS = 44.0  # for the columns that say how many answers a point rests on
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
LEAST_DOT, MOST_DOT = 2.5, 6.0
CAP = 4.0  # half the width of a whisker's end


class Met(NamedTuple):
    """One point: `n` answers with a mean chance, what really happened of them, and its interval; all 0 to 1 but `n`."""

    chance: float
    outcome: float
    low: float
    high: float
    n: int


def reliability_diagram(points: Sequence[Met], *, title: str, side: float = 330) -> SafeString:
    """A square with the chance from left to right and the outcome upwards; points on the diagonal are calibrated."""
    usable = [point for point in points if _usable(point)]
    if not usable:
        nothing = words(0, 14, "no judged answer in this time", opacity=0.75)
        return drawing([nothing], width=side, height=20, title=f"{title}: no data")
    plot = Plot(LEFT, TOP, side - RIGHT, side - RIGHT - LEFT + TOP)
    shapes = grid(plot, TICKS, told=_percent)
    shapes += [
        words(_inside(plot, tick), plot.bottom + FONT_SIZE + 5, _percent(tick), anchor="middle", opacity=0.75)
        for tick in TICKS
    ]
    shapes.append(
        f'<path d="M{number(plot.left)} {number(plot.bottom)}L{number(plot.right)} {number(plot.top)}"'
        ' stroke="currentColor" stroke-dasharray="4 4" opacity="0.5"/>'
    )
    most = max(point.n for point in usable)
    shapes += [_point(point, plot, most) for point in usable]
    shapes += _counts(usable, plot, most)
    told = "; ".join(_hint(point) for point in usable)
    height = plot.bottom + FOOT + COUNTS
    return drawing(shapes, width=side, height=height, title=title, description=told)


def _usable(point: Met) -> bool:
    numbers = (point.chance, point.outcome, point.low, point.high)
    return point.n > 0 and all(finite(value) is not None for value in numbers)


def _point(point: Met, plot: Plot, most: int) -> str:
    x, y = plot.x(_share(point.chance)), plot.y(point.outcome)
    low, high = sorted((plot.y(point.low), plot.y(point.high)))
    radius = LEAST_DOT + (MOST_DOT - LEAST_DOT) * (point.n / most) ** 0.5
    whisker = "".join(f"M{number(x - CAP)} {number(end)}h{number(2 * CAP)}" for end in (low, high))
    line = f'<path d="M{number(x)} {number(low)}V{number(high)}{whisker}" stroke="currentColor" fill="none" opacity="0.6"/>'
    hint = f"<title>{escape(_hint(point))}</title>"
    return f'{line}<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}">{hint}</circle>'


def _counts(points: Sequence[Met], plot: Plot, most: int) -> list[str]:
    """Small columns at the foot: how many answers each point rests on."""
    foot = plot.bottom + FOOT + COUNTS - 2
    shapes = [words(plot.left - 6, foot - 2, "answers", anchor="end", opacity=0.75)]
    for point in points:
        high = max(1.0, (COUNTS - FONT_SIZE - 6) * point.n / most)
        x = plot.x(_share(point.chance))
        shapes.append(box(x - 6, foot - high, 12, high, opacity=0.4, hint=_hint(point)))
        if point.n == most:
            shapes.append(
                words(_near(plot, x), foot - high - 4, f"{point.n:,}", anchor="middle", opacity=0.75)
            )
    return shapes


def _hint(point: Met) -> str:
    return (
        f"{point.chance:.0%} expected, {point.outcome:.0%} right of {point.n:,}"
        f" ({point.low:.0%} to {point.high:.0%})"
    )


def _inside(plot: Plot, tick: float) -> float:
    """Where a tick's text stands: the last one would otherwise leave the drawing."""
    return min(plot.x(tick), plot.right - 4)


def _near(plot: Plot, x: float) -> float:
    return min(max(x, plot.left + 10), plot.right - 12)


def _share(chance: float) -> float:
    return min(1.0, max(0.0, chance))


def _percent(share: float) -> str:
    return f"{share:.0%}"
