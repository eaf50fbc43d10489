"""The plans as data: read once from plans.toml, checked, frozen."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from billing.money import micros

SOURCE = Path(__file__).with_name("plans.toml")
DEFAULT_PLAN = "free"
UNLIMITED = -1


@dataclass(frozen=True, slots=True)
class Plan:
    """What a tenant may use in a calendar month. `executions` is None where there is no limit."""

    slug: str
    name: str
    price_micros: int
    allowance_micros: int
    executions: int | None
    execution_ceiling_micros: int


@cache
def plans() -> Mapping[str, Plan]:
    """Return the plans by slug; raises ValueError naming the plan that is not well-formed."""
    return MappingProxyType(
        {slug: _plan(slug, row) for slug, row in tomllib.loads(SOURCE.read_text()).items()}
    )


def _plan(slug: str, row: dict[str, Any]) -> Plan:
    try:
        plan = Plan(
            slug=slug,
            name=row["name"],
            price_micros=micros(row["price"]),
            allowance_micros=micros(row["allowance"]),
            executions=None if row["executions"] == UNLIMITED else int(row["executions"]),
            execution_ceiling_micros=micros(row["execution_ceiling"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"Plan {slug} in {SOURCE.name} lacks or misspells {error}.") from error
    if not 0 < plan.execution_ceiling_micros <= plan.allowance_micros:
        raise ValueError(f"Plan {slug}: the ceiling of one execution must lie within the allowance.")
    return plan
