"""Looks at a service as pictures: each look a mark, and how long the answers took."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString

from deployments.models import HealthCheck
from deployments.pages.picture import share_told
from deployments.pages.strip import Mark, strip
from miosa.drawing.series import Known, series
from miosa.pages.cells import duration

MARKS, MOST = 60, 500
WIDE, NARROW, SMALL = 620, 310, 150
POINTS = 24
MISSED_MS = 5000


def picture_of(checks: Sequence[HealthCheck]) -> dict[str, Any] | None:
    """Return the pictures of looks given from old to new; None where nobody looked."""
    if not checks:
        return None
    answered = [one for one in checks if one.passed]
    labels, points = _points(checks)
    return {
        "strip_wide": marks_of(checks[-MARKS:], width=WIDE, height=48),
        "strip_narrow": marks_of(checks[-MARKS // 2 :], width=NARROW, height=48),
        "latency_wide": series(points, labels=labels, title="Time to answer", told=duration, width=WIDE),
        "latency_narrow": series(points, labels=labels, title="Time to answer", told=duration, width=NARROW),
        "share": share_told(len(answered) / len(checks)),
        "count": len(checks),
        "since": checks[0].created,
        "failed": [one for one in reversed(checks) if not one.passed][:5],
    }


def marks_of(checks: Sequence[HealthCheck], *, width: float = SMALL, height: float = 22) -> SafeString:
    """One mark for each look, as tall as the answer took long; what failed is whole."""
    slowest = max([one.latency_ms for one in checks if one.passed] or [1]) or 1
    marks = [
        Mark(
            "good" if one.passed else "bad",
            _hint(one),
            0.3 + 0.7 * one.latency_ms / slowest if one.passed else 1,
        )
        for one in checks
    ]
    passed = sum(one.passed for one in checks)
    return strip(marks, title=f"{passed} of {len(checks)} looks found it healthy", width=width, height=height)


def _hint(one: HealthCheck) -> str:
    when = f"{timezone.localtime(one.created):%d %b %H:%M:%S}"
    return f"{when}: healthy, {one.latency_ms} ms" if one.passed else f"{when}: {one.detail or one.status}"


def _points(checks: Sequence[HealthCheck]) -> tuple[list[str], list[Known]]:
    """The mean of each of up to 24 stretches of looks that were answered."""
    size = -(-len(checks) // POINTS)
    stretches = [checks[at : at + size] for at in range(0, len(checks), size)]
    labels = [f"{timezone.localtime(one[0].created):%H:%M}" for one in stretches]
    return labels, [_mean([look.latency_ms for look in one if look.passed]) for one in stretches]


def _mean(times: Sequence[int]) -> Known:
    if not times:
        return Known(None)
    return Known(sum(times) / len(times), min(times), max(times), f"of {len(times)}")
