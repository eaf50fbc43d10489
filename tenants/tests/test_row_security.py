"""The wall between tenants, as the database draws it."""

import pytest
from django.db import DatabaseError, connection, transaction
from django_tenants.utils import tenant_context

from miosa.testing.fixtures import open_tenant
from tenants.models import IdempotentRequest, Membership


def request_row(**values):
    return IdempotentRequest(route="/x", key="k", fingerprint=b"f", status=200, **values)


def test_it_shows_a_tenant_its_own_rows_only(tenant, other_tenant):
    """The same query answers each tenant with its own rows, even where the ORM's filter is gone."""
    assert Membership._base_manager.count() == 1
    mine = Membership._base_manager.get().pk
    with tenant_context(other_tenant):
        assert Membership._base_manager.count() == 1
        assert Membership._base_manager.get().pk != mine


def test_it_shows_nothing_without_a_tenant(db):
    """No tenant, no rows."""
    made = open_tenant("initech")
    assert Membership._base_manager.count() == 0
    with tenant_context(made):
        assert Membership._base_manager.count() == 1


def test_it_refuses_a_row_for_another_tenant(tenant, other_tenant):
    """A forged tenant_id is refused by the policy's check."""
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        request_row(tenant=other_tenant).save(force_insert=True)


def test_it_neither_changes_nor_deletes_another_tenants_rows(tenant, other_tenant):
    """UPDATE and DELETE by a foreign id touch no row."""
    with tenant_context(other_tenant):
        row = request_row()
        row.save()
    assert IdempotentRequest._base_manager.filter(pk=row.pk).update(status=500) == 0
    assert IdempotentRequest._base_manager.filter(pk=row.pk).delete()[0] == 0
    with tenant_context(other_tenant):
        assert IdempotentRequest.objects.get(pk=row.pk).status == 200


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE miosa_platform",
        "SET ROLE miosa_owner",
        "SET SESSION AUTHORIZATION miosa_owner",
        "ALTER TABLE tenants_membership DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE tenants_membership NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY tenant_isolation ON tenants_membership",
        "ALTER ROLE miosa_app BYPASSRLS",
    ],
)
def test_it_does_not_let_the_application_climb_the_wall(tenant, statement):
    """The application's login owns nothing and can become nobody else."""
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
