"""The buckets of this process alone, with the same numbers, for as long as Valkey does not answer."""

import threading
from collections.abc import Sequence

from tenants.throttling.bucket import Bucket, Verdict, level_of

MOST_BUCKETS = 20_000


class ProcessBuckets:
    """Safe to ask from many threads. The longest untouched are forgotten first: they are the likeliest to be full."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[int, int]] = {}  # key: shares, and the microsecond they were counted at

    def decide(self, buckets: Sequence[Bucket], *, now_us: int) -> Verdict:
        """Take one request from every bucket, or from none."""
        with self._lock:
            levels = [self._level(one, now_us) for one in buckets]
            let_in = all(level >= one.share for one, level in zip(buckets, levels, strict=True))
            if let_in:
                levels = [level - one.share for one, level in zip(buckets, levels, strict=True)]
                for one, level in zip(buckets, levels, strict=True):
                    self._kept.pop(one.key, None)
                    self._kept[one.key] = level, now_us
                self._forget_oldest()
        return Verdict(let_in, tuple(map(level_of, buckets, levels)))

    def _level(self, bucket: Bucket, now_us: int) -> int:
        if (kept := self._kept.get(bucket.key)) is None:
            return bucket.capacity
        return bucket.after(kept[0], now_us - kept[1])

    def _forget_oldest(self) -> None:
        while len(self._kept) > MOST_BUCKETS:
            del self._kept[next(iter(self._kept))]
