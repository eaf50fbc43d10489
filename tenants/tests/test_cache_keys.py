"""Every key in Valkey says whose it is."""

import uuid

import pytest
from django.core.cache import cache
from django_tenants.utils import tenant_context

from tenants.cache_keys import key, prefix

TENANT = uuid.UUID(int=7)


def test_a_tenants_keys_begin_with_its_id():
    """By id or by its text; anything else is refused, and never a prefix of other tenants' keys."""
    assert prefix(TENANT) == prefix(str(TENANT)) == "t:00000000000000000000000000000007:"
    with pytest.raises(ValueError, match="badly formed"):
        prefix("*")


def test_outside_of_a_tenant_keys_are_public():
    """Health and other facts of the installation."""
    assert key("worker", "", 1) == "public::1:worker"


@pytest.mark.django_db
def test_tenants_do_not_share_what_they_cache(tenant, other_tenant):
    """The same name means another value in each tenant."""
    cache.set("answer", 1, timeout=60)
    assert cache.make_key("answer").startswith(prefix(tenant.pk))
    with tenant_context(other_tenant):
        assert cache.get("answer") is None
    cache.delete("answer")
