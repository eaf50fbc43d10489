"""What billing counts of agents' memories, day by day."""

from uuid import UUID

from billing import breakdown, standing
from tenants.places import in_each_place

# What lives for less than an hour is counted by nobody.
MEMORIES = """SELECT tenant_id, count(*) FROM agents_memory
WHERE created < now() - interval '1 hour' GROUP BY tenant_id"""


def memories() -> list[tuple[UUID, int]]:
    """Return (tenant, number of memories) over all tenants, as the platform."""
    return [(tenant_id, int(number)) for tenant_id, number in in_each_place(MEMORIES)]


EXECUTION = breakdown.Dimension(
    "coalesce(e.execution_id::text, '')",
    "coalesce(left(x.request, 80), '')",
    "LEFT JOIN agents_execution x ON x.tenant_id = e.tenant_id AND x.id = e.execution_id",
)


def tell() -> None:
    """Let billing count memories, and name executions by what was asked."""
    standing.register("memory_row_days", memories)
    breakdown.register("execution", EXECUTION)
