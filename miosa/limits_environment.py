"""The variables that say how often: requests of a tenant, of one credential, of one address."""

# ruff: noqa: RUF009  a Rate is frozen

import re
from dataclasses import dataclass

from miosa import variable_checks as check
from miosa.variable_field import variable

WINDOWS_S = {"s": 1, "min": 60, "h": 3600}
RATE_FORM = re.compile(r"([0-9]{1,6}) */ *(s|min|h)(?: +burst +([0-9]{1,6}))?")
MOST = 100_000  # beyond it the arithmetic of a bucket would leave what a double holds exactly


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in so many seconds, steadily; `burst` of them may come at once after a pause."""

    limit: int
    window_s: int
    burst: int

    def __str__(self) -> str:
        unit = next(name for name, window_s in WINDOWS_S.items() if window_s == self.window_s)
        return f"{self.limit}/{unit} burst {self.burst}"


def rate(value: str) -> Rate:
    """Read `600/min` or `600/min burst 100`; without a burst the whole window may come at once."""
    if not (match := RATE_FORM.fullmatch(value)):
        raise ValueError("must be a number per s, min or h, as in 600/min or 600/min burst 100")
    limit = int(match[1])
    burst = int(match[3] or limit)
    if not 1 <= burst <= limit <= MOST:
        raise ValueError(f"must be from 1 to {MOST:,} requests, with a burst from 1 up to that number")
    return Rate(limit, WINDOWS_S[match[2]], burst)


@dataclass(frozen=True, kw_only=True)
class LimitsEnvironment:
    """What `Environment` knows about limits; docs/api.md says what each one counts."""

    body_timeout_s: int = variable("MIOSA_BODY_TIMEOUT_S", check.number(1, 600), 30)
    rate_tenant: Rate = variable("MIOSA_RATE_TENANT", rate, Rate(1200, 60, 1200))
    rate_credential: Rate = variable("MIOSA_RATE_CREDENTIAL", rate, Rate(600, 60, 600))
    rate_route: Rate = variable("MIOSA_RATE_ROUTE", rate, Rate(300, 60, 300))
    rate_writes: Rate = variable("MIOSA_RATE_WRITES", rate, Rate(300, 60, 300))
    rate_address: Rate = variable("MIOSA_RATE_ADDRESS", rate, Rate(120, 60, 120))
    rate_guesses_by_address: Rate = variable("MIOSA_RATE_GUESSES_BY_ADDRESS", rate, Rate(20, 60, 20))
    rate_guesses_by_email: Rate = variable("MIOSA_RATE_GUESSES_BY_EMAIL", rate, Rate(30, 3600, 10))
