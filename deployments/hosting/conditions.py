"""What a request for a file asks for: is it new, and which part of it. Pure."""

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

RANGE = re.compile(r"bytes=(\d*)-(\d*)\Z")
CODED = re.compile(rb'-(?:gzip|br)"$')  # the same content, compressed
DIGITS = 18


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `first` to `last`, both included."""

    first: int
    last: int


class OutOfRange(Exception):  # noqa: N818  (it reads as what it is)
    """No byte of the file lies in the range that was asked for."""


def is_known(headers: dict[bytes, bytes], *, etag: bytes, modified: float) -> bool:
    """Say whether the client has this very content already."""
    if (tags := headers.get(b"if-none-match")) is not None:
        plain = [CODED.sub(b'"', tag.strip().removeprefix(b"W/")) for tag in tags.split(b",")]
        return etag in plain or b"*" in plain
    since = _seconds(headers.get(b"if-modified-since"))
    return since is not None and modified <= since


def part_of(headers: dict[bytes, bytes], *, etag: bytes, modified: float, size: int) -> Part | None:
    """Return the one part that is asked for, None for the whole. Raises OutOfRange."""
    asked = RANGE.match(headers.get(b"range", b"").decode("latin-1").strip())
    if not asked or not any(asked.groups()) or max(map(len, asked.groups())) > DIGITS:
        return None  # several parts, or nonsense: the whole is always a right answer
    if (condition := headers.get(b"if-range")) is not None and condition != etag:
        at = _seconds(condition)
        if at is None or at != modified:
            return None
    first, last = asked.groups()
    if not first:
        length = min(int(last), size)
        return _within(size - length, size - 1, size)
    return _within(int(first), min(int(last), size - 1) if last else size - 1, size, asked_last=last)


def accepted_encodings(value: bytes) -> frozenset[str]:
    """Return the codings a client takes; one with q=0 it does not take."""
    if value in _ENCODINGS:
        return _ENCODINGS[value]
    taken = set()
    for offer in value.decode("latin-1").lower().split(","):
        name, _, weight = offer.partition(";")
        if not re.fullmatch(r"\s*q\s*=\s*0(?:\.0*)?\s*", weight):
            taken.add(name.strip())
    found = frozenset(taken)
    if len(_ENCODINGS) < 256:  # noqa: PLR2004  (browsers send a handful)
        _ENCODINGS[value] = found
    return found


_ENCODINGS: dict[bytes, frozenset[str]] = {}


def _within(first: int, last: int, size: int, *, asked_last: str = "") -> Part | None:
    if asked_last and int(asked_last) < first:
        return None  # no range at all
    if first >= size or last < first:
        raise OutOfRange
    return Part(first, last)


def _seconds(value: bytes | None) -> float | None:
    if value is None:
        return None
    try:
        return parsedate_to_datetime(value.decode("latin-1")).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
