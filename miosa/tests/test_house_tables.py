"""Every tenant table is walled off in the database itself, read from PostgreSQL's own catalogue."""

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import ForeignKey

from miosa.pg.catalogue import CHECKS, TENANT_TABLES, lines
from miosa.pg.shared import SHARED_MODELS
from miosa.testing.fixtures import open_tenant
from tenants.owned import TenantOwned

pytestmark = pytest.mark.django_db(databases="__all__")

CONSTRAINED = """
    SELECT k.conrelid::regclass::text, a.attname FROM pg_constraint k, unnest(k.conkey) number
    JOIN pg_attribute a ON true WHERE k.contype = 'f' AND a.attrelid = k.conrelid AND a.attnum = number
"""


def rows(query):
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def looked_at(check):
    with connection.cursor() as cursor:
        return lines(check, cursor)


def tenant_models():
    return [model for model in apps.get_models() if issubclass(model, TenantOwned) and model._meta.managed]


def test_there_are_tenant_tables():
    """The checks below have something to look at, and every owned model is among it."""
    names = {name for _, name in rows(TENANT_TABLES)}
    assert {model._meta.db_table for model in tenant_models()} <= names
    assert tenant_models()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name.replace(" ", "_"))
def test_the_wall_stands(check, as_installed):
    """Each check of the catalogue finds nothing wrong about tables, logins, views and functions."""
    assert [line for line in looked_at(check) if line.wrong] == []


def test_every_relation_between_tenant_tables_is_a_constraint():
    """Django's own constraint is off (db_constraint=False), so the composite one has to be there."""
    wanted = {
        (model._meta.db_table, field.column)
        for model in tenant_models()
        for field in model._meta.local_fields
        if isinstance(field, ForeignKey) and issubclass(field.related_model, TenantOwned)
    }
    assert wanted <= set(rows(CONSTRAINED))


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_all_of_this_holds_in_a_tenants_own_schema(silo, request):
    """The tables of a tenant that has a schema of its own are there, constrained, and walled off just so."""
    own = silo(open_tenant("acme")).schema_name
    request.getfixturevalue("as_installed")
    theirs = [model for model in tenant_models() if model._meta.app_label in settings.TENANT_APPS]
    names = {name for _, name in rows(TENANT_TABLES)}
    assert {f"{own}.{model._meta.db_table}" for model in theirs} <= names
    constrained = set(rows(CONSTRAINED))
    assert {
        (f"{own}.{table}", column)
        for table, column in constrained
        if table.split("_")[0] in settings.TENANT_APPS and table.replace("_", ".", 1) not in SHARED_MODELS
    } <= constrained
    for check in CHECKS:
        assert [line for line in looked_at(check) if line.wrong] == [], check.name
