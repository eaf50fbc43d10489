"""Numbers of an answer: those that were seen, and those that follow from them in one step; pure.

One step is a sum, a difference, a ratio, a share, or another unit. What it may be taken of is narrow on purpose: among
hundreds of numbers almost any other is the difference of two, so that everything would "follow".
"""

import json
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, combinations
from typing import Any

from agents.text.codes import without_codes
from agents.text.dates import without_dates

Row = Mapping[str, Any]
FEW_ROWS, SOME_ROWS = 5, 20  # up to here rows are compared with each other; numbers within a row
MOST, MOST_NAMED = 1e100, 24  # the largest number; numbers of an answer that are taken two at a time
_NUMBER = re.compile(
    r"(?P<money>[$€£])?(?<![\w.])(?P<digits>\d+(?:[.,]\d+)*)"
    r"(?:\s?(?P<sign>[%¢])|[ -]?(?P<unit>per ?cent|percent|milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|hours?|hrs?|h|days?|"
    r"thousand|million|k|M|dollars?|USD|cents?|times|x|st|nd|rd|th)\b)?"
)
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL_COMMA = re.compile(r"\d+,\d{1,2}")
_NUMBERED = re.compile(r"^\s*(?:[-*]\s+)?\d+[.)]\s", re.MULTILINE)
_PER_S, _PER_MIN, _PER_H, _PER_DAY = 1e-3, 1 / 60_000, 1 / 3_600_000, 1 / 86_400_000
# What a number of the source is multiplied by to be said in a unit; costs are kept in micro-dollars, times in ms or s.
_SCALES: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("%", (1, 100)), ("per", (1, 100)), ("ms", (1, 1e3)), ("millis", (1, 1e3)), ("¢", (1, 100, 1e-4)), ("cent", (1, 100, 1e-4)),
    ("$", (1, 1e-6)), ("dollar", (1, 1e-6)), ("usd", (1, 1e-6)), ("thousand", (1e-3,)), ("k", (1e-3,)),
    ("million", (1e-6,)), ("min", (1, _PER_MIN, 1 / 60)), ("m", (1e-6,)), ("s", (1, _PER_S)), ("h", (1, _PER_H, 1 / 3600)),
    ("d", (1, _PER_DAY, 1 / 86_400)),
)  # fmt: skip
_KINDS = tuple(
    (kind, re.compile(words, re.IGNORECASE))
    for kind, words in (
        ("money", r"cost|micros|price|usd|spen[dt]"),
        ("time", r"(?:^|_)(?:ms|s|secs?|seconds?|minutes?|hours?|days?)$|latency|duration|took|time"),
        ("tokens", r"tokens?"),
        ("score", r"confidence|score|rate|share"),
    )
)
_TINY, _WHOLE = 1e-9, 0.5


_Group = tuple[Sequence[float], bool]  # numbers that belong together, and whether their sums mean anything


@dataclass(frozen=True)
class Seen:
    """What an answer may speak of: `text` as it was shown, `tables` as rows, `asked` what was looked for (its dates count)."""

    text: str = ""
    tables: tuple[tuple[Row, ...], ...] = ()
    asked: str = ""


@dataclass(frozen=True)
class Written:
    """A number as it is written; `step` is half of its last digit, `unit` what stands beside it."""

    said: str
    value: float
    step: float
    unit: str = ""

    @property
    def scales(self) -> tuple[float, ...]:
        """What a number of the source may be multiplied by to give this one."""
        unit = self.unit.lower()
        return next((scales for name, scales in _SCALES if unit and unit.startswith(name)), (1.0,))

    @property
    def is_share(self) -> bool:
        """Whether it is a percentage."""
        return self.unit.lower().startswith(("%", "per"))

    @property
    def may_be_ratio(self) -> bool:
        """Whether it may say how much of another a number is: with a unit or a fraction; a bare count does not."""
        return bool(self.unit) or self.step < _WHOLE


def unfounded(answer: str, seen: Seen) -> list[str]:
    """Return the numbers, dates and names with digits of an answer that were not seen and do not follow, as written."""
    source = f"{seen.text} {seen.asked}"
    plain, strange = without_dates(_NUMBERED.sub(" ", answer), source)
    plain, unknown = without_codes(plain, source)
    columns = [_columns(rows) for rows in seen.tables]
    direct = [*_of_text(seen.text), *map(float, map(len, seen.tables)), *_aggregates(columns)]
    direct += [value for one in columns for column in one.values() for value in column]
    said = list(numbers_of(plain))
    known = _Known(direct, list(_together(seen.tables, columns)))
    found = [one for one in said if known.has(one)]
    follows = _Known((), [([one.value for one in found[:MOST_NAMED]], True)])
    return [*strange, *unknown, *(one.said for one in said if one not in found and not follows.has(one))]


