"""Bars: values side by side, the parts of one sum, and estimates with the interval they are known to."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from miosa.drawing.svg import COLUMN_GAP, FONT_SIZE, box, column_width, drawing, finite, number, spoken, words

ROW = 20.0  # pixels from one bar to the next
THICK = 12.0
TRACK = 0.12  # opacity of the empty part of a bar
GAP = 1.5  # between the parts of one bar
LEGEND_COLUMN = 170.0
LABEL_SHARE, VALUE_SHARE = 0.4, 0.35  # of the width, at most

# Neighbouring parts differ clearly in light and in dark themes.
SHADES = (1.0, 0.45, 0.8, 0.3, 0.62, 0.18)


@dataclass(frozen=True, slots=True)
class Bar:
    """One value with its name; `text` is shown instead of the bare number."""

    label: str
    value: float | None
    text: str = ""

    @property
    def told(self) -> str:
        return self.text or spoken(self.value)


@dataclass(frozen=True, slots=True)
class Interval:
    """One estimate with the interval it is known to."""

    label: str
    low: float | None
    value: float | None
    high: float | None
    text: str = ""

    @property
    def told(self) -> str:
        if self.text or finite(self.value) is None:
            return self.text or spoken(None)
        return f"{spoken(self.value)} ({spoken(self.low)} to {spoken(self.high)})"


def bars(rows: Sequence[Bar], *, title: str, largest: float | None = None, width: float = 420) -> SafeString:
    """One horizontal bar for each row, from 0 to `largest` (by default the biggest value there is)."""
    if not rows:
        return _nothing(title, width)
    most = largest or max((finite(row.value) or 0 for row in rows), default=0)
    left, right = _columns(rows, width)
    shapes: list[str] = []
    for line, row in enumerate(rows):
        y = line * ROW
        shapes += [_label(row, y, left), box(left, y + 4, right - left, THICK, opacity=TRACK)]
        length = _share(row.value, (0, most)) * (right - left)
        shapes += [box(left, y + 4, length, THICK)] if length else []
        shapes.append(_value(row, y, right, width))
    return drawing(shapes, width=width, height=len(rows) * ROW, title=title, description=_description(rows))


def stacked_bar(
    parts: Sequence[Bar], *, title: str, whole: float | None = None, width: float = 520
) -> SafeString:
    """One bar whose parts lie one behind the other, with a legend below.

    `whole` is the sum that fills the bar; by default what the parts add up to. Parts below zero are not drawn.
    """
    if not parts:
        return _nothing(title, width)
    sizes = [max(0.0, finite(part.value) or 0) for part in parts]
    most = max(whole or 0, sum(sizes))
    shapes = [box(0, 2, width, THICK + 4, opacity=TRACK)]
    x = 0.0
    for place, (part, size) in enumerate(zip(parts, sizes, strict=True)):
        length = _share(size, (0, most)) * width
        hint = f"{part.label} {part.told}"
        shapes += (
            [box(x, 2, length - GAP, THICK + 4, opacity=_shade(place), hint=hint)] if length > GAP else []
        )
        x += length
    columns = max(1, int(width // LEGEND_COLUMN))
    shapes += [_legend(place, part, columns, width / columns) for place, part in enumerate(parts)]
    height = THICK + 10 + -(-len(parts) // columns) * ROW
    return drawing(shapes, width=width, height=height, title=title, description=_description(parts))


def interval_bars(
    rows: Sequence[Interval], *, title: str, lowest: float = 0, highest: float = 1, width: float = 420
) -> SafeString:
    """One line for each row: a faint bar from low to high with a mark at the value, on a common scale."""
    if not rows:
        return _nothing(title, width)
    scale = (lowest, highest)
    left, right = _columns(rows, width)
    shapes: list[str] = []
    for line, row in enumerate(rows):
        y = line * ROW
        shapes += [_label(row, y, left), box(left, y + 9, right - left, 2, opacity=TRACK)]
        if finite(row.low) is not None and finite(row.high) is not None:
            start, end = sorted(left + _share(edge, scale) * (right - left) for edge in (row.low, row.high))
            shapes.append(box(start, y + 6, end - start, 8, opacity=0.35))
        if finite(row.value) is not None:
            shapes.append(box(left + _share(row.value, scale) * (right - left) - 1.5, y + 3, 3, 14))
        shapes.append(_value(row, y, right, width))
    return drawing(shapes, width=width, height=len(rows) * ROW, title=title, description=_description(rows))


def _columns(rows: Sequence[Bar] | Sequence[Interval], width: float) -> tuple[float, float]:
    """Where the bars start and end: between labels and values, which leave them a quarter of the width."""
    left = min(column_width(row.label for row in rows), LABEL_SHARE * width)
    right = width - min(column_width(row.told for row in rows), VALUE_SHARE * width)
    return left, right


def _share(value: float | None, scale: tuple[float, float]) -> float:
    """How far along the scale a value lies, 0 to 1; missing values and empty scales lie at 0."""
    low, high = scale
    found = finite(value)
    return min(1.0, max(0.0, (found - low) / (high - low))) if found is not None and high > low else 0.0


def _shade(place: int) -> float:
    return SHADES[place % len(SHADES)]


def _label(row: Bar | Interval, y: float, left: float) -> str:
    return words(0, y + FONT_SIZE + 2, row.label, room=left - COLUMN_GAP)


def _value(row: Bar | Interval, y: float, right: float, width: float) -> str:
    room = width - right - COLUMN_GAP
    return words(width, y + FONT_SIZE + 2, row.told, room=room, anchor="end", opacity=0.75)


def _legend(place: int, part: Bar, columns: int, column: float) -> str:
    x, y = (place % columns) * column, THICK + 10 + (place // columns) * ROW
    return box(x, y + 4, 9, 9, opacity=_shade(place)) + words(
        x + 14, y + FONT_SIZE + 1, f"{part.label} {part.told}"
    )


def _description(rows: Sequence[Bar] | Sequence[Interval]) -> str:
    return ", ".join(f"{row.label} {row.told}" for row in rows)


def _nothing(title: str, width: float) -> SafeString:
    return drawing(
        [
            box(0, 4, width, THICK, opacity=TRACK),
            f'<text x="6" y="{number(THICK + 2)}" opacity="0.75">no data</text>',
        ],
        width=width,
        height=ROW,
        title=f"{title}: no data",
    )
