"""A sparkline: how a number moved, small enough for a table row."""

from collections.abc import Iterator, Sequence

from django.utils.safestring import SafeString

from miosa.drawing.svg import drawing, finite, number, spoken

PADDING = 3.0  # room for the dot and half the line's width
FAINT = 0.35

Point = tuple[float, float]


def sparkline(
    values: Sequence[float | None],
    *,
    title: str,
    lowest: float | None = None,
    highest: float | None = None,
    width: float = 120,
    height: float = 28,
) -> SafeString:
    """The values from left to right at even distances; a missing one (None, NaN) leaves a gap.

    The scale spans the values unless `lowest` and `highest` fix it, as a rate from 0 to 1 wants.
    """
    known = [found for value in values if (found := finite(value)) is not None]
    if not known:
        middle = (
            f'<path d="M{number(PADDING)} {number(height / 2)}H{number(width - PADDING)}" {_line(FAINT)}/>'
        )
        return drawing([middle], width=width, height=height, title=f"{title}: no data")
    floor = min(known) if lowest is None else lowest
    ceiling = max(known) if highest is None else highest
    points = [
        _point(i, value, len(values), (floor, ceiling), (width, height)) for i, value in enumerate(values)
    ]
    runs = list(_runs(points))
    shapes = [_area(run, height) + _path(run) for run in runs if len(run) > 1]
    shapes += [_dot(run[0], FAINT) for run in runs[:-1] if len(run) == 1]
    shapes.append(_dot(runs[-1][-1]))
    told = f"last {spoken(known[-1])}, lowest {spoken(min(known))}, highest {spoken(max(known))}"
    return drawing(shapes, width=width, height=height, title=f"{title}: {told}")


def _point(
    position: int, value: float | None, count: int, scale: tuple[float, float], size: tuple[float, float]
) -> Point | None:
    found = finite(value)
    if found is None:
        return None
    share = position / (count - 1) if count > 1 else 0.5
    return PADDING + share * (size[0] - 2 * PADDING), PADDING + (1 - _level(found, scale)) * (
        size[1] - 2 * PADDING
    )


def _level(value: float, scale: tuple[float, float]) -> float:
    """Where a value lies between bottom (0) and top (1); values that are all alike lie in the middle."""
    low, high = scale
    span = high - low
    return min(1.0, max(0.0, (value - low) / span)) if 0 < span < float("inf") else 0.5


def _runs(points: Sequence[Point | None]) -> Iterator[list[Point]]:
    """The stretches without a gap."""
    run: list[Point] = []
    for point in [*points, None]:
        if point is not None:
            run.append(point)
        elif run:
            yield run
            run = []


def _path(run: Sequence[Point]) -> str:
    return f'<path d="M{_joined(run)}" {_line()}/>'


def _area(run: Sequence[Point], height: float) -> str:
    left, right, bottom = number(run[0][0]), number(run[-1][0]), number(height)
    return f'<path d="M{left} {bottom}L{_joined(run)}L{right} {bottom}Z" opacity="0.12"/>'


def _joined(run: Sequence[Point]) -> str:
    return "L".join(f"{number(x)} {number(y)}" for x, y in run)


def _line(opacity: float = 1) -> str:
    return f'fill="none" stroke="currentColor" stroke-width="1.5" stroke-linejoin="round" opacity="{number(opacity)}"'


def _dot(point: Point, opacity: float = 1) -> str:
    return f'<circle cx="{number(point[0])}" cy="{number(point[1])}" r="2.2" opacity="{number(opacity)}"/>'
