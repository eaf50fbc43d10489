"""How long a provider wants us to wait, as its headers say it."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_DURATION = re.compile(
    r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?"
)
_UNITS_S = (3600.0, 60.0, 1.0, 0.001)
LONGEST_S = 7 * 24 * 3600.0  # longer waits are told as a week


def duration_s(text: str) -> float | None:
    """Seconds of `2m59.56s`, `840ms`, `1h2m3.4s` or a bare `12.5`; None for anything else."""
    text = text.strip()
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return _sane(float(text))
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        return None
    return _sane(sum(float(part) * unit for part, unit in zip(match.groups(), _UNITS_S, strict=True) if part))


def retry_after_s(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """The wait asked for by `retry-after-ms` or `Retry-After` (seconds or an HTTP date); None where none is.

    `headers` must find names whatever their case, as httpx's do. A date in the past means 0.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return _sane(milliseconds / 1000)
    text = headers.get("retry-after", "").strip()
    seconds = duration_s(text)
    return seconds if seconds is not None else _until(text, now)


def pause_s(headers: Mapping[str, str]) -> float | None:
    """How long until something is left again of a rate that is used up; None while something is left.

    The reset header tells when the rate will be whole again, and it fills steadily: after reset / limit there is one
    more. (Groq: 30 of 14,400 requests a day used, reset in 2m59.56s, which is 30 times 6 s.)
    """
    waits = [_refill_s(headers, kind) for kind in ("requests", "tokens")]
    return max((wait for wait in waits if wait), default=None)


def _refill_s(headers: Mapping[str, str], kind: str) -> float | None:
    if _number(headers.get(f"x-ratelimit-remaining-{kind}", "")) != 0:
        return None
    reset = duration_s(headers.get(f"x-ratelimit-reset-{kind}", ""))
    limit = _number(headers.get(f"x-ratelimit-limit-{kind}", "")) or 1.0
    return None if reset is None else reset / max(limit, 1.0)


def _until(text: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return _sane(max(0.0, (moment - now).total_seconds()))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _sane(seconds: float) -> float:
    return min(seconds, LONGEST_S)
