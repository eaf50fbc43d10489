"""The registry, the people and what belongs to the platform alone: no tenant's rows, and still nobody's to read."""

from collections.abc import Callable, Iterator
from typing import Any

from miosa.doctor.attack import Attack, Found, Ground, Missed, Subject
from miosa.doctor.statements import Answer, tried
from miosa.pg.catalogue.logins import READABLE

SURFACE = "registry"

# Table, the column by which a subject's row is found, and its value there.
REGISTRY: tuple[tuple[str, str, Callable[[Subject], Any]], ...] = (
    ("tenants_tenant", "id", lambda subject: subject.tenant.pk),
    ("tenants_tenant", "slug", lambda subject: subject.tenant.slug),
    ("tenants_domain", "tenant_id", lambda subject: subject.tenant.pk),
    ("tenants_user", "id", lambda subject: subject.person.pk),
    ("tenants_user", "email", lambda subject: subject.person.email),
    ("tenants_identity", "user_id", lambda subject: subject.person.pk),
)
# What the platform keeps about everybody: sessions and log of the admin, its audit log, receipts, second factors,
# and whatever else is no tenant's, not above, and not known to tell nothing.
PLATFORMS = """
    SELECT c.oid::regclass::text FROM pg_class c
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND NOT c.relispartition
    AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
    AND NOT c.relname = ANY (%s) ORDER BY 1
"""


def attacks(ground: Ground) -> Found:
    """As the second tenant and without any: see, change, delete and forge what is not a tenant's to touch."""
    for table, column, value in REGISTRY:
        for who, tenant in (("", ground.attacker.tenant), (" without any tenant", None)):
            key = [value(ground.victim)]
            for name, sql, leaks in _statements(table, column):
                yield _judged(table, f"{name} by {column}{who}", tried(sql, key, tenant=tenant), leaks=leaks)
    yield from _lists(ground)
    yield from _forged(ground)
    yield from _platforms(ground)


def _statements(table: str, column: str) -> Iterator[tuple[str, str, bool]]:
    where = f"{table} WHERE {column} = %s"
    yield "select", f"SELECT 1 FROM {where}", True
    yield "select for update", f"SELECT 1 FROM {where} FOR UPDATE", True
    yield "update", f"UPDATE {table} SET {column} = {column} WHERE {column} = %s", False
    yield "delete", f"DELETE FROM {where}", False


def _lists(ground: Ground) -> Found:
    """More than oneself is nobody's to see."""
    own = ground.attacker
    for table, column, value in REGISTRY:
        sql = f"SELECT 1 FROM {table} WHERE {column} IS DISTINCT FROM %s LIMIT 1"
        answer = tried(sql, [value(own)], tenant=own.tenant)
        yield _judged(table, f"list others by {column}", answer, leaks=True)
        answer = tried(f"SELECT 1 FROM {table} LIMIT 1", tenant=None)
        yield _judged(table, f"list by {column} without any tenant", answer, leaks=True)


def _forged(ground: Ground) -> Found:
    """Neither a tenant nor somebody mighty comes in through the application."""
    forged = (
        (
            "tenants_tenant",
            "a tenant",
            "id = gen_random_uuid(), slug = 'doctor-forged', schema_name = 'doctor_forged'",
        ),
        ("tenants_user", "staff", "id = gen_random_uuid(), email = 'doctor@forged.example', is_staff = true"),
        (
            "tenants_user",
            "a superuser",
            "id = gen_random_uuid(), email = 'doctor@forged.example', is_superuser = true",
        ),
    )
    for table, what, changes in forged:
        new = ", ".join(
            f"'{k.strip()}', {v.strip()}" for k, v in (part.split("=") for part in changes.split(","))
        )
        sql = f"INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object({new}))).* FROM {table} t LIMIT 1"
        yield _judged(table, f"insert {what}", tried(sql, tenant=ground.attacker.tenant), leaks=False)


def _platforms(ground: Ground) -> Found:
    known = [*READABLE, *(table for table, *_ in REGISTRY)]
    for (table,) in tried(PLATFORMS, [known], tenant=ground.attacker.tenant).rows:
        for verb, sql in (
            ("select", f"SELECT 1 FROM {table} LIMIT 1"),
            ("insert", f"INSERT INTO {table} SELECT * FROM {table}"),
            ("delete", f"DELETE FROM {table} WHERE false"),
        ):
            answer = tried(sql, tenant=ground.attacker.tenant)
            if answer.hollow:
                yield Missed(SURFACE, table, f"{verb}: {answer.detail}")
            else:  # these are refused as such: an answer without rows would be one with rows tomorrow
                yield Attack(SURFACE, table, verb, not answer.refused, answer.detail)


def _judged(table: str, name: str, answer: Answer, *, leaks: bool) -> Attack | Missed:
    """`leaks`: a row in the answer is a leak; otherwise a row that was touched is one."""
    if answer.hollow:
        return Missed(SURFACE, table, f"{name}: {answer.detail}")
    leaked = bool(answer.rows) if leaks else not answer.refused and answer.count > 0
    return Attack(SURFACE, table, name, leaked, answer.detail)
