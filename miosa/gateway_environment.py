"""The variables of the gateway: how much a credential may ask of it, and where it writes down what was used."""

# ruff: noqa: RUF009  a Rate is frozen

from dataclasses import dataclass

from miosa import variable_checks as check
from miosa.limits_environment import Rate, rate
from miosa.variable_field import variable

MOST_TOKENS = 100_000_000  # beyond it the arithmetic of a bucket would leave what a double holds exactly


def tokens(value: str) -> Rate:
    """Read a number of tokens a minute."""
    digits = value.partition("/min")[0].strip().replace("_", "")
    if not digits.isdecimal() or not 1 <= int(digits) <= MOST_TOKENS:
        raise ValueError(f"must be from 1 to {MOST_TOKENS:,} tokens a minute, as in 2000000/min")
    return Rate(int(digits), 60, int(digits))


@dataclass(frozen=True, kw_only=True)
class GatewayEnvironment:
    """What `Environment` knows about the gateway; docs/gateway.md says what each one bounds."""

    catalog: str = variable("MIOSA_CATALOG", check.file)
    otlp_url: str = variable("MIOSA_OTLP_URL", check.url("http", "https"))
    metrics_token: str = variable("MIOSA_METRICS_TOKEN", check.key, secret=True)
    gateway_requests: Rate = variable("MIOSA_GATEWAY_REQUESTS", rate, Rate(60_000, 60, 60_000))
    gateway_tokens: Rate = variable("MIOSA_GATEWAY_TOKENS", tokens, Rate(20_000_000, 60, 20_000_000))
    gateway_body_bytes: int = variable("MIOSA_GATEWAY_BODY_BYTES", check.number(1_000, 64_000_000), 4_000_000)
    breaker_opens_after: int = variable("MIOSA_BREAKER_OPENS_AFTER", check.number(1, 1_000), 5)
    gateway_hedge: bool = variable("MIOSA_GATEWAY_HEDGE", check.flag, default=False)
