"""Whether a request is let in: Valkey decides, and this process alone while Valkey does not answer."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from tenants.throttling import in_valkey
from tenants.throttling.bucket import MICROS, Bucket, Verdict
from tenants.throttling.in_process import ProcessBuckets

logger = logging.getLogger(__name__)

ASK_AGAIN_AFTER_S = 1.0  # a Valkey that hangs costs one request in a second its patience
MENTION_EVERY_S = 30.0


class Decider:
    """Asks the shared buckets; never unlimited and never an error when they cannot be asked."""

    def __init__(
        self,
        shared: Callable[[Sequence[Bucket]], Verdict] = in_valkey.decide,
        *,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shared, self._clock_s = shared, clock_s
        self._own = ProcessBuckets()
        self._lock = threading.Lock()
        self._ask_at_s = self._mention_at_s = float("-inf")
        self.alone = False

    def decide(self, buckets: Sequence[Bucket]) -> Verdict:
        """Take one request from every bucket, or from none."""
        if self._may_ask():
            try:
                verdict = self._shared(buckets)
            except in_valkey.Unreachable as error:
                self._stand_in(error)
            else:
                self._back()
                return verdict
        return self._own.decide(buckets, now_us=int(self._clock_s() * MICROS))

    def _may_ask(self) -> bool:
        """While Valkey is away, one thread at a time looks whether it is back."""
        if not self.alone:
            return True
        with self._lock:
            now_s = self._clock_s()
            if now_s < self._ask_at_s:
                return False
            self._ask_at_s = now_s + ASK_AGAIN_AFTER_S
            return True

    def _stand_in(self, error: Exception) -> None:
        with self._lock:
            now_s = self._clock_s()
            self.alone, self._ask_at_s = True, now_s + ASK_AGAIN_AFTER_S
            if now_s < self._mention_at_s:
                return
            self._mention_at_s = now_s + MENTION_EVERY_S
        logger.warning(
            "Valkey does not answer (%s): rates are limited in this process alone", type(error).__name__
        )

    def _back(self) -> None:
        if self.alone:
            with self._lock:
                back, self.alone = self.alone, False
                self._mention_at_s = float("-inf")
            if back:
                logger.warning("Valkey answers again: rates are limited for all processes together")


decide = Decider().decide
