"""What a unit of use costs: the prices that ship, read once from rates.toml, and one rounding."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from billing.money import micros

SOURCE = Path(__file__).with_name("rates.toml")
# Meter -> (name of its price, units of the meter that the price is for).
PRICED: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "sandbox_ms": ("sandbox_hour", 3_600_000),
        "build_ms": ("build_hour", 3_600_000),
        "hosting_s": ("hosting_hour", 3_600),
        "egress_bytes": ("egress_gb", 1_000_000_000),
        "memory_row_days": ("memory_thousand_rows_month", 30_000),
        "seat_days": ("seat_month", 30),
        "executions": ("execution", 1),
    }
)
# Name of a price -> its unit, for people.
UNITS: Mapping[str, str] = MappingProxyType(
    {
        "sandbox_hour": "hour of a sandbox",
        "build_hour": "hour of building",
        "hosting_hour": "hour of a running app",
        "egress_gb": "gigabyte sent",
        "memory_thousand_rows_month": "thousand memories for 30 days",
        "seat_month": "member for 30 days",
        "execution": "execution",
    }
)


@cache
def shipped() -> Mapping[str, int]:
    """Return the file's micro-dollars by the name of the price; raises ValueError naming what is wrong."""
    found = tomllib.loads(SOURCE.read_text())
    if set(UNITS) != set(found):
        wrong = ", ".join(sorted(set(UNITS) ^ set(found)))
        raise ValueError(f"{SOURCE.name} lacks or misspells {wrong}.")
    return MappingProxyType({name: micros(price) for name, price in found.items()})


def price_micros(meter: str, quantity: int, prices: Mapping[str, int]) -> int:
    """Return what so many units of a meter cost in micro-dollars, half a micro-dollar rounded up."""
    name, units = PRICED[meter]
    return (2 * quantity * prices[name] + units) // (2 * units)
