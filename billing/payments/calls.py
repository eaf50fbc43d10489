"""POSTs to Stripe that happen once for one cause, whatever dies in between; the only writer of StripeCall."""

from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from django.db import IntegrityError, transaction
from django.utils import timezone

from billing.models import StripeCall
from billing.payments import door
from tenants.owned import current_tenant_id

KEPT = ("id", "object", "status", "url")  # of an answer


def once(cause: str, method: str, params: Mapping[str, Any], *path: str) -> dict[str, Any]:
    """Call the SDK's `method` for a cause of the current tenant, or return what was answered before.

    A cause that was refused is asked again with a new key: what was wrong may have been mended.

    Raises:
        StripeAway, StripeRefused: see `door.post`.
    """
    row = _row(cause, method, params)
    if row.state == StripeCall.State.ANSWERED:
        return dict(row.answer)
    try:
        answer = door.post(row.method, row.params, key=str(row.pk), path=path)
    except door.StripeRefused as error:
        _finish(row, StripeCall.State.REFUSED, error=str(error)[:300])
        raise
    kept = {name: answer[name] for name in KEPT if name in answer}
    _finish(row, StripeCall.State.ANSWERED, answer=kept)
    return kept


def _row(cause: str, method: str, params: Mapping[str, Any]) -> StripeCall:
    last: StripeCall | None = StripeCall.objects.filter(cause=cause).order_by("-attempt").first()
    if last is not None and last.state != StripeCall.State.REFUSED:
        return last  # with the parameters of then: a key belongs to one request
    attempt = 1 if last is None else last.attempt + 1
    row = StripeCall(
        id=_key(cause, attempt), cause=cause, attempt=attempt, method=method, params=dict(params)
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except (
        IntegrityError
    ):  # somebody else asks in this very moment: with the same key, so that it happens once
        row = StripeCall.objects.get(pk=row.pk)
    return row


def _key(cause: str, attempt: int) -> UUID:
    return uuid5(NAMESPACE_OID, f"{current_tenant_id()} {cause} {attempt}")


def _finish(row: StripeCall, state: str, **found: Any) -> None:
    StripeCall.objects.filter(pk=row.pk).update(state=state, finished=timezone.now(), **found)
