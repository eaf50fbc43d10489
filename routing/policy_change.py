"""Puts a whole policy of the current tenant into force: weights as a promotion that can be taken back, the rest beside."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from routing import policies, promotions
from routing.models import Promotion

Weights = Mapping[str, Mapping[str, float]]


@transaction.atomic
def put_into_force(weights: Weights | None, **others: Any) -> Promotion | None:
    """Store what is different; return the promotion, None where the weights stay. `weights` None: the product's.

    `others` are fields of Policy. Raises InvalidWeights.
    """
    policy = policies.current()
    different = {name: value for name, value in others.items() if value != getattr(policy, name)}
    if different:
        policies.change(**different)
    if weights == policy.weights:
        return None
    return promotions.change_weights(
        {mode: dict(nodes) for mode, nodes in weights.items()} if weights else None
    )
