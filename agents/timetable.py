"""When something is due: a cron expression in a time zone, or an interval; pure.

A day matches a cron expression as cron has it: where both the day of the month and the day of the week are given, one
of them is enough. Where clocks are put forward, a time that does not exist is due as many minutes after the jump as it
lies within the gap: 02:30 is 03:30 then. Where they are put back, a time that occurs twice is due once, the first time;
with every hour (`*`) both times, so that what is hourly stays hourly.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from celery.schedules import ParseException, crontab_parser

FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
RANGES = ((60, 0), (24, 0), (31, 1), (12, 1), (8, 0))  # how many values, from which; Sunday is 0 and 7
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
NAMES = {
    3: {name: number for number, name in enumerate(MONTHS, 1)},
    4: dict(zip(WEEKDAYS, range(7), strict=True)),
}
PART = re.compile(r"(\*|[0-9]{1,2}(-[0-9]{1,2})?)(/[1-9][0-9]?)?", re.ASCII)
SHORTHANDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}
HORIZON_DAYS = 366 * 40 + 2  # 29 February on one weekday (`0 0 29 2 */7`) is forty years away at the most
EVERY_HOUR, WEEKDAY = 24, 4
LATE_AFTER = timedelta(seconds=60)  # what is noticed later than this was missed
MOST_COUNTED = 1_000  # missed times that are told apart


class NoSuchTime(ValueError):  # noqa: N818  it reads as what is the case
    """A timetable that cannot be: the message says which part of it, and what it may be."""


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression, taken apart. `either`: a day that matches one of its two fields is enough."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool
    zone: ZoneInfo

    def after(self, moment: datetime) -> datetime:
        """Return the first due time later than `moment`, in UTC; raises NoSuchTime where there is none."""
        first = moment.astimezone(self.zone).date() - timedelta(days=1)  # a gap may reach over midnight
        for number in range(HORIZON_DAYS):
            day = first + timedelta(days=number)
            if self._on(day):
                dues = _dues(self, day)
                if (place := bisect_right(dues, moment)) < len(dues):
                    return dues[place]
        raise NoSuchTime("there is no such day")

    def _on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        of_month, of_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return (of_month or of_week) if self.either else (of_month and of_week)


@dataclass(frozen=True, slots=True)
class Interval:
    """Every so many seconds, counted from `origin`: what comes late does not shift what follows."""

    seconds: int
    origin: datetime

    def after(self, moment: datetime) -> datetime:
        """Return the first due time later than `moment`, in UTC."""
        passed = (moment - self.origin) // timedelta(seconds=self.seconds)
        return (self.origin + timedelta(seconds=self.seconds * max(1, passed + 1))).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Passed:
    """Due times that have passed: the last one that is not late (else the first), whether it is late, how many they are."""

    last: datetime
    late: bool
    number: int


Timetable = Cron | Interval


def zone_named(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name. Raises NoSuchTime."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise NoSuchTime(f"{name!r} is no time zone like Europe/Berlin") from error


@lru_cache(maxsize=256)
def cron(expression: str, zone: str) -> Cron:
    """Read an expression of five fields. Raises NoSuchTime, naming the field that cannot be read."""
    fields = SHORTHANDS.get(expression.strip(), expression).lower().split()
    if len(fields) != len(FIELDS):
        raise NoSuchTime(
            f"has {len(fields)} fields and needs five: {', '.join(FIELDS)}; like `30 6 * * mon-fri`"
        )
    read = [_field(number, text) for number, text in enumerate(fields)]
    minutes, hours, days, months, weekdays = read
    either = not (fields[2].startswith("*") or fields[4].startswith("*"))
    made = Cron(
        tuple(sorted(minutes)), tuple(sorted(hours)), days, months, weekdays, either, zone_named(zone)
    )
    if not _possible(made):
        raise NoSuchTime("names a day that no month has, like 31 February")
    return made


def upcoming(timetable: Timetable, moment: datetime, *, most: int) -> list[datetime]:
    """Return so many due times later than `moment`, in UTC."""
    found: list[datetime] = []
    while len(found) < most:
        moment = timetable.after(moment)
        found.append(moment)
    return found


def passed(timetable: Timetable, first: datetime, now: datetime) -> Passed:
    """Return which due times have passed by now, `first` among them."""
    number, last = 1, first
    edge = max(first, now - LATE_AFTER)  # what lies before it is late whatever follows
    if edge > first:
        edge -= timedelta(microseconds=1)
        due = timetable.after(first)
        while due <= edge and number < MOST_COUNTED:
            number, due = number + 1, timetable.after(due)
    due = timetable.after(edge)
    while due <= now:
        number, last, due = number + 1, due, timetable.after(due)
    return Passed(last, late=last < now - LATE_AFTER, number=number)


def _field(number: int, text: str) -> frozenset[int]:
    names = NAMES.get(number, {})
    plain = re.sub("[a-z]+", lambda name: str(names.get(name[0], name[0])), text)
    if wrong := next((part for part in plain.split(",") if not PART.fullmatch(part)), None):
        raise NoSuchTime(f"{text!r} cannot be read as {FIELDS[number]}: {wrong!r} is no value, range or step")
    if wrong is not None:
        raise NoSuchTime(f"{text!r} cannot be read as {FIELDS[number]}: there is nothing beside a comma")
    most, least = RANGES[number]
    parser: Any = crontab_parser(most, least)
    try:
        found: list[int] = list(parser.parse(plain))
    except (ParseException, ValueError) as error:
        last = least + most - 1
        raise NoSuchTime(f"{text!r} is beyond {least} to {last}, the range of {FIELDS[number]}") from error
    return frozenset(value % 7 for value in found) if number == WEEKDAY else frozenset(found)


def _possible(made: Cron) -> bool:
    longest = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
    return made.either or any(min(made.days) <= longest.get(month, 31) for month in made.months)


@lru_cache(maxsize=32)  # who counts what has passed asks for one day a thousand times
def _dues(made: Cron, day: date) -> tuple[datetime, ...]:
    """Return the due times of a day that matches, in order and in UTC."""
    folds = (0, 1) if len(made.hours) == EVERY_HOUR else (0,)
    local = (
        datetime(day.year, day.month, day.day, hour, minute, tzinfo=made.zone, fold=fold)
        for hour, minute, fold in product(made.hours, made.minutes, folds)
    )
    return tuple(sorted(due.astimezone(UTC) for due in local if due.fold == 0 or _twice(due)))


def _twice(due: datetime) -> bool:
    """Whether the local time of `due` occurs twice; where it does not exist, its two readings lie the other way round."""
    return due.replace(fold=1).astimezone(UTC) > due.replace(fold=0).astimezone(UTC)
