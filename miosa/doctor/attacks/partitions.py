"""Partitions by their own names: the policies of the parent do not hold for who names the child."""

from miosa.doctor.attack import Attack, Found, Ground
from miosa.doctor.statements import tried

SURFACE = "partitions"
PARTITIONS = """
    SELECT c.oid::regclass::text, c.relrowsecurity AND c.relforcerowsecurity,
      EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
    FROM pg_class c WHERE c.relispartition AND c.relkind IN ('r', 'p', 'f')
    AND c.relnamespace::regnamespace::text !~ '^pg_' ORDER BY 1
"""


def attacks(ground: Ground) -> Found:
    """Name each partition: it refuses, or shows no row but one's own; there may be none."""
    own = ground.attacker.tenant
    for name, walled, has_tenant in tried(PARTITIONS, tenant=own).rows:
        read = tried(f"SELECT 1 FROM {name} LIMIT 1", tenant=None)
        yield Attack(SURFACE, name, "select without any tenant", bool(read.rows), read.detail)
        if has_tenant:
            sql = f"SELECT 1 FROM {name} WHERE tenant_id IS DISTINCT FROM %s LIMIT 1"
            read = tried(sql, [own.pk], tenant=own)
            yield Attack(SURFACE, name, "select everything", bool(read.rows), read.detail)
        open_ = not walled and not tried(f"SELECT 1 FROM {name} WHERE false", tenant=own).refused
        yield Attack(SURFACE, name, "a wall of its own, or out of reach", open_, "readable, no row security")
        gone = tried(f"DELETE FROM {name} WHERE false", tenant=own)
        yield Attack(SURFACE, name, "delete", not gone.refused and not walled, gone.detail)
