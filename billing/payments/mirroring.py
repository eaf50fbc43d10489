"""Credit in the books is credit at Stripe: each grant of a customer is mirrored once, in whole cents.

What is left of a grant that was withdrawn here is ended there too. What a grant has beyond whole cents is not told.
"""

import logging
from collections.abc import Callable
from uuid import UUID

from billing.models import BillingAccount, Grant
from billing.payments import calls, door
from tenants.models import Tenant
from tenants.places import in_each_place
from tenants.task_scope import task_scope

MICROS_PER_CENT = 10_000
LATE_S = 2 * 86_400  # an invoice of a month is made after its end: what burnt in it must count there
CATEGORY = {Grant.Kind.PREPAID: "paid"}
OTHERWISE = "promotional"

MISSING = """
SELECT g.tenant_id, g.id FROM billing_grant g JOIN billing_billingaccount a USING (tenant_id)
WHERE g.amount_micros >= %s AND (g.expires IS NULL OR g.expires > now()) AND g.remaining_micros > 0
  AND NOT EXISTS (SELECT FROM billing_stripecall c
                  WHERE c.tenant_id = g.tenant_id AND c.cause = 'grant:' || g.id
                    AND (c.state = 'answered' OR c.state = 'refused' AND c.finished > now() - interval '1 hour'))
ORDER BY g.id LIMIT 200"""

# Empty before its time and not by use: it was taken back.
TAKEN = """
SELECT g.tenant_id, g.id FROM billing_grant g
JOIN billing_stripecall c ON c.tenant_id = g.tenant_id AND c.cause = 'grant:' || g.id AND c.state = 'answered'
WHERE g.remaining_micros = 0 AND g.kind <> 'allowance' AND (g.expires IS NULL OR g.expires > now())
  AND EXISTS (SELECT FROM billing_ledgerentry e WHERE e.tenant_id = g.tenant_id AND e.source = 'withdrawal'
              AND e.source_id LIKE g.id || ':%%')
  AND NOT EXISTS (SELECT FROM billing_stripecall v
                  WHERE v.tenant_id = g.tenant_id AND v.cause = 'ungrant:' || g.id AND v.state = 'answered')
LIMIT 200"""

logger = logging.getLogger(__name__)


def mirror() -> int:
    """Tell Stripe of grants it does not know and of those that were taken back, of all tenants; return how many."""
    if not door.is_configured():
        return 0
    given = [(tenant, pot, _give) for tenant, pot in in_each_place(MISSING, [MICROS_PER_CENT])]
    taken = [(tenant, pot, _end) for tenant, pot in in_each_place(TAKEN)]
    return sum(_as_tenant(*one) for one in [*given, *taken])


def _as_tenant(tenant: UUID, pot: UUID, tell: Callable[[Grant], None]) -> bool:
    try:
        with task_scope(tenant):
            tell(Grant.objects.get(pk=pot))
    except (Tenant.DoesNotExist, Grant.DoesNotExist):
        return False
    except (door.StripeAway, door.StripeRefused) as error:
        logger.warning("Grant %s is not mirrored yet: %s", pot, error)
        return False
    return True


def _give(row: Grant) -> None:
    params = {
        "customer": BillingAccount.objects.get().customer,
        "name": row.name[:100],
        "category": CATEGORY.get(Grant.Kind(row.kind), OTHERWISE),
        "amount": {
            "type": "monetary",
            "monetary": {"currency": "usd", "value": row.amount_micros // MICROS_PER_CENT},
        },
        "applicability_config": {"scope": {"price_type": "metered"}},
        "priority": min(row.priority, 100),
        "metadata": {"grant": str(row.pk)},
    }
    if row.expires is not None:
        params["expires_at"] = int(row.expires.timestamp()) + LATE_S
    calls.once(f"grant:{row.pk}", "billing.credit_grants.create", params)


def _end(row: Grant) -> None:
    known = calls.once(f"grant:{row.pk}", "billing.credit_grants.create", {})
    calls.once(f"ungrant:{row.pk}", "billing.credit_grants.expire", {}, known["id"])
