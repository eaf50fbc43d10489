"""What a figure plots, as data that can be drawn again: lines, scatters, bars and pies of its first axes."""

from typing import Any


def chart(figure: Any) -> dict[str, Any]:
    """Return {"chart": ...} in the form E2B's SDK reads, or nothing where it is another kind of figure."""
    axes = figure.get_axes()
    if not axes:
        return {}
    charts = [one for one in map(_of, axes) if one]
    if not charts:
        return {}
    if len(charts) == 1:
        return {"chart": charts[0]}
    return {"chart": {"type": "superchart", "title": _title(figure), "elements": charts}}


def _of(axes: Any) -> dict[str, Any] | None:
    try:
        return _pie(axes) or _bars(axes) or _points(axes)
    except (AttributeError, TypeError, ValueError, IndexError):  # a plot of a kind we do not know
        return None


def _plane(axes: Any, kind: str, elements: list[dict[str, Any]]) -> dict[str, Any]:
    told: dict[str, Any] = {"type": kind, "title": axes.get_title() or None, "elements": elements}
    told |= {"x_label": axes.get_xlabel() or None, "y_label": axes.get_ylabel() or None}
    return told | {"x_unit": None, "y_unit": None}


def _points(axes: Any) -> dict[str, Any] | None:
    lines = [(line.get_label(), line.get_xdata(), line.get_ydata()) for line in axes.get_lines()]
    kind = "line"
    if not lines:
        kind = "scatter"
        groups = [(group.get_label(), group.get_offsets()) for group in axes.collections]
        lines = [(label, points[:, 0], points[:, 1]) for label, points in groups]
    elements = [
        {"label": str(label), "points": [[_number(x), _number(y)] for x, y in zip(xs, ys, strict=False)]}
        for label, xs, ys in lines
    ]
    if not elements:
        return None
    scales = {
        f"{name}_{what}": value
        for name, axis in (("x", axes.xaxis), ("y", axes.yaxis))
        for what, value in (
            ("ticks", [_number(tick) for tick in axis.get_ticklocs()]),
            ("tick_labels", [label.get_text() for label in axis.get_ticklabels()]),
            ("scale", axis.get_scale()),
        )
    }
    return _plane(axes, kind, elements) | scales


def _bars(axes: Any) -> dict[str, Any] | None:
    ticks = {
        round(float(at), 6): label.get_text()
        for at, label in zip(axes.get_xticks(), axes.get_xticklabels(), strict=False)
    }
    elements = []
    for group in axes.containers:
        for bar in group.patches:
            middle = bar.get_x() + bar.get_width() / 2
            label = ticks.get(round(float(middle), 6)) or f"{middle:g}"
            elements.append(
                {"label": label, "group": str(group.get_label()), "value": _number(bar.get_height())}
            )
    return _plane(axes, "bar", elements) if elements else None


def _pie(axes: Any) -> dict[str, Any] | None:
    wedges = [patch for patch in axes.patches if type(patch).__name__ == "Wedge"]
    if not wedges:
        return None
    elements = [
        {
            "label": wedge.get_label(),
            "angle": _number(wedge.theta2 - wedge.theta1),
            "radius": _number(wedge.r),
        }
        for wedge in wedges
    ]
    return {"type": "pie", "title": axes.get_title() or None, "elements": elements}


def _title(figure: Any) -> str | None:
    return figure.get_suptitle() or None


def _number(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return value if value - value == 0 else None
    return value if isinstance(value, int) else str(value)
