"""The operation that makes a materialised view, and its way back."""

from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.db.migrations.state import ProjectState

from miosa.pg.alias import alias
from miosa.pg.materialized_view import MaterializedView

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
CATALOGUE = """
SELECT 'relation', relname::text, relkind::text, relowner::regrole::text, relacl::text, reloptions::text,
  CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) WHEN relkind = 'i' THEN pg_get_indexdef(oid) END
FROM pg_class WHERE relnamespace = to_regnamespace('stats')
UNION ALL
SELECT 'schema', nspname::text, NULL, nspowner::regrole::text, nspacl::text, NULL, NULL FROM pg_namespace WHERE nspname = 'stats'
ORDER BY 1, 2"""


@pytest.fixture
def owner(db):
    """A connection of the owner to the test database: who migrates."""
    login = alias(settings.ENVIRONMENT.database_owner_url, pool=0, TENANT_SCOPE="connection")
    made: Any = connections.create_connection("default")
    made.settings_dict = {
        **made.settings_dict,
        **{k: login[k] for k in ("USER", "PASSWORD", "HOST", "PORT", "TENANT_SCOPE")},
    }
    made.by_transaction = False
    made.execute_wrappers.clear()
    yield made
    made.close()


def catalogue(owner):
    with owner.cursor() as cursor:
        cursor.execute(CATALOGUE)
        return cursor.fetchall()


def apply(owner, operation, *, forwards):
    state = ProjectState()
    with owner.schema_editor(atomic=True) as editor:
        way = operation.database_forwards if forwards else operation.database_backwards
        way("billing", editor, state, state)


def operations():
    from importlib import import_module

    names = (
        "agents.migrations.0002_statistics_agent_performance",
        "routing.migrations.0003_outcomes_by_source",  # dropped and made anew by its last operation
        "billing.migrations.0002_statistics_spend_by_day",
    )
    return [import_module(name).Migration.operations[-1] for name in names]


def test_it_leaves_no_trace_and_comes_back_the_same(owner):
    """Backwards drops views, table and schema; forwards again gives the same catalogue."""
    before = catalogue(owner)
    assert before
    for operation in reversed(operations()):
        apply(owner, operation, forwards=False)
    assert catalogue(owner) == []
    for operation in operations():
        apply(owner, operation, forwards=True)
    assert catalogue(owner) == before


def test_it_keeps_the_schema_while_another_view_needs_it(owner):
    """Taking one view back leaves the others alone."""
    extra = MaterializedView(
        "extra", "SELECT id AS tenant_id FROM public.tenants_tenant", unique=["tenant_id"]
    )
    before = catalogue(owner)
    apply(owner, extra, forwards=True)
    assert len(catalogue(owner)) > len(before)
    apply(owner, extra, forwards=False)
    assert catalogue(owner) == before


def test_it_is_made_once_for_the_database(owner):
    """A tenant's own schema gets no view of its own: its migration passes by."""
    before = catalogue(owner)
    owner.set_schema("silo", include_public=True)
    extra = MaterializedView("extra", "SELECT 1", unique=["tenant_id"])
    apply(owner, extra, forwards=True)
    apply(owner, extra, forwards=False)
    owner.set_schema_to_public()
    assert catalogue(owner) == before
