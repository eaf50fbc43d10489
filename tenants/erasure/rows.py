"""The rows of a tenant and the people who were nowhere else, deleted in the caller's transaction."""

from typing import Any
from uuid import UUID

from miosa.pg.bootstrap import PLATFORM
from tenants.erasure.catalogue import REGISTRY, places
from tenants.models import User

MEMBERS = "SELECT user_id FROM public.tenants_membership WHERE tenant_id = %s"
# Locked: nobody can become a member elsewhere while they are being deleted. Staff are the platform's people.
NOWHERE_ELSE = """
SELECT u.id FROM public.tenants_user u
WHERE u.id = ANY(%s) AND NOT u.is_staff AND NOT u.is_superuser
  AND NOT EXISTS (SELECT FROM public.tenants_membership m WHERE m.user_id = u.id)
FOR UPDATE"""


def delete(cursor: Any, tenant_id: UUID) -> tuple[dict[str, int], int]:
    """Delete every row in every place, the registry row last, and the people; return rows by table, and people.

    The cursor is the owner's, inside the tenant.
    """
    cursor.execute(MEMBERS, [tenant_id])
    members = [member for (member,) in cursor.fetchall()]
    rows: dict[str, int] = {}
    for place in places(cursor):
        if not place.is_view:
            cursor.execute(f"DELETE FROM {place.table} WHERE {place.column} = %s", [tenant_id])
            rows[place.name] = rows.get(place.name, 0) + cursor.rowcount
    people = _delete_people(cursor, members)
    cursor.execute(f"DELETE FROM {REGISTRY} WHERE id = %s", [tenant_id])
    rows["tenants_tenant"] = cursor.rowcount
    return {name: count for name, count in sorted(rows.items()) if count}, people


def _delete_people(cursor: Any, members: list[UUID]) -> int:
    """As the platform, which alone sees who is a member elsewhere; with all that hangs on a person."""
    cursor.execute(f"SET LOCAL ROLE {PLATFORM}")
    cursor.execute(NOWHERE_ELSE, [members])
    gone = [person for (person,) in cursor.fetchall()]
    User.objects.filter(pk__in=gone).delete()
    cursor.execute("RESET ROLE")
    return len(gone)
