"""Every tenant table is walled off in the database itself, read from PostgreSQL's own catalogue."""

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import ForeignKey

from tenants.owned import TenantOwned

pytestmark = pytest.mark.django_db

# Relations that have a tenant_id column, wherever they lie; partitions count as tables of their own. Not among them:
# the host names of tenants, which belong to the registry and are read to find out which tenant it is.
TENANT_TABLES = """
    SELECT c.oid, c.oid::regclass::text AS name FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p') AND c.relname <> 'tenants_domain' AND c.relnamespace::regnamespace::text !~ '^pg_'
"""
INIT_PLAN = "(tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid"


def rows(query, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()


def tenant_models():
    return [model for model in apps.get_models() if issubclass(model, TenantOwned) and model._meta.managed]


def test_there_are_tenant_tables():
    """The checks below have something to look at, and every owned model is among it."""
    names = {name for _, name in rows(TENANT_TABLES)}
    assert {model._meta.db_table for model in tenant_models()} <= names
    assert tenant_models()


def test_row_security_is_enabled_and_forced():
    """Also for the owner of the table, who migrates it."""
    open_tables = rows(
        f"SELECT t.name FROM ({TENANT_TABLES}) t JOIN pg_class c USING (oid)"
        " WHERE NOT (c.relrowsecurity AND c.relforcerowsecurity)"
    )
    assert open_tables == []


def test_two_policies_and_no_third():
    """One for the tenant, in the form that lets plans be reused, and one for the platform's login alone."""
    found = rows(
        "SELECT t.name, p.polname, p.polroles::regrole[]::text, p.polcmd, p.polpermissive,"
        " pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)"
        f" FROM ({TENANT_TABLES}) t LEFT JOIN pg_policy p ON p.polrelid = t.oid ORDER BY 1, 2"
    )
    by_table = {name: [row[1:] for row in found if row[0] == name] for name, *_ in found}
    for name, policies in by_table.items():
        assert [policy[0] for policy in policies] == ["platform", "tenant_isolation"], name
        platform, tenant = policies
        assert platform[1:] == ("{miosa_platform}", "*", True, "true", "true"), name
        assert tenant[1:4] == ("{-}", "*", True), name
        assert tenant[4].startswith(INIT_PLAN), name
        assert tenant[5].startswith(INIT_PLAN), name


def test_rows_can_be_referred_to_together_with_their_tenant():
    """(tenant_id, id) is unique: the target of composite foreign keys."""
    found = rows(
        f"""SELECT t.name FROM ({TENANT_TABLES}) t WHERE NOT EXISTS (
            SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indisunique AND i.indpred IS NULL
            AND (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(i.indkey::int2[])
                 WITH ORDINALITY k(number, place) JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number)
                = ARRAY['tenant_id', 'id'])"""
    )
    assert found == []


def test_uniqueness_ends_at_the_tenant():
    """A value that is unique everywhere tells one tenant what another has; only primary keys are."""
    found = rows(
        f"""SELECT t.name, i.indexrelid::regclass::text FROM ({TENANT_TABLES}) t JOIN pg_index i ON i.indrelid = t.oid
            WHERE i.indisunique AND NOT i.indisprimary AND i.indkey[0] <> (
                SELECT attnum FROM pg_attribute WHERE attrelid = t.oid AND attname = 'tenant_id')"""
    )
    assert found == []


def test_foreign_keys_between_tenant_tables_hold_the_tenant():
    """A key of one column would accept another tenant's row, and tell that it exists."""
    found = rows(
        f"""WITH tables AS ({TENANT_TABLES}) SELECT k.conrelid::regclass::text, k.conname FROM pg_constraint k
            WHERE k.contype = 'f' AND k.conrelid IN (SELECT oid FROM tables)
            AND k.confrelid IN (SELECT oid FROM tables) AND NOT EXISTS (
                SELECT FROM unnest(k.conkey, k.confkey) pair(here, there)
                JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = here AND a.attname = 'tenant_id'
                JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = there AND b.attname = 'tenant_id')"""
    )
    assert found == []


def test_every_relation_between_tenant_tables_is_a_constraint():
    """Django's own constraint is off (db_constraint=False), so the composite one has to be there."""
    there = set(
        rows(
            "SELECT k.conrelid::regclass::text, a.attname FROM pg_constraint k, unnest(k.conkey) number"
            " JOIN pg_attribute a ON true WHERE k.contype = 'f' AND a.attrelid = k.conrelid AND a.attnum = number"
        )
    )
    wanted = {
        (model._meta.db_table, field.column)
        for model in tenant_models()
        for field in model._meta.local_fields
        if isinstance(field, ForeignKey) and issubclass(field.related_model, TenantOwned)
    }
    assert wanted <= there


def test_the_applications_login_has_no_way_around():
    """Not mighty, member of nothing, owner of nothing, and creator of nothing."""
    mighty = "SELECT rolname FROM pg_roles WHERE rolname IN ('miosa_app', 'miosa_platform') AND (rolsuper OR rolbypassrls OR rolcreaterole)"
    member = "SELECT roleid::regrole FROM pg_auth_members WHERE member = 'miosa_app'::regrole"
    owned = "SELECT oid::regclass FROM pg_class WHERE relowner = 'miosa_app'::regrole AND relkind IN ('r', 'p', 'v', 'm')"
    assert rows(mighty) == rows(member) == rows(owned) == []
    assert rows("SELECT has_schema_privilege('miosa_app', 'public', 'CREATE')") == [(False,)]


def test_materialized_views_are_behind_a_barrier():
    """They have no row security: the application reads only views over them that filter by tenant."""
    readable = rows(
        "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'm' AND has_table_privilege('miosa_app', oid, 'SELECT')"
    )
    assert readable == []


def test_views_do_not_lend_their_owners_eyes():
    """A view runs with its reader's policies, or is a barrier that filters by tenant itself."""
    found = rows(
        """SELECT c.oid::regclass::text, pg_get_viewdef(c.oid), coalesce(c.reloptions, '{}') FROM pg_class c
           WHERE c.relkind = 'v' AND has_table_privilege('miosa_app', c.oid, 'SELECT')
           AND c.relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
           AND c.oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')"""
    )
    for name, definition, options in found:
        barrier = "security_barrier=true" in options and "app.tenant_id" in definition
        assert "security_invoker=true" in options or barrier, name
