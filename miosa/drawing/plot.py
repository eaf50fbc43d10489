"""The ground of every drawing with axes: where a value lies, its grid, and what stands beside it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from miosa.drawing.svg import FONT_SIZE, box, column_width, finite, number, spoken, words

LEGEND_ROW = 20.0
MARK = 9.0  # pixels of a legend's square
FAINT = 0.14  # opacity of the grid
WIDE_LETTER = 7.6
GAP = 10.0  # between the labels under a plot
COLOURS = 8  # --m-part-1 to --m-part-8 of the stylesheet; without it everything takes the text's colour


@dataclass(frozen=True, slots=True)
class Plot:
    """A rectangle of the drawing that holds the values: `lowest` lies at its bottom, `highest` at its top."""

    left: float
    top: float
    right: float
    bottom: float
    lowest: float = 0.0
    highest: float = 1.0

    def x(self, share: float) -> float:
        """Where a share of the width lies, 0 to 1."""
        return self.left + share * (self.right - self.left)

    def y(self, value: float) -> float:
        """Where a value lies; what is outside of the scale is drawn at its end."""
        span = self.highest - self.lowest
        level = min(1.0, max(0.0, (value - self.lowest) / span)) if span > 0 else 0.5
        return self.bottom - level * (self.bottom - self.top)


def grid(plot: Plot, values: Sequence[float], *, told: Callable[[float], str] = spoken) -> list[str]:
    """A faint line at each value, with the value left of it."""
    shapes = []
    for value in values:
        y = plot.y(value)
        shapes.append(box(plot.left, y - 0.5, plot.right - plot.left, 1, opacity=FAINT))
        shapes.append(
            words(plot.left - 6, y + 4, told(value), room=plot.left - 6, anchor="end", opacity=0.75)
        )
    return shapes


def below(plot: Plot, labels: Sequence[str]) -> list[str]:
    """As many of the labels as fit under the plot without touching, the last one always."""
    room = (plot.right - plot.left) / max(1, len(labels))
    shapes, free = [], plot.right + GAP
    for place in range(len(labels) - 1, -1, -1):
        wide = text_width(labels[place])
        x = min(plot.x(0) + (place + 0.5) * room, plot.right - wide / 2)
        if x + wide / 2 + GAP > free or x - wide / 2 < 0:
            continue
        shapes.append(words(x, plot.bottom + FONT_SIZE + 5, labels[place], anchor="middle", opacity=0.75))
        free = x - wide / 2
    return shapes


def text_width(text: str) -> float:
    """Pixels of a short text of digits and capitals, which are wider than most letters."""
    return len(text) * WIDE_LETTER


def legend(names: Sequence[str], *, top: float, width: float) -> tuple[list[str], float]:
    """Squares with names from `top` on, in columns that hold the longest of them; and where it ends."""
    if not names:
        return [], top
    column = min(width, column_width(names) + MARK + 5)
    columns = max(1, int(width // column))
    shapes = []
    for place, name in enumerate(names):
        x, y = (place % columns) * column, top + (place // columns) * LEGEND_ROW
        shapes.append(box(x, y + 5, MARK, MARK).replace("<rect ", f"<rect {colour(place)} ", 1))
        shapes.append(words(x + MARK + 5, y + FONT_SIZE + 1, name, room=column - MARK - 5))
    return shapes, top + -(-len(names) // columns) * LEGEND_ROW


def colour(place: int) -> str:
    """The attribute that fills a shape with the colour of its place."""
    return f'style="fill:var(--m-part-{place % COLOURS + 1},currentColor)"'


def steps(highest: float) -> list[float]:
    """From 0 to a round number at or above `highest` in two to five round steps."""
    most = finite(highest) or 0.0
    if most <= 0:
        return [0.0, 1.0]
    size = 10.0 ** (len(f"{most:.0f}") - 1) if most >= 1 else _below_one(most)
    step = next(size * part for part in (0.2, 0.25, 0.5, 1, 2, 2.5, 5) if size * part * 4 >= most)
    count = next(count for count in range(1, 6) if count * step >= most)
    return [place * step for place in range(count + 1)]


def _below_one(most: float) -> float:
    size = 1.0
    while size > most and size > 1e-9:  # noqa: PLR2004  nothing smaller is told apart
        size /= 10
    return size


def polygon(points: Sequence[tuple[float, float]], *, opacity: float) -> str:
    """A filled shape."""
    path = "L".join(f"{number(x)} {number(y)}" for x, y in points)
    return f'<path d="M{path}Z" opacity="{number(opacity)}"/>'
