"""What stands on each account, at any moment."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from billing.models import Account
from tenants.owned import current_tenant_id

# An account that is an asset or an expense grows by debits, the others by credits.
DEBIT_ACCOUNTS = frozenset(
    {Account.OVERAGE, Account.INVOICED, Account.ALLOWANCE, Account.PREPAID, Account.PROMOTION}
)

BALANCES = """
SELECT account, sum(amount)::bigint FROM (
  SELECT debit AS account, amount_micros AS amount FROM billing_posting
  WHERE tenant_id = %(tenant)s AND (%(at)s::timestamptz IS NULL OR created <= %(at)s)
  UNION ALL
  SELECT credit, -amount_micros FROM billing_posting
  WHERE tenant_id = %(tenant)s AND (%(at)s::timestamptz IS NULL OR created <= %(at)s)) moved
GROUP BY account"""

CREDITS = """
SELECT grant_id, sum(CASE WHEN credit = 'credits' THEN amount_micros ELSE -amount_micros END)::bigint
FROM billing_posting
WHERE tenant_id = %(tenant)s AND grant_id IS NOT NULL AND (%(at)s::timestamptz IS NULL OR created <= %(at)s)
GROUP BY grant_id"""


def balances(at: datetime | None = None) -> dict[Account, int]:
    """Return each account's balance in micro-dollars on its usual side; `at` None means now, else as of that moment."""
    moved: dict[Any, int] = dict(_asked(BALANCES, at))
    return {
        account: sign * int(moved.get(account.value, 0))
        for account in Account
        for sign in [1 if account in DEBIT_ACCOUNTS else -1]
    }


def credits_left(at: datetime | None = None) -> Mapping[UUID, int]:
    """Return what each grant has left in micro-dollars, by the postings."""
    return {pot: int(amount) for pot, amount in _asked(CREDITS, at)}


def _asked(statement: str, at: datetime | None) -> list[tuple[Any, int]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"tenant": current_tenant_id(), "at": at})
        return list(cursor.fetchall())
