"""Keys with all they descend from, and the role each one's maker has now: read in one statement."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from tenants.delegation import MOST_LINKS, Link
from tenants.owned import current_tenant_id

# Whom the wall hides (inactive people are seen, those who are no members are not) has no role.
QUERY = """
WITH RECURSIVE lineage AS (
  SELECT 1 AS depth, k.* FROM tenants_apikey k WHERE k.tenant_id = %(tenant)s AND {start}
  UNION ALL
  SELECT l.depth + 1, p.* FROM lineage l
    JOIN tenants_apikey p ON p.tenant_id = l.tenant_id AND p.id = l.parent_id WHERE l.depth <= %(most)s)
SELECT l.id, l.parent_id, l.scopes, l.rate_per_minute, l.budget_micros, l.expires_at, l.revoked_at, l.created_by_id,
  CASE WHEN u.is_active THEN m.role END, l.last_used_at
FROM lineage l
LEFT JOIN tenants_membership m ON m.tenant_id = l.tenant_id AND m.user_id = l.created_by_id
LEFT JOIN tenants_user u ON u.id = m.user_id
ORDER BY l.depth"""
BY_ID = QUERY.format(start="k.id = %(id)s")
BY_DIGEST = QUERY.format(
    start="(k.digest = %(digest)s OR (k.former_digest = %(digest)s AND k.former_until > %(now)s))"
)


def lineage_of(key_id: UUID) -> list[Link]:
    """Return a key of the current tenant, its parent, and so on; empty where there is no such key."""
    return [Link(*row[:-1]) for row in _rows(BY_ID, id=key_id)]


def lineage_by_digest(digest: bytes, *, now: datetime) -> tuple[list[Link], datetime | None]:
    """Return the lineage of the key with this digest (or with this one before a rotation), and its last use."""
    rows = _rows(BY_DIGEST, digest=digest, now=now)
    return [Link(*row[:-1]) for row in rows], rows[0][-1] if rows else None


def _rows(query: str, **values: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"tenant": current_tenant_id(), "most": MOST_LINKS, **values})
        return [(row[0], row[1], frozenset(row[2]), *row[3:]) for row in cursor.fetchall()]
