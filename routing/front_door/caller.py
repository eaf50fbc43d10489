"""One credential as the front door knows it: who it is, what bounds it, and the board its tenant decides on."""

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple
from uuid import UUID

from django.conf import settings

from billing.errors import SubscriptionRestricted
from billing.models import CLOSED, BillingAccount
from miosa.http.client_address import address_scope
from miosa.http.problem import Forbidden, Problem
from miosa.limits_environment import Rate
from routing import board, key_policies, knowledge
from routing.key_policies import Rules
from routing.known import Known
from routing.providers.redaction import Secret
from routing.scoreboard import Scoreboard
from tenants import vault
from tenants.authentication import entered
from tenants.cache_keys import prefix
from tenants.delegation import Link
from tenants.key_lineage import lineage_of
from tenants.models import StoredSecret
from tenants.principal import Principal
from tenants.throttling import RateLimited
from tenants.throttling.admission import address_bucket, lower
from tenants.throttling.deciding import decide

SCOPE = "models:use"
MINUTE_S = 60
MOST_WIDENED = 256
OWN_KEY = "provider/"  # what a tenant's secret with its own key at a provider is called: provider/groq

Wider = tuple[UUID, str, frozenset[str]]  # whose board, which version, and with what more
_widened: "OrderedDict[Wider, Scoreboard]" = OrderedDict()


class Limit(NamedTuple):
    """A limit by name, with the bucket it is counted in."""

    policy: str
    key: str
    rate: Rate


@dataclass(frozen=True, slots=True)
class Caller:
    """`purse` names what its money is reserved for: a key, or the tenant's people. `checked_at` is monotonic seconds."""

    principal: Principal
    lineage: tuple[Link, ...]
    board: Scoreboard
    own_keys: Mapping[str, Secret]
    requests: tuple[Limit, ...]
    tokens: tuple[Limit, ...]
    rules: Rules
    restricted: str
    checked_at: float

    @property
    def tenant_id(self) -> UUID:
        """Whose call it is."""
        return self.principal.tenant_id

    @property
    def day_caps(self) -> dict[UUID, int]:
        """What may be spent on a day, by the id of the key, and of the tenant."""
        who, rules = self.principal, self.rules
        found = {who.key_id: rules.daily_micros, who.tenant_id: rules.tenant_daily_micros}
        return {holder: cap for holder, cap in found.items() if holder is not None and cap is not None}

    def refuse(self) -> None:
        """Raise Problem where this caller may ask no model."""
        if not self.principal.may(SCOPE):
            raise Forbidden(f"This credential lacks the scope {SCOPE}.")
        if self.restricted:
            raise SubscriptionRestricted(self.restricted)


class Read(NamedTuple):
    """What a look begins with: the header, where it came from, and what was known before."""

    authorization: str
    address: str
    before: Caller | None


def read(asked: Read) -> Caller:
    """Look a credential up. Raises Problem: it is not valid, or too many were tried from this address."""
    try:
        with address_scope(asked.address), entered(asked.authorization) as principal:
            return _caller(principal)
    except Problem:
        if asked.before is None:
            verdict = decide((address_bucket(asked.address),))
            if not verdict.let_in:
                raise RateLimited(verdict) from None
        raise


def _caller(principal: Principal) -> Caller:
    own = _own_keys()
    here = _board_with(principal.tenant_id, frozenset(own))
    knowledge.keep(here.known)  # the clerk makes each decision again from it
    standing = BillingAccount.objects.filter(standing__in=CLOSED).values_list("standing", flat=True).first()
    rules = key_policies.rules_of(principal.key_id)
    requests, tokens = _limits(principal, rules)
    return Caller(
        principal=principal,
        lineage=tuple(lineage_of(principal.key_id)) if principal.key_id else (),
        board=here,
        own_keys=own,
        requests=requests,
        tokens=tokens,
        rules=rules,
        restricted=standing or "",
        checked_at=time.monotonic(),
    )


def _limits(principal: Principal, rules: Rules) -> tuple[tuple[Limit, ...], tuple[Limit, ...]]:
    here, home = settings.ENVIRONMENT, prefix(principal.tenant_id)
    requests = [Limit("tenant", f"{home}gateway:requests", here.gateway_requests)]
    for one in principal.lineage:
        rate = lower(here.gateway_requests, one.rate_per_minute)
        requests.append(Limit("credential", f"{home}gateway:requests:{one.key_id.hex}", rate))
    tokens = [Limit("tokens", f"{home}gateway:tokens", here.gateway_tokens)]
    if rules.tokens_per_minute and principal.key_id:
        rate = Rate(rules.tokens_per_minute, MINUTE_S, rules.tokens_per_minute)
        tokens.append(Limit("tokens", f"{home}gateway:tokens:{principal.key_id.hex}", rate))
    return tuple(requests), tuple(tokens)


def _board_with(tenant_id: UUID, own: frozenset[str]) -> Scoreboard:
    """Return the tenant's board, with the models that only its own keys reach."""
    here = board.current()
    added = frozenset(name for name in own if board.has_address(name)) - here.known.providers
    return _wider((tenant_id, here.version, added), here.known) if added else here


def _wider(mark: Wider, known: Known) -> Scoreboard:
    """Return a board with more providers; made once for each, since a credential is looked up every second."""
    found = _widened.get(mark)
    if found is None:
        found = _widened[mark] = Scoreboard.of(replace(known, providers=known.providers | mark[2]))
        while len(_widened) > MOST_WIDENED:
            _widened.popitem(last=False)
    return found


def _own_keys() -> dict[str, Secret]:
    """Return the tenant's own keys by the name of the provider; one that does not open is as if it were not there."""
    found = {}
    for row in StoredSecret.objects.filter(name__startswith=OWN_KEY):
        try:
            value = vault.open_sealed(
                row.key_id, row.sealed, purpose=vault.purpose_of(row.tenant_id, row.name)
            )
        except vault.CannotOpen:
            continue
        found[row.name.removeprefix(OWN_KEY)] = Secret(value.decode())
    return found
