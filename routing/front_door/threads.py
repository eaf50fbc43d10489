"""What the front door asks of PostgreSQL and Valkey, beside the calls that wait for nobody: in a few threads."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from uuid import UUID

from django.db import connections

from tenants.task_scope import task_scope

MOST_THREADS = 6  # each has a connection while it works
T = TypeVar("T")

_threads = ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="front-door")


async def in_thread(work: Callable[..., T], *args: Any) -> T:
    """Do blocking work; its database connections are given back afterwards."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _done, work, args)


async def in_tenant(tenant_id: UUID, work: Callable[..., T], *args: Any, **options: Any) -> T:
    """Do blocking work behind a tenant's wall."""

    def inside() -> T:
        with task_scope(tenant_id):
            return work(*args, **options)

    return await in_thread(inside)


def _done(work: Callable[..., T], args: tuple[Any, ...]) -> T:
    try:
        return work(*args)
    finally:
        for connection in connections.all(initialized_only=True):
            if not connection.in_atomic_block:
                connection.close()
