"""From an Authorization header to a caller who is let in: the credential first, then how often it asks."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from django.conf import settings

from miosa.http.problem import Problem
from miosa.limits_environment import Rate
from tenants.audit import acting_as
from tenants.authentication import entered
from tenants.cache_keys import PUBLIC, prefix
from tenants.principal import Principal
from tenants.throttling.bucket import READS, Bucket, Verdict
from tenants.throttling.deciding import decide
from tenants.throttling.overrun import refusals
from tenants.throttling.refusal import RateLimited, headers_of

MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks and may ask now: a principal inside its tenant, or nobody and why the credential was refused."""

    principal: Principal | None
    refusal: Problem | None
    verdict: Verdict

    @property
    def told(self) -> dict[str, str]:
        """The headers that every answer to this caller carries."""
        return headers_of(self.verdict)


@contextmanager
def admitted(authorization: str, *, method: str, route: str, address: str) -> Iterator[Caller]:
    """Enter the caller's tenant, where there is one, and count the request; a refused credential counts for its address.

    Raises:
        RateLimited: a limit is used up.
    """
    principal = refusal = None
    with ExitStack() as scope:
        try:
            principal = scope.enter_context(entered(authorization))
            scope.enter_context(acting_as(principal.name))
        except Problem as problem:
            refusal = problem
        buckets = buckets_of(principal, method, route) if principal else (address_bucket(address),)
        verdict = decide(buckets)
        if not verdict.let_in and principal:
            raise refusals.remember(authorization.encode("latin-1", "replace"), method, verdict)
        if not verdict.let_in:
            raise RateLimited(verdict)
        yield Caller(principal, refusal, verdict)


def buckets_of(principal: Principal, method: str, route: str) -> tuple[Bucket, ...]:
    """Return what a request counts against: the tenant, and the credential with every key it descends from.

    `route` is the name of the route in the URL conf: one that is polled too often leaves the others open.
    """
    environment, home = settings.ENVIRONMENT, prefix(principal.tenant_id)
    credentials = _credentials(principal, environment.rate_credential)
    found = [Bucket("tenant", f"{home}rate:tenant", environment.rate_tenant)]
    found += [Bucket("credential", f"{home}rate:{name}", rate) for name, rate in credentials]
    found += [
        Bucket("route", f"{home}rate:route:{route}:{name}", environment.rate_route) for name, _ in credentials
    ]
    if method not in READS:
        found += [
            Bucket("writes", f"{home}rate:writes:{name}", environment.rate_writes) for name, _ in credentials
        ]
    return tuple(found)


def _credentials(principal: Principal, usual: Rate) -> list[tuple[str, Rate]]:
    """Return the name and rate of each credential that a request of this one counts for."""
    if principal.lineage:
        return [(f"key:{one.key_id.hex}", lower(usual, one.rate_per_minute)) for one in principal.lineage]
    if principal.session_id:
        return [(f"session:{principal.session_id.hex}", usual)]
    return [(f"user:{principal.user_id}", usual)]


def lower(usual: Rate, per_minute: int | None) -> Rate:
    """Return the lower of a usual rate and so many a minute."""
    if per_minute is None or per_minute * usual.window_s >= usual.limit * MINUTE_S:
        return usual
    return Rate(per_minute, MINUTE_S, per_minute)


def address_bucket(address: str) -> Bucket:
    """Return what a request without a valid credential counts against."""
    return Bucket("address", f"{PUBLIC}rate:address:{address}", settings.ENVIRONMENT.rate_address)
