"""PostgreSQL's own catalogue: policies, constraints, indexes, rights and logins as they should be, everywhere."""

from django.apps import apps
from django.db import connection
from django.db.models import ForeignKey

from miosa.doctor.attack import Attack, Found, Ground
from miosa.doctor.rows import references, tenant_models
from miosa.pg.catalogue import CHECKS, TENANT_TABLES, lines
from tenants.owned import TenantOwned

SURFACE = "catalogue"
CONSTRAINED = """
    SELECT k.conrelid::regclass::text, a.attname::text FROM pg_constraint k, unnest(k.conkey) number
    JOIN pg_attribute a ON true WHERE k.contype = 'f' AND a.attrelid = k.conrelid AND a.attnum = number
"""


def attacks(_ground: Ground) -> Found:
    """One attack for each thing each check looks at."""
    with connection.cursor() as cursor:
        for check in CHECKS:
            for line in lines(check, cursor):
                yield Attack(SURFACE, line.name, check.name, bool(line.wrong), line.wrong)
        cursor.execute(TENANT_TABLES)
        tables = {name for _, name in cursor.fetchall()}
        cursor.execute(CONSTRAINED)
        constrained = set(cursor.fetchall())
    for model in tenant_models():
        table = model._meta.db_table
        yield Attack(SURFACE, table, "has a tenant", table not in tables, "no column tenant_id")
        for field in references(model):
            missing = (table, field.column) not in constrained
            yield Attack(
                SURFACE, f"{table}.{field.column}", "is a constraint", missing, "no foreign key holds it"
            )
    yield from _outsiders()


def _outsiders() -> Found:
    """A model outside of every tenant that refers to a tenant's row would lead to it from anywhere."""
    for model in apps.get_models():
        if not issubclass(model, TenantOwned) and model._meta.managed:
            for field in model._meta.local_fields:
                if isinstance(field, ForeignKey):
                    inward = issubclass(field.related_model, TenantOwned)
                    yield Attack(
                        SURFACE, f"{model._meta.db_table}.{field.column}", "leads into no tenant", inward
                    )
