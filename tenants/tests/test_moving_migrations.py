"""Migrations visit every tenant's own schema, forwards and backwards; nothing else is made in them."""

import subprocess
import sys

import pytest
from django.db import DatabaseError, connections, transaction
from django_tenants.utils import tenant_context

from billing.models import LedgerEntry
from miosa.environment import ROOT
from miosa.pg.owner import as_owner
from miosa.testing.fixtures import open_tenant
from miosa.testing.silos import schemas
from tenants.moving.schema import refuse_difference
from tenants.tests.moving import environ, filled, rows_of

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

RECORDS = "SELECT count(*) FROM {schema}.django_migrations WHERE app = 'deployments'"
TABLE = "SELECT to_regclass('{schema}.deployments_sandboxrun') IS NOT NULL"


@pytest.fixture
def acme(silo):
    return silo(open_tenant("acme"))


def migrate(*arguments):
    """Run `manage.py migrate` on the test database as operators do."""
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--skip-checks", *arguments],
        cwd=ROOT,
        env=environ(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def asked(query, schema):
    with as_owner() as connection, connection.cursor() as cursor:
        cursor.execute(query.format(schema=f'"{schema}"'))
        return cursor.fetchone()[0]


def test_it_goes_back_and_forth_in_every_place(acme):
    """An app migrated to zero is gone from the shared tables and from the silo; forth again it is there as before."""
    pooled = open_tenant("globex")
    own = acme.schema_name
    try:
        migrate("deployments", "zero")
        for schema in ("public", own):
            assert (asked(TABLE, schema), asked(RECORDS, schema)) == (False, 0)
    finally:
        migrate()
        with as_owner() as connection, connection.cursor() as cursor:
            cursor.execute(
                "GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO miosa_app"
            )  # how tests are cleaned up
    for schema in ("public", own):
        assert asked(TABLE, schema)
        assert asked(RECORDS, schema) >= 1
    refuse_difference(own)
    assert schemas() == [own]
    assert pooled.schema_name not in schemas()


def test_it_keeps_the_ledger_append_only_in_a_silo(acme):
    """Neither the application nor the platform can change or delete an entry there."""
    filled(acme)
    before = rows_of(acme, acme.schema_name)
    for change in (
        lambda: LedgerEntry.objects.update(cost_micros=0),
        lambda: LedgerEntry.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError, match="append-only"), tenant_context(acme), transaction.atomic():
            change()
    for statement in ("DELETE FROM", "UPDATE"):
        rest = " SET cost_micros = 0" if statement == "UPDATE" else ""
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(using="platform"),
            connections["platform"].cursor() as cursor,
        ):
            cursor.execute(f'{statement} "{acme.schema_name}".billing_ledgerentry{rest}')
    assert rows_of(acme, acme.schema_name) == before


def test_it_keeps_other_tenants_out_of_a_silo(acme):
    """Whoever names the schema of another tenant sees no row of it and can write none, row security being there too."""
    filled(acme)
    globex = open_tenant("globex")
    table = f'"{acme.schema_name}".billing_ledgerentry'
    with tenant_context(globex), transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone() == (0,)
    with (
        pytest.raises(DatabaseError, match="row-level security"),
        tenant_context(globex),
        transaction.atomic(),
        connections["default"].cursor() as cursor,
    ):
        cursor.execute(
            f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, jsonb_build_object("
            f"'id', gen_random_uuid(), 'tenant_id', '{acme.pk}', 'meter', 'tokens'))).*"
        )
