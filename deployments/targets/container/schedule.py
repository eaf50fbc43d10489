"""Whether a schedule is one that CronJobs take: five fields; pure."""

import re

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_FIELDS: tuple[tuple[str, int, int, list[str]], ...] = (
    ("minute", 0, 59, []),
    ("hour", 0, 23, []),
    ("day of the month", 1, 31, []),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _DAYS),
)
_PART = re.compile(r"^(?:(?P<all>[*?])|(?P<low>\w+)(?:-(?P<high>\w+))?)(?:/(?P<step>\d{1,4}))?$")


def schedule_fault(schedule: str) -> str:
    """Say what is wrong with the schedule, "" where nothing is."""
    fields = schedule.split()
    if len(fields) != len(_FIELDS):
        return f"a schedule has five fields (minute hour day month weekday), not {len(fields)}: {schedule!r}"
    for text, (name, low, high, words) in zip(fields, _FIELDS, strict=True):
        if not all(_part_holds(part, low, high, words) for part in text.split(",")):
            return f"{text!r} is no {name}: numbers from {low} to {high}, *, lists, ranges and steps"
    return ""


def _part_holds(part: str, low: int, high: int, words: list[str]) -> bool:
    match = _PART.match(part.lower())
    if match is None or (match["step"] and int(match["step"]) == 0):
        return False
    if match["all"]:
        return True
    first = _number(match["low"], low, words)
    last = _number(match["high"] or match["low"], low, words)
    return first is not None and last is not None and low <= first <= last <= high


def _number(text: str, low: int, words: list[str]) -> int | None:
    if text.isascii() and text.isdecimal():
        return int(text)
    return words.index(text) + low if text in words else None
