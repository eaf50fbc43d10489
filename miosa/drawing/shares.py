"""Shares of a whole: stacked columns over time, and stacked rows by kind, with one legend for both."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from miosa.drawing.plot import Plot, below, colour, grid, legend
from miosa.drawing.svg import COLUMN_GAP, FONT_SIZE, box, column_width, drawing, finite, words

TOP, FOOT = 8.0, 24.0
ROW, THICK = 24.0, 14.0
SPACE = 0.2  # of a column's room is left between columns
LABEL_SHARE = 0.34  # of the width, at most
EMPTY = 0.1


@dataclass(frozen=True, slots=True)
class Whole:
    """One column or row: its name, and the amount of each part in the order of the names."""

    label: str
    amounts: tuple[float, ...]

    @property
    def sizes(self) -> tuple[float, ...]:
        """Amounts that can be drawn: nothing below zero, nothing infinite."""
        return tuple(max(0.0, finite(amount) or 0.0) for amount in self.amounts)

    @property
    def shares(self) -> tuple[float, ...]:
        """What part of the whole each amount is, 0 to 1; zeros where there is nothing."""
        sizes = self.sizes
        most = max(sizes, default=0.0)
        total = sum(size / most for size in sizes) if most else 0.0  # scaled first: huge sums stay finite
        return tuple(size / most / total for size in sizes) if total else (0.0,) * len(sizes)


def stacked_columns(
    wholes: Sequence[Whole], *, names: Sequence[str], title: str, width: float = 520, height: float = 180
) -> SafeString:
    """One column for each whole, always as high as the plot; one that holds nothing stays empty."""
    if not any(sum(whole.shares) for whole in wholes):
        return _nothing(title, width=width)
    plot = Plot(44, TOP, width - 2, height - FOOT)
    shapes = grid(plot, [0.0, 0.5, 1.0], told=lambda share: f"{share:.0%}")
    room = (plot.right - plot.left) / len(wholes)
    for place, whole in enumerate(wholes):
        top = plot.bottom
        for part, share in enumerate(whole.shares):
            length = share * (plot.bottom - plot.top)
            top -= length
            x = plot.left + room * (place + SPACE / 2)
            shapes += _part(part, (x, top, room * (1 - SPACE), length), _hint(whole, names, part))
    shapes += below(plot, [whole.label for whole in wholes])
    marks, bottom = legend(names, top=height + 2, width=width)
    return drawing(shapes + marks, width=width, height=bottom, title=title, description=_told(wholes, names))


def stacked_rows(
    wholes: Sequence[Whole], *, names: Sequence[str], title: str, width: float = 520
) -> SafeString:
    """One row for each whole, always as long as the plot, with the sum of its amounts at the end."""
    if not any(sum(whole.shares) for whole in wholes):
        return _nothing(title, width=width)
    sums = [f"{sum(whole.sizes):,.0f}" for whole in wholes]
    left = min(column_width(whole.label for whole in wholes), LABEL_SHARE * width)
    right = width - column_width(sums)
    shapes = []
    for line, (whole, total) in enumerate(zip(wholes, sums, strict=True)):
        y, x = line * ROW, left
        shapes.append(words(0, y + FONT_SIZE + 3, whole.label, room=left - COLUMN_GAP))
        shapes.append(box(left, y + 4, right - left, THICK, opacity=EMPTY))
        for part, share in enumerate(whole.shares):
            length = share * (right - left)
            shapes += _part(part, (x, y + 4, length, THICK), _hint(whole, names, part))
            x += length
        shapes.append(words(width, y + FONT_SIZE + 3, total, anchor="end", opacity=0.75))
    marks, bottom = legend(names, top=len(wholes) * ROW + 6, width=width)
    return drawing(shapes + marks, width=width, height=bottom, title=title, description=_told(wholes, names))


def _part(place: int, frame: tuple[float, float, float, float], hint: str) -> list[str]:
    x, y, wide, high = frame
    if wide <= 0 or high <= 0:
        return []
    return [box(x, y, wide, high, hint=hint).replace("<rect ", f"<rect {colour(place)} ", 1)]


def _hint(whole: Whole, names: Sequence[str], part: int) -> str:
    return f"{whole.label}: {names[part]} {whole.shares[part]:.0%} ({whole.sizes[part]:,.0f})"


def _told(wholes: Sequence[Whole], names: Sequence[str]) -> str:
    """The whole drawing in words."""
    return "; ".join(
        f"{whole.label} "
        + ", ".join(f"{name} {share:.0%}" for name, share in zip(names, whole.shares, strict=True) if share)
        for whole in wholes
        if sum(whole.shares)
    )


def _nothing(title: str, *, width: float) -> SafeString:
    nothing = words(0, 14, "nothing in this time", opacity=0.75)
    return drawing([nothing], width=width, height=20, title=f"{title}: no data")
