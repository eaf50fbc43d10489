"""A customer whose rows nobody else may see, and the host names that lead to it."""

from typing import Any, Never

from django.db import models
from django_tenants.models import DomainMixin, TenantMixin
from uuid_utils.compat import uuid7


class Tenant(TenantMixin):
    """The registry row. `schema_name` is reserved for every tenant, but exists only for a siloed one."""

    class Isolation(models.TextChoices):
        POOL = "pool", "rows in the shared tables"
        SILO = "silo", "a schema of its own"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(max_length=48, unique=True)
    name = models.CharField(max_length=120)
    isolation = models.CharField(max_length=8, choices=Isolation, default=Isolation.POOL)
    active = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)

    auto_create_schema = False
    auto_drop_schema = False

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.schema_name:
            self.schema_name = f"t_{self.id.hex}"
        # Past TenantMixin's: it would make schemas, and asks for the public one where our wall decides who may write.
        models.Model.save(self, *args, **kwargs)

    def __enter__(self) -> Never:
        # django-tenants keeps the previous tenant in one list that all threads share: a thread could
        # be left inside another thread's tenant.
        raise TypeError("Use `with tenant_context(tenant):`, which is safe across threads.")


class Domain(DomainMixin):
    """A host name of a tenant."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        ordering = ["domain"]

    def __str__(self) -> str:
        return str(self.domain)