class _Known:
    """Magnitudes that may be said: numbers as they are, and what follows in one step from those of a group."""

    def __init__(self, direct: Iterable[float], groups: Sequence[_Group]) -> None:
        pairs = [(pair, adds) for group, adds in groups for pair in combinations(group, 2)]
        steps = chain.from_iterable((one + other, one - other) for (one, other), adds in pairs if adds)
        self._amounts = _magnitudes([*direct, *steps])
        self._ratios = _magnitudes(ratio for (one, other), _ in pairs for ratio in _ratios(one, other))

    def has(self, one: Written) -> bool:
        """Tell whether a number as written is one of them. A count is never a ratio."""
        if any(_near(self._amounts, one, scale) for scale in one.scales):
            return True
        of_ratio = (100.0,) if one.is_share else one.scales
        return one.may_be_ratio and any(_near(self._ratios, one, scale) for scale in of_ratio)


def _magnitudes(values: Iterable[float]) -> list[float]:
    return sorted({abs(one) for one in values})


def _near(values: Sequence[float], one: Written, scale: float) -> bool:
    value = one.value / scale
    slack = one.step / scale * (1 + _TINY) + _TINY * value
    place = bisect_left(values, value - slack)
    return place < len(values) and values[place] <= value + slack


def _ratios(one: float, other: float) -> Iterator[float]:
    for base, value in ((one, other), (other, one)):
        if base:
            yield from (value / base, (value - base) / base)


def numbers_of(text: str) -> Iterator[Written]:
    """Yield the numbers of a text that are written in digits."""
    for match in _NUMBER.finditer(text):
        unit = (match["sign"] or match["unit"] or match["money"] or "").replace("€", "$").replace("£", "$")
        for digits in _parts(match["digits"]):
            decimals = len(digits.partition(".")[2])
            yield Written(match[0].strip(), min(float(digits), MOST), 0.5 * 10.0**-decimals, unit)


def rows_of(text: str) -> tuple[Row, ...]:
    """Return the lines of a tool's answer that are JSON objects."""
    found = []
    for line in text.splitlines():
        if line.startswith("{"):
            try:
                read = json.loads(line)
            except (ValueError, RecursionError):
                continue
            found += [read] if isinstance(read, dict) else []
    return tuple(found)


def _parts(digits: str) -> list[str]:
    """Read separators: 1,234.5 and 3,5 are one number each, 1,2,3 are three."""
    if _THOUSANDS.fullmatch(digits):
        return [digits.replace(",", "")]
    if _DECIMAL_COMMA.fullmatch(digits):
        return [digits.replace(",", ".")]
    return [one for one in digits.split(",") if one.count(".") <= 1]


def _of_text(text: str) -> Iterator[float]:
    """Yield the numbers of a source; its dates, ids and names are none."""
    plain, _ = without_codes(without_dates(text, "")[0], "")
    for one in numbers_of(plain):
        yield one.value if one.scales[0] == 1 else one.value / one.scales[0]


def _values(row: Row) -> dict[str, float]:
    """Return the numbers of a row by column; the database's decimals come as text."""
    found = {}
    for name, value in row.items():
        try:
            found[name] = float(value) if not isinstance(value, bool) else float("nan")
        except (TypeError, ValueError, OverflowError):
            continue
    return {name: value for name, value in found.items() if abs(value) < MOST}


def _columns(rows: Sequence[Row]) -> dict[str, list[float]]:
    columns: dict[str, list[float]] = defaultdict(list)
    for name, value in chain.from_iterable(_values(row).items() for row in rows):
        columns[name].append(value)
    return columns


def _aggregates(tables: Iterable[Mapping[str, Sequence[float]]]) -> Iterator[float]:
    """Yield the sum and the mean of each column, and what the first rows come to together."""
    for column in chain.from_iterable(one.values() for one in tables):
        yield from (sum(column), sum(column) / len(column))
        yield from accumulate(column[:SOME_ROWS])


def _together(
    tables: Sequence[Sequence[Row]], columns: Sequence[Mapping[str, Sequence[float]]]
) -> Iterator[_Group]:
    """Yield the numbers that are taken two at a time: of a row, of a column and its sum, of small columns of one name."""
    alike: dict[str, list[float]] = defaultdict(list)
    for rows, own in zip(tables, columns, strict=True):
        sums = {name: sum(column) for name, column in own.items()}
        some = [_values(row) for row in rows] if len(rows) <= SOME_ROWS else []
        yield from chain.from_iterable(_beside(values) for values in [*some, sums])
        for name, column in own.items():
            yield from (((value, sums[name]), True) for value in column)
            alike[name] += column if len(column) <= FEW_ROWS else []
    yield from ((one, True) for one in alike.values() if len(one) <= 2 * FEW_ROWS)


def _beside(values: Mapping[str, float]) -> Iterator[_Group]:
    """Numbers of one row: any two have a ratio, only those of one kind a sum; tokens and milliseconds add up to nothing."""
    yield list(values.values()), False
    kinds: dict[str, list[float]] = defaultdict(list)
    for name, value in values.items():
        kinds[next((kind for kind, words in _KINDS if words.search(name)), "")].append(value)
    yield from ((one, True) for one in kinds.values())
