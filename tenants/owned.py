"""What every row of a tenant has in common."""

from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.db import connection, models
from django.db.models.fields.related_lookups import RelatedExact
from django.db.models.sql.where import AND
from uuid_utils.compat import uuid7

from miosa.pg.platform import on_platform


def current_tenant_id() -> UUID | None:
    """Return the tenant this thread works for, None outside any tenant."""
    pk = getattr(getattr(connection, "tenant", None), "pk", None)
    return pk if isinstance(pk, UUID) else None


Row = TypeVar("Row", bound=models.Model)


class TenantManager(models.Manager[Row]):
    """Adds the tenant as a literal: Row Level Security is the wall, this is for the planner."""

    def get_queryset(self) -> models.QuerySet[Row]:
        rows = super().get_queryset()
        if on_platform():
            return rows
        tenant_id = current_tenant_id()
        if tenant_id is None:
            return rows.none()
        # What filter(tenant_id=...) adds, without its search for the field: this is asked before every query.
        column = _tenant_of(self.model).get_col(rows.query.get_initial_alias())
        rows.query.where.add(RelatedExact(column, tenant_id), AND)
        return rows


def _tenant_of(model: type[models.Model]) -> models.ForeignKey[Any, Any]:
    field = model._meta.get_field("tenant")
    assert isinstance(field, models.ForeignKey)
    return field


class TenantOwned(models.Model):
    """A row that belongs to one tenant. Its migration carries EnableRowLevelSecurity."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        "tenants.Tenant",
        on_delete=models.PROTECT,
        default=current_tenant_id,
        editable=False,
        db_index=False,  # every index of a tenant table starts with the tenant anyway
        related_name="+",
    )

    objects: ClassVar[TenantManager[Any]] = TenantManager()

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["tenant", "id"], name="%(app_label)s_%(class)s_of_tenant")
        ]
