"""Webhooks are checked, kept once and answered at once; what they mean is looked up afterwards. Only writer of StripeEvent."""

import json
import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connections
from django.utils import timezone

from billing.models import StripeEvent
from billing.payments import door, reactions
from miosa.http.problem import BadRequest, Problem
from miosa.pg.platform import platform

MOST_TRIES = 8
SLOWEST_S = 3600

KEEP = """
INSERT INTO public.billing_stripeevent (id, type, created, payload, received, state, attempts, next_try, error)
VALUES (%s, %s, %s, %s, now(), 'new', 0, now(), '') ON CONFLICT (id) DO NOTHING RETURNING id"""

# Claimed until the next try, so that nobody else applies it meanwhile, and that it is tried again if we die.
CLAIM = """
UPDATE public.billing_stripeevent e SET attempts = attempts + 1,
  next_try = now() + make_interval(secs => least(%s, 60 * 2 ^ attempts))
WHERE id = (SELECT id FROM public.billing_stripeevent WHERE state = 'new' AND next_try <= now()
            ORDER BY next_try, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, payload, attempts"""

logger = logging.getLogger(__name__)


def receive(body: bytes, signature: str) -> bool:
    """Keep an event that Stripe signed; return whether it is new.

    Raises:
        SignatureError: it is not from Stripe, or there is no secret to tell.
        BadRequest: it is no event.
    """
    _signed(body, signature, settings.ENVIRONMENT.stripe_webhook_secret.split(","))
    try:
        event = json.loads(body)
        row = _row(event)
    except (ValueError, KeyError, TypeError) as error:
        raise BadRequest("This is no event of Stripe.") from error
    return _keep([row]) == 1


def take(events: Iterable[Mapping[str, Any]]) -> int:
    """Keep events that were read from Stripe; return how many are new."""
    return _keep([_row(event) for event in events])


def apply_due(limit: int = 500) -> int:
    """Apply what waits; return how many events were finished."""
    if not door.is_configured():
        return 0
    finished = 0
    for _ in range(limit):
        with connections["platform"].cursor() as cursor:
            cursor.execute(CLAIM, [SLOWEST_S])
            found = cursor.fetchone()
        if found is None:
            break
        finished += _applied(*found)
    return finished


def try_again(ids: Iterable[str] | None = None) -> int:
    """Let parked events be applied again, all by default; return how many."""
    with platform():
        rows = StripeEvent.objects.filter(state=StripeEvent.State.PARKED)
        if ids is not None:
            rows = rows.filter(pk__in=list(ids))
        return int(
            rows.update(
                state=StripeEvent.State.NEW, attempts=0, next_try=timezone.now(), error="", finished=None
            )
        )


def _signed(body: bytes, signature: str, secrets: list[str]) -> None:
    """Any of the secrets will do: two are valid while one replaces the other."""
    failure = door.SignatureError("STRIPE_WEBHOOK_SECRET is not set.")
    for secret in secrets:
        try:
            return door.verify(body, signature, secret.strip())
        except door.SignatureError as error:
            failure = error
    raise failure


def _row(event: Mapping[str, Any]) -> tuple[str, str, datetime, str]:
    identifier, kind = event["id"], event["type"]
    if not (isinstance(identifier, str) and isinstance(kind, str) and 0 < len(identifier) <= 80):  # noqa: PLR2004
        raise ValueError("An event has an id and a type.")
    created = event["created"]
    at = (
        datetime.fromtimestamp(created, tz=UTC)
        if isinstance(created, int)
        else datetime.fromisoformat(created)
    )
    return identifier, kind[:120], at, json.dumps(event, default=str)


def _keep(rows: Iterable[tuple[str, str, datetime, str]]) -> int:
    kept = 0
    with connections["platform"].cursor() as cursor:
        for row in rows:
            cursor.execute(KEEP, row)
            kept += cursor.rowcount
    return kept


def _applied(event_id: str, payload: Any, attempts: int) -> bool:
    event = payload if isinstance(payload, dict) else json.loads(payload)
    try:
        done = reactions.react(event)
    except reactions.PoisonError as error:
        return _finished(event_id, StripeEvent.State.PARKED, str(error))
    except Exception as error:  # whatever it is, the other events go on
        if attempts >= MOST_TRIES:
            return _finished(event_id, StripeEvent.State.PARKED, _told(error))
        logger.warning(
            "Event %s is tried again: %s",
            event_id,
            type(error).__name__,
            exc_info=not isinstance(error, Problem),
        )
        with platform():
            StripeEvent.objects.filter(pk=event_id).update(error=_told(error))
        return False
    return _finished(event_id, StripeEvent.State.APPLIED if done else StripeEvent.State.IGNORED, "")


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _finished(event_id: str, state: StripeEvent.State, error: str) -> bool:
    if state == StripeEvent.State.PARKED:
        logger.error("Event %s is parked: %s", event_id, error)
    with platform():
        StripeEvent.objects.filter(pk=event_id).update(
            state=state, error=error[:300], finished=timezone.now()
        )
    return True
