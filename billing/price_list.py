"""The price list at any moment: which plans there are, what they allow and cost, what a unit of use costs.

Rows of the platform, each in force from its moment until the next of the same name. A plan or price without a row is
the one that ships. Each process keeps the rows for FRESH_S seconds.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

from django.utils import timezone

from billing import plans, rates
from billing.models import PlanTerms, Rate
from billing.plans import Plan

FRESH_S = 5.0
COLUMNS = tuple(one.name for one in fields(Plan) if one.name not in {"slug", "prices", "sandbox_hosts"})
Value = TypeVar("Value")
Dated = Sequence[tuple[datetime, Value]]  # the newest first


@dataclass(frozen=True, slots=True)
class _Rows:
    plans: Mapping[str, Dated[Plan]]
    rates: Mapping[str, Dated[int]]
    until: float


_kept: list[_Rows] = []


def plans_at(moment: datetime | None = None) -> Mapping[str, Plan]:
    """Return the plans in force at a moment, now by default, by slug."""
    found = _in_force(_rows().plans, moment)
    return MappingProxyType({**plans.shipped(), **found})


def plan_at(slug: str, moment: datetime | None = None) -> Plan:
    """Return one plan as it was in force; raises KeyError where there is none."""
    return plans_at(moment)[slug]


def rates_at(moment: datetime | None = None) -> Mapping[str, int]:
    """Return micro-dollars by the name of the price, as in force at a moment, now by default."""
    found = _in_force(_rows().rates, moment)
    return MappingProxyType({**rates.shipped(), **found})


def forget() -> None:
    """Read the rows anew at the next question: they were changed."""
    _kept.clear()


def _in_force(named: Mapping[str, Dated[Value]], moment: datetime | None) -> dict[str, Value]:
    wanted = moment or timezone.now()
    pairs = (
        (name, next((value for begin, value in dated if begin <= wanted), None))
        for name, dated in named.items()
    )
    return {name: value for name, value in pairs if value is not None}


def _rows() -> _Rows:
    if not _kept or _kept[0].until < time.monotonic():
        _kept[:] = [_Rows(_plans(), _rates(), time.monotonic() + FRESH_S)]
    return _kept[0]


def _plans() -> Mapping[str, Dated[Plan]]:
    found: dict[str, list[tuple[datetime, Plan]]] = {}
    for row in PlanTerms.objects.prefetch_related("prices").order_by("plan", "-effective"):
        found.setdefault(row.plan, []).append((row.effective, plan_of(row)))
    return found


def plan_of(row: Any) -> Plan:
    """Return the plan that a row of terms describes."""
    return Plan(
        slug=row.plan,
        sandbox_hosts=tuple(row.sandbox_hosts),
        prices=MappingProxyType({(one.currency, one.interval): one.amount_minor for one in row.prices.all()}),
        **{name: getattr(row, name) for name in COLUMNS},
    )


def _rates() -> Mapping[str, Dated[int]]:
    found: dict[str, list[tuple[datetime, int]]] = {}
    for name, effective, price in Rate.objects.order_by("name", "-effective").values_list(
        "name", "effective", "price_micros"
    ):
        found.setdefault(name, []).append((effective, price))
    return found
