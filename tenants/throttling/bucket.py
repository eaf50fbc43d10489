"""A token bucket in whole numbers, and what comes of asking several at once; pure.

A level is counted in shares: one request is `window` shares (microseconds), and every microsecond brings `limit`
shares. So nothing is ever rounded, whatever the rate.
"""

import math
from dataclasses import dataclass

from miosa.limits_environment import Rate

MICROS = 1_000_000
READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Bucket:
    """`policy` is what clients see, `key` where the level is kept; `count` is taken at once, or nothing."""

    policy: str
    key: str
    rate: Rate
    count: int = 1

    @property
    def share(self) -> int:
        """The shares of what is asked for: one request, or `count` of them."""
        return self.count * self.rate.window_s * MICROS

    @property
    def capacity(self) -> int:
        """The shares of a full bucket."""
        return self.rate.burst * self.rate.window_s * MICROS

    def after(self, level: int, passed_us: int) -> int:
        """Return the level so many microseconds later."""
        return min(self.capacity, level + max(0, passed_us) * self.rate.limit)


@dataclass(frozen=True, slots=True)
class Level:
    """What a bucket holds after the decision: whole requests, and microseconds until the next one and until full."""

    bucket: Bucket
    left: int
    next_in_us: int
    full_in_us: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the request was let in; only then has every bucket given one request."""

    let_in: bool
    levels: tuple[Level, ...]

    @property
    def wait_us(self) -> int:
        """How long until every bucket holds a request again."""
        return max((level.next_in_us for level in self.levels), default=0)

    @property
    def emptied(self) -> tuple[Level, ...]:
        """The buckets that hold too little."""
        return tuple(level for level in self.levels if level.left < level.bucket.count)


def level_of(bucket: Bucket, shares: int) -> Level:
    """Return what so many shares in a bucket mean."""
    lacking, missing = max(0, bucket.share - shares), bucket.capacity - shares
    return Level(
        bucket,
        left=shares // (bucket.rate.window_s * MICROS),
        next_in_us=math.ceil(lacking / bucket.rate.limit),
        full_in_us=math.ceil(missing / bucket.rate.limit),
    )
