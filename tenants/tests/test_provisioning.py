"""Opening a tenant, working in its scope, and tidying up after all of them."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_tenants.utils import tenant_context

from miosa.tests.admin_rows import as_platform
from tenants.models import Domain, IdempotentRequest, Membership, Tenant, User
from tenants.owned import current_tenant_id
from tenants.provisioning import open_tenant
from tenants.task_scope import task_scope
from tenants.tasks import forget_old_requests

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


def test_it_opens_a_tenant_with_its_owner():
    """The owner can sign in and owns; the domain leads to the tenant."""
    opened = open_tenant(
        "acme", name="Acme", owner_email="A@acme.example", password="pass-word-1", domain="acme.test"
    )
    assert opened.new
    assert as_platform(User, email="a@acme.example").check_password("pass-word-1")
    assert as_platform(Domain).tenant_id == opened.tenant.pk
    with tenant_context(opened.tenant):
        assert Membership.objects.get().role == "owner"


def test_it_opens_once():
    """A second time finds what is there, and does not change the password."""
    first = open_tenant("acme", name="Acme", owner_email="a@acme.example", password="pass-word-1")
    second = open_tenant("acme", name="Other", owner_email="a@acme.example", password="another-1")
    assert (second.new, second.tenant) == (False, first.tenant)
    assert as_platform(Tenant).name == "Acme"
    assert as_platform(User).check_password("pass-word-1")


def test_it_works_as_a_tenant_by_id():
    """A task gets an id and works behind that tenant's wall; an unknown id is refused."""
    tenant = open_tenant("acme", name="Acme", owner_email="a@acme.example").tenant
    with task_scope(str(tenant.pk)):
        assert current_tenant_id() == tenant.pk
    assert current_tenant_id() is None
    with pytest.raises(Tenant.DoesNotExist), task_scope("01890000-0000-7000-8000-000000000000"):
        pass


def test_it_refuses_the_unsafe_way_in():
    """`with tenant:` would share its memory between threads."""
    tenant = open_tenant("acme", name="Acme", owner_email="a@acme.example").tenant
    with pytest.raises(TypeError, match="tenant_context"), tenant:
        pass


def test_it_forgets_old_requests_of_every_tenant():
    """The hourly task clears all tenants' answers that are older than a day, and no younger one."""
    for slug in ("acme", "globex"):
        opened = open_tenant(slug, name=slug, owner_email=f"a@{slug}.example")
        with tenant_context(opened.tenant):
            for key in ("old", "new"):
                IdempotentRequest.objects.create(route="/x", key=key, fingerprint=b"f", status=200)
            IdempotentRequest.objects.filter(key="old").update(created=timezone.now() - timedelta(hours=25))
    forget_old_requests()
    for slug in ("acme", "globex"):
        with tenant_context(as_platform(Tenant, slug=slug)):
            assert [row.key for row in IdempotentRequest.objects.all()] == ["new"]
