"""Tenants, people and clients for tests."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django_tenants.utils import tenant_context
from rest_framework.test import APIClient

from miosa.embedded import services
from miosa.environment import read

InTenant = Callable[[Any], AbstractContextManager[Any]]


@pytest.fixture
def in_tenant() -> InTenant:
    """Enter a tenant: `with in_tenant(tenant): ...`."""
    return lambda tenant: tenant_context(tenant)


@pytest.fixture
def tenant(db: None) -> Iterator[Any]:
    """A pooled tenant, entered for the whole test."""
    made = open_tenant("acme")
    with tenant_context(made):
        yield made


@pytest.fixture
def other_tenant(db: None) -> Any:
    """A second pooled tenant, not entered."""
    return open_tenant("globex")


@pytest.fixture
def silo(db: None) -> Iterator[Callable[[Any], Any]]:
    """Give a tenant a schema of its own: `tenant = silo(tenant)`; needs a test with `transaction=True`."""
    from miosa.testing.silos import drop_silos, open_silo

    yield open_silo
    drop_silos()


@pytest.fixture
def owner(tenant: Any) -> Any:
    """The owner of `tenant`."""
    from tenants.models import User

    return User.objects.get(email=f"owner@{tenant.slug}.example")


@pytest.fixture
def api(tenant: Any) -> APIClient:
    """A client with a key of `tenant` that holds every scope."""
    return client_of(tenant)


@pytest.fixture
def other_api(other_tenant: Any) -> APIClient:
    """A client with a key of `other_tenant` that holds every scope."""
    return client_of(other_tenant)


def open_tenant(slug: str) -> Any:
    """Make a pooled tenant with an owner whose password is the slug, a dash and `password-1`."""
    from tenants.models import Membership, Role, Tenant, User

    made, person = Tenant(slug=slug, name=slug.title()), User(email=f"owner@{slug}.example")
    person.set_password(f"{slug}-password-1")
    with tenant_context(made):  # the wall lets a tenant's row in from inside only
        made.save(force_insert=True)
        person.save(force_insert=True)
        Membership.objects.create(user=person, role=Role.OWNER)
    return made


def client_of(tenant: Any, *, scopes: Any = None) -> APIClient:
    """Return a client that sends a fresh API key of the tenant."""
    from tenants import api_keys
    from tenants.models import Membership, Role
    from tenants.scopes import ALL

    with tenant_context(tenant):
        person = Membership.objects.filter(role=Role.OWNER).earliest("created").user_id
        _, plain = api_keys.make("test", scopes=ALL if scopes is None else scopes, created_by_id=person)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    return client


@pytest.fixture(scope="session")
def embeddings_url() -> str:
    """The address of the real embeddings server, started on first use."""
    return services.ensure(read(), need={"embeddings"}).embeddings_url


@pytest.fixture(scope="session")
def local_model_url() -> str:
    """The address of the real small language model, started on first use."""
    return services.ensure(read(), need={"language_model"}).local_model_url
