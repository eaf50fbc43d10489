"""Dates and times of day in a text, and whether another text holds them; pure."""

import re
from collections.abc import Iterator

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")  # fmt: skip
_NAME = rf"(?P<month>{'|'.join(f'{name[:3]}(?:{name[3:]})?' for name in _MONTHS)})\.?"
_ISO = re.compile(
    r"\b(?P<year>\d{4})-(?P<number>\d\d)(?:-(?P<day>\d\d))?(?:[T ]\d\d:\d\d[\d:.]*(?:Z|[+-]\d\d:?\d\d)?)?(?!\w)"
)
_DAY_FIRST = re.compile(
    rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?(?: of)? {_NAME}(?:,? (?P<year>\d{{4}}))?\b"
)
_MONTH_FIRST = re.compile(
    rf"\b{_NAME} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?P<year>\d{{4}}))?(?![\d.,]\d)"
)
_MONTH = re.compile(rf"\b{_NAME} (?P<year>\d{{4}})\b")
_CLOCK = re.compile(r"\b\d{1,2}:\d\d(?::\d\d)?\b")
_YEAR = re.compile(r"(?<![\w.,$€£-])(?:19|20)\d\d(?![\w.,-]*\d)(?!\s?(?:%|ms\b|s\b))")
_FORMS = (_ISO, _DAY_FIRST, _MONTH_FIRST, _MONTH)
Date = tuple[str, int, str]  # year, month, day; "" where one is not said


def without_dates(text: str, source: str) -> tuple[str, list[str]]:
    """Return a text without its dates, times of day and years, and those of them that a source does not hold.

    A year alone that the source does not hold may be a number like any other: it stays.
    """
    known = set(_dates(source))
    strange: list[str] = []

    def judged(match: re.Match[str]) -> str:
        if not any(_agree(_date(match), one) for one in known):
            strange.append(match[0])
        return " "

    for form in _FORMS:
        text = form.sub(judged, text)
    clocks = {match[0] for match in _CLOCK.finditer(text)}
    strange += sorted(one for one in clocks if one not in source)
    years = {year for year, _, _ in known}
    text = _YEAR.sub(lambda match: " " if match[0] in years else match[0], _CLOCK.sub(" ", text))
    return text, strange


def _dates(text: str) -> Iterator[Date]:
    for form in _FORMS:
        yield from (_date(match) for match in form.finditer(text))


def _date(match: re.Match[str]) -> Date:
    named = match.groupdict()
    month = (
        int(named["number"])
        if named.get("number")
        else 1 + next(place for place, name in enumerate(_MONTHS) if name.startswith(named["month"][:3]))
    )
    return named.get("year") or "", month, (named.get("day") or "").lstrip("0")


def _agree(one: Date, other: Date) -> bool:
    """Tell whether two dates may be the same: what only one of them says is left open."""
    return one[1] == other[1] and all(
        not mine or not theirs or mine == theirs for mine, theirs in ((one[0], other[0]), (one[2], other[2]))
    )
