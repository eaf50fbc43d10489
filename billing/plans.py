"""What a plan is, and the plans that ship: read once from plans.toml, checked, frozen. `price_list` says what counts."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from billing.currencies import to_minor
from billing.money import micros

SOURCE = Path(__file__).with_name("plans.toml")
DEFAULT_PLAN = "free"
UNLIMITED = -1
Price = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a tenant may use in a calendar month; a number is None where there is no limit.

    `prices`: whole minor units by (currency, "month" or "year"). `sandbox_hosts` are the host names that code in a box
    may reach, "*" for any public one; plans.toml says the rest.
    """

    slug: str
    name: str
    allowance_micros: int
    execution_ceiling_micros: int
    executions: int | None
    seats: int | None
    sandbox_boxes: int
    sandbox_minutes: int | None
    sandbox_memory_mb: int
    sandbox_hosts: tuple[str, ...]
    services: int | None
    deployments: int | None
    hosting_hours: int | None
    egress_gb: int | None
    app_memory_mb: int
    storage_mb: int | None
    trial_days: int = 0
    offered: bool = True
    prices: Mapping[Price, int] = field(default_factory=dict)


# What can be agreed with one tenant alone; those that may have no limit.
MAY_BE_NONE = frozenset(
    {
        "executions",
        "seats",
        "sandbox_minutes",
        "services",
        "deployments",
        "hosting_hours",
        "egress_gb",
        "storage_mb",
    }
)
LIMITS = (
    "allowance_micros", "execution_ceiling_micros", "executions", "seats", "sandbox_boxes", "sandbox_minutes",
    "sandbox_memory_mb", "services", "deployments", "hosting_hours", "egress_gb", "app_memory_mb", "storage_mb",
)  # fmt: skip


@cache
def shipped() -> Mapping[str, Plan]:
    """Return the plans of the file by slug; raises ValueError naming the plan that is not well-formed."""
    return MappingProxyType(
        {slug: _plan(slug, row) for slug, row in tomllib.loads(SOURCE.read_text()).items()}
    )


def _plan(slug: str, row: dict[str, Any]) -> Plan:
    try:
        plan = Plan(
            slug=slug,
            name=row["name"],
            allowance_micros=micros(row["allowance"]),
            execution_ceiling_micros=micros(row["execution_ceiling"]),
            executions=_limit(row["executions"]),
            seats=_limit(row["seats"]),
            sandbox_boxes=int(row["sandbox_boxes"]),
            sandbox_minutes=_limit(row["sandbox_minutes"]),
            sandbox_memory_mb=int(row["sandbox_memory_mb"]),
            sandbox_hosts=tuple(row["sandbox_hosts"]),
            services=_limit(row["services"]),
            deployments=_limit(row["deployments"]),
            hosting_hours=_limit(row["hosting_hours"]),
            egress_gb=_limit(row["egress_gb"]),
            app_memory_mb=int(row["app_memory_mb"]),
            storage_mb=_limit(row["storage_mb"]),
            trial_days=int(row["trial_days"]),
            prices=MappingProxyType(
                {
                    (currency, interval): to_minor(amount, currency)
                    for currency, amounts in row["prices"].items()
                    for interval, amount in amounts.items()
                }
            ),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"Plan {slug} in {SOURCE.name} lacks or misspells {error}.") from error
    if not 0 < plan.execution_ceiling_micros <= plan.allowance_micros:
        raise ValueError(f"Plan {slug}: the ceiling of one execution must lie within the allowance.")
    return plan


def _limit(value: int) -> int | None:
    return None if value == UNLIMITED else int(value)
