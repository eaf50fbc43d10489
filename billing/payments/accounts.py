"""The tenant as Stripe's customer."""

from billing.models import BillingAccount
from billing.payments import calls
from tenants.models import Membership, Role, Tenant
from tenants.owned import current_tenant_id
from tenants.registry import tenant_by_id


def account() -> BillingAccount:
    """Return the current tenant's account; the first use makes the customer. Raises as `calls.once`."""
    row: BillingAccount | None = BillingAccount.objects.first()
    if row is not None:
        return row
    answer = calls.once("customer", "customers.create", _customer())
    BillingAccount.objects.bulk_create([BillingAccount(customer=answer["id"])], ignore_conflicts=True)
    made: BillingAccount = BillingAccount.objects.get()
    return made


def _customer() -> dict[str, object]:
    tenant = tenant_by_id(str(current_tenant_id()))
    if tenant is None:
        raise Tenant.DoesNotExist("Customers are made for tenants.")
    owner = Membership.objects.filter(role=Role.OWNER, user__is_active=True).order_by("pk").first()
    return {
        "name": tenant.name[:250],
        "metadata": {"tenant": str(tenant.pk), "slug": tenant.slug},
        **({"email": owner.user.email} if owner else {}),
    }
