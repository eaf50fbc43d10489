"""Usage is told to Stripe, each minute of it once; the only writer of MeterEvent.

Entries of the ledger leave a note in their own transaction (UsageToTell); notes of minutes that are over are added up, and
the sums are sent. Stripe counts an identifier once within a day, so an event without an answer is sent again for
23 hours and then left to the comparison of sums.
"""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.utils import timezone

from billing.models import MeterEvent
from billing.payments import catalog, door
from billing.payments.accounts import account
from tenants.models import Tenant
from tenants.places import in_each_place
from tenants.task_scope import task_scope

OLDEST = timedelta(days=34)  # Stripe takes 35
SURE = timedelta(hours=23)  # Stripe keeps identifiers for 24 hours at least
SLOWEST_S = 3600
AT_ONCE = 8
MOST_NOTES, MOST_EVENTS = 50_000, 500

ADD_UP = """
WITH told AS (
  DELETE FROM billing_usagetotell WHERE id IN (
    SELECT id FROM billing_usagetotell WHERE moment < date_trunc('minute', now()) ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
  RETURNING tenant_id, micros, moment),
minutes AS (
  INSERT INTO billing_meterevent (id, tenant_id, minute, micros, entries, state, attempts, error, created)
  SELECT uuidv7(), tenant_id, date_trunc('minute', moment), sum(micros), count(*), 'waiting', 0, '', now()
  FROM told GROUP BY tenant_id, date_trunc('minute', moment))
SELECT count(*) FROM told"""

# Claimed until the next try: a process that dies leaves it to the next one, with the same identifier.
CLAIM = """
UPDATE billing_meterevent m SET attempts = attempts + 1, first_tried = coalesce(first_tried, now()),
  next_try = now() + make_interval(secs => least(%s, 30 * 2 ^ least(attempts, 10)))
WHERE id IN (
  SELECT id FROM billing_meterevent WHERE state = 'waiting' AND (next_try IS NULL OR next_try <= now())
  ORDER BY next_try NULLS FIRST LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING tenant_id, id, minute, micros, first_tried, attempts"""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Due:
    tenant_id: UUID
    id: UUID
    minute: datetime
    micros: int
    first_tried: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class _Outcome:
    state: MeterEvent.State
    error: str = ""


def add_up() -> int:
    """Turn the notes of minutes that are over into events, as the platform; return how many notes that were."""
    return sum(int(number) for (number,) in in_each_place(ADD_UP, [MOST_NOTES]))


def send() -> int:
    """Send what waits, of all tenants; return how many events Stripe took."""
    if not door.is_configured():
        return 0
    due = sorted(
        (_Due(*row) for row in in_each_place(CLAIM, [SLOWEST_S, MOST_EVENTS])),
        key=lambda one: str(one.tenant_id),
    )
    return sum(_sent_of(tenant, list(rows)) for tenant, rows in groupby(due, key=lambda one: one.tenant_id))


def _sent_of(tenant_id: UUID, due: Sequence[_Due]) -> int:
    try:
        with task_scope(tenant_id):
            customer = account().customer
            outcomes = list(_told(customer, due))
            for one, outcome in zip(due, outcomes, strict=True):
                _note(one, outcome)
    except Tenant.DoesNotExist:
        return 0
    except (door.StripeAway, door.StripeRefused) as error:
        logger.warning("Usage of tenant %s is not told yet: %s", tenant_id, error)
        return 0
    return sum(outcome.state == MeterEvent.State.SENT for outcome in outcomes)


def _told(customer: str, due: Sequence[_Due]) -> Iterator[_Outcome]:
    """Threads speak to Stripe only: what they find is written down by one."""
    catalog.meter()  # there has to be one
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(lambda one: _tell(customer, one), due)


def _tell(customer: str, one: _Due) -> _Outcome:
    now = timezone.now()
    if one.minute < now - OLDEST:
        return _Outcome(MeterEvent.State.OLD)
    if one.first_tried < now - SURE:
        return _Outcome(MeterEvent.State.UNSURE)
    params = {
        "event_name": catalog.METER,
        "identifier": str(one.id),
        "timestamp": int(one.minute.timestamp()),
        "payload": {"stripe_customer_id": customer, "value": str(one.micros)},
    }
    try:
        # Each try has a key of its own: Stripe answers a key with what it said first, an error of its own too. That it
        # counts once is the identifier's business.
        door.post("billing.meter_events.create", params, key=f"{one.id}:{one.attempts}")
    except door.StripeAway as error:
        return _Outcome(MeterEvent.State.WAITING, str(error))
    except door.StripeRefused as error:
        if str(one.id) not in str(error):  # it names an identifier only to say that it is counted already
            return _Outcome(MeterEvent.State.REFUSED, str(error))
    return _Outcome(MeterEvent.State.SENT)


def _note(one: _Due, outcome: _Outcome) -> None:
    sent = timezone.now() if outcome.state == MeterEvent.State.SENT else None
    if outcome.state not in (MeterEvent.State.SENT, MeterEvent.State.WAITING):
        logger.error("Usage %s was not told to Stripe (%s): %s", one.id, outcome.state, outcome.error)
    MeterEvent.objects.filter(pk=one.id).update(state=outcome.state, error=outcome.error[:300], sent=sent)
