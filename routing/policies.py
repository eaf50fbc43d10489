"""How the current tenant wants its models chosen; the only writer of Policy."""

import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import transaction

from routing import held, news
from routing.errors import RoutingProblem
from routing.models import Policy
from routing.requirement import MODES
from routing.rules import Rules
from routing.scoring.weights import NODES, SIX_NODES, WeightSet
from tenants import audit

REDRAW_S = 600  # draws are made anew so often, even where nothing was learned meanwhile
FIELDS = ("weights", "most_explored", "gives_counts", "takes_counts", "judge_share")


class InvalidWeights(RoutingProblem):
    """The weights cannot be used; correct the mode or node that the message names."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


def current() -> Policy:
    """Return the current tenant's policy; one that nobody stored has the product's defaults."""
    return Policy.objects.first() or Policy()


def rules(policy: Policy, *, now_s: float | None = None) -> Rules:
    """Return the thresholds of this installation with the tenant's bound on exploration."""
    here = settings.ENVIRONMENT
    moment = time.time() if now_s is None else now_s
    return Rules(
        bonus_rate=here.bonus_rate,
        bonus=here.bonus,
        bonus_minimum=here.bonus_minimum,
        evaluate_after=here.evaluate_after,
        improved_rate=here.improved_rate,
        pool_strength=here.pool_strength,
        most_explored=policy.most_explored,
        seed=int(moment // REDRAW_S),
    )


def weights(policy: Policy) -> WeightSet:
    """Return the tenant's weights, or the product's."""
    return weight_set(policy.weights) if policy.weights else SIX_NODES


def weight_set(stored: Mapping[str, Mapping[str, Any]]) -> WeightSet:
    """Return weights by mode and node as a checked set; a mode that is not named keeps the product's.

    Raises InvalidWeights: an unknown mode or node, a number that is none, or a mode that does not sum to 1.
    """
    unknown = sorted(set(stored) - set(MODES))
    if unknown:
        raise InvalidWeights(f"{unknown[0]!r} is no mode; the modes are {', '.join(MODES)}")
    by_mode = {
        mode: _mode(mode, stored[mode]) if mode in stored else SIX_NODES.by_mode[mode] for mode in MODES
    }
    try:
        return WeightSet("of the tenant", by_mode)
    except ValueError as error:
        raise InvalidWeights(str(error)) from error


def named(weights_: WeightSet) -> dict[str, dict[str, float]]:
    """Return a set as it is stored: by mode, then by node."""
    return {
        mode: {node.name: weight for node, weight in zip(NODES, weights_.by_mode[mode], strict=True)}
        for mode in MODES
    }


@transaction.atomic
def change(**fields: Any) -> Policy:
    """Store changed fields of the current tenant's policy, audited; weights are checked first."""
    if fields.get("weights"):
        weight_set(fields["weights"])
    Policy.objects.get_or_create()
    policy: Policy = Policy.objects.select_for_update().get()
    before = {name: getattr(policy, name) for name in fields}
    for name, value in fields.items():
        setattr(policy, name, value)
    policy.full_clean(exclude=["tenant"])
    policy.save()
    if before != fields:
        audit.record(
            "routing_policy.changed",
            actor=audit.current_actor(),
            object_type="routing_policy",
            object_id=policy.pk,
            before=before,
            after=fields,
        )
        news.tell(policy.tenant_id)
        transaction.on_commit(held.forget)
    return policy


def _mode(mode: str, weights_: Mapping[str, Any]) -> tuple[float, ...]:
    names = [node.name for node in NODES]
    unknown = sorted(set(weights_) - set(names))
    if unknown:
        raise InvalidWeights(f"{unknown[0]!r} is no node; the nodes are {', '.join(names)}")
    missing = [name for name in names if name not in weights_]
    if missing:
        raise InvalidWeights(f"{mode} says nothing of {missing[0]}; a node that shall not count has weight 0")
    try:
        return tuple(float(weights_[name]) for name in names)
    except (TypeError, ValueError):
        raise InvalidWeights(f"a weight of {mode} is no number") from None
