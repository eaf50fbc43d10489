"""What a client is told about its limits: the RateLimit fields of draft-ietf-httpapi-ratelimit-headers, and 429."""

import math

from miosa.http.problem import TooManyRequests
from tenants.throttling.bucket import MICROS, Level, Verdict

WHOSE = {
    "tenant": "this tenant",
    "credential": "this credential",
    "route": "this route and this credential",
    "writes": "changes by this credential",
    "address": "requests from this address without a valid credential",
    "guesses": "attempts from this address or for this e-mail address",
}


class RateLimited(TooManyRequests):
    """A limit is used up; the detail names it, `Retry-After` and the RateLimit fields say when to come back."""

    def __init__(self, verdict: Verdict) -> None:
        limit = max(verdict.levels, key=lambda level: level.next_in_us).bucket
        wait_s = verdict.wait_us / MICROS
        super().__init__(retry_after_s=wait_s)
        self.detail = (
            f"The limit for {WHOSE.get(limit.policy, limit.policy)} is {limit.rate.limit} in"
            f" {limit.rate.window_s} s; try again in {self.retry_after_s} s."
        )
        self.headers |= headers_of(verdict)


def headers_of(verdict: Verdict) -> dict[str, str]:
    """Return `RateLimit-Policy` and `RateLimit`; of several buckets under one name the tightest is told."""
    told = tightest(verdict)
    if not told:
        return {}
    return {
        "RateLimit-Policy": ", ".join(
            f'"{one.bucket.policy}";q={one.bucket.rate.limit};w={one.bucket.rate.window_s}' for one in told
        ),
        "RateLimit": ", ".join(
            f'"{one.bucket.policy}";r={one.left};t={math.ceil(one.full_in_us / MICROS)}' for one in told
        ),
    }


def tightest(verdict: Verdict) -> list[Level]:
    """Return the level with the least left under each name, in the order of the buckets."""
    found: dict[str, Level] = {}
    for level in verdict.levels:
        known = found.get(level.bucket.policy)
        if known is None or (level.left, -level.next_in_us) < (known.left, -known.next_in_us):
            found[level.bucket.policy] = level
    return list(found.values())
