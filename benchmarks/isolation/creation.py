"""What opening a tenant costs: rows in the shared tables, against a schema with tables of its own."""

import statistics
import time
from collections.abc import Callable
from typing import Any

from django.contrib.auth.hashers import make_password

from tenants.moving.move import silo
from tenants.provisioning import open_tenant

POOLED_FOR_EACH_SILO = 10
WAIT_S = 30.0


def measure(*, silos: int) -> dict[str, Any]:
    """Return median milliseconds: the product's own way to open a tenant, and that with a schema on top.

    The owner gets no password: hashing one is slow on purpose, and told apart.
    """
    pooled: list[float] = []
    siloed: list[float] = []
    for number in range(silos):
        pooled += [_ms(_open, f"pooled-{number}-{turn}") for turn in range(POOLED_FOR_EACH_SILO)]
        siloed.append(_ms(_open_silo, f"silo-{number}"))
    return {
        "pooled_create_ms": statistics.median(pooled),
        "silo_create_ms": statistics.median(siloed),
        "password_hash_ms": _ms(make_password, "a-long-password-1"),
    }


def _open(slug: str) -> None:
    open_tenant(slug, name="Bench", owner_email=f"{slug}@miosa.example")


def _open_silo(slug: str) -> None:
    _open(slug)
    silo(slug, wait_s=WAIT_S, say=lambda _line: None)


def _ms(work: Callable[[str], object], argument: str) -> float:
    begin = time.perf_counter()
    work(argument)
    return (time.perf_counter() - begin) * 1_000
