"""The two tenants of a visit: made, filled, and taken away again, whatever happens in between."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from django.db import DatabaseError, connections, transaction
from django_tenants.utils import tenant_context

from miosa import statistics
from miosa.doctor import silos
from miosa.doctor.attack import POOL, SILO, Ground, Subject
from miosa.doctor.checksum import checksum
from miosa.doctor.rows import fill
from miosa.pg.catalogue import TENANT_TABLES
from miosa.pg.owner import ALIAS, OwnerUnknown
from miosa.pg.platform import platform
from tenants.models import Domain, Identity, Membership, Role, Tenant, User

OURS = r"^doctor-(victim|attacker)-[0-9a-f]{12}$"
ADDRESSES = r"^doctor-(victim|attacker)-[0-9a-f]{12}@doctor\.example$"
TABLES_OF = f"""
    SELECT t.name FROM ({TENANT_TABLES}) t JOIN pg_class c USING (oid)
    WHERE NOT c.relispartition AND c.relnamespace::regnamespace::text IN ('public', %s)
"""
REFRESHES, WAIT_S = 40, 0.25
LOCK = 0x444F4354  # "DOCT": one visit at a time, since the next one cleans up after the last


class Occupied(Exception):  # noqa: N818  reads as what it says
    """Another doctor is at work on this database; wait until it has finished."""


@contextmanager
def visit() -> Iterator[int]:
    """Keep other doctors out, and take away what a killed one left; yield how many tenants that were.

    Raises:
        Occupied: another doctor is at work.
        OwnerUnknown: what is made could not be taken away again, since the ledger and the audit log refuse everybody
            else's deletion.
    """
    if ALIAS not in connections.settings:
        raise OwnerUnknown
    guard: Any = connections["platform"].copy()
    guard.set_autocommit(False)
    try:
        with guard.cursor() as cursor:
            cursor.execute("SELECT set_config('idle_in_transaction_session_timeout', '0', true)")
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                raise Occupied(str(Occupied.__doc__))
        yield remove_all()
    finally:
        guard.rollback()
        guard.close()
        connections[ALIAS].close()


@contextmanager
def ground(place: str) -> Iterator[Ground]:
    """Yield two filled tenants, the victim in `place` and its neighbour in the shared tables; both are gone afterwards."""
    try:
        opened = Ground(place, _opened("victim", place), _opened("attacker", POOL))
        _refresh()
        yield replace(opened, checksum=checksum(opened))
    finally:
        remove_all()


def remove_all() -> int:
    """Take away every tenant and person that a doctor made; return how many tenants."""
    with platform():
        tenants = list(Tenant.objects.filter(slug__regex=OURS))
        for tenant in tenants:
            _remove(tenant)
        people = User.objects.filter(email__regex=ADDRESSES)
        if people.exists():
            people.delete()
    if tenants:
        with suppress(DatabaseError):  # they are refreshed by themselves as well
            statistics.refresh()
    return len(tenants)


def _refresh() -> None:
    """Bring the victim into the statistics; a refresh of somebody else's that is just running may be too early."""
    for _ in range(REFRESHES):
        if statistics.refresh():
            return
        time.sleep(WAIT_S)


def _opened(role: str, place: str) -> Subject:
    mark = secrets.token_hex(6)
    slug = f"doctor-{role}-{mark}"
    password = secrets.token_urlsafe(18)
    with platform(), transaction.atomic(using="platform"):
        tenant = Tenant.objects.create(slug=slug, name=f"Doctor's {role}")
        person = User.objects.create_user(f"{slug}@doctor.example", password)
        Identity.objects.create(user=person, issuer="https://doctor.example", subject=slug)
        Domain.objects.create(domain=f"{slug}.example", tenant=tenant, is_primary=True)
    if place == SILO:
        tenant = silos.to_silo(tenant)
    with platform(on=False), tenant_context(tenant):
        Membership.objects.create(user=person, role=Role.OWNER)
    # Nine digits, and letters that no hexadecimal id has: neither can be met by chance.
    number = 700_000_000 + secrets.randbelow(99_999_999)
    subject = Subject(tenant, person, password, canary=f"zq{mark[:10]}", number=number)
    fill(subject)
    return subject


def _remove(tenant: Tenant) -> None:
    """Delete as the owner, wherever the rows lie; then the schema, what leaving it has recorded, and the registry."""
    _delete_rows(tenant)
    if silos.to_pool(tenant):
        _delete_rows(tenant)
    with transaction.atomic(using="platform"), connections["platform"].cursor() as cursor:
        cursor.execute("DELETE FROM tenants_domain WHERE tenant_id = %s", [tenant.pk])
        cursor.execute("DELETE FROM tenants_tenant WHERE id = %s", [tenant.pk])


def _delete_rows(tenant: Tenant) -> None:
    owner: Any = connections[ALIAS]
    owner.set_tenant(tenant)
    try:
        with transaction.atomic(using=ALIAS), owner.cursor() as cursor:
            cursor.execute(TABLES_OF, [tenant.schema_name])
            for (table,) in cursor.fetchall():
                cursor.execute(f"DELETE FROM {table} WHERE tenant_id = %s", [tenant.pk])
    finally:
        owner.set_schema_to_public()
