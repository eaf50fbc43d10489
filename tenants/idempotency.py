"""A repeated POST with the same Idempotency-Key gets the first answer; the only writer of IdempotentRequest.

A transaction-level advisory lock marks the request in flight: a twin sees it and is answered 409, and
nothing is left to clean up after a crash. The answer is stored in the transaction of the work itself:
either both are there or neither is.
"""

import hashlib
import json
from datetime import timedelta
from typing import Any, ClassVar

from django.db import connection
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from miosa.http.problem import BadRequest, Conflict, Unprocessable
from tenants.models import IdempotentRequest
from tenants.owned import current_tenant_id
from tenants.principal import principal_of

KEPT = timedelta(hours=24)
MAX_KEY_LENGTH = 200


class IdempotentPost:
    """Mixin for views whose POST makes something: write `perform(request)` instead of `post`.

    Members of the answer that are named in `shown_once` are secrets and not kept: who repeats such a request learns
    that it was carried out, and where the thing is, and no more.
    """

    shown_once: ClassVar[tuple[str, ...]] = ()

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            return self.perform(request, *args, **kwargs)
        if len(key) > MAX_KEY_LENGTH or not key.isprintable():
            raise BadRequest(f"Idempotency-Key must be up to {MAX_KEY_LENGTH} printable characters.")
        mark = fingerprint(request)
        if earlier := _answered(request.path, key, mark):
            return self._replayed(earlier)
        response = self.perform(request, *args, **kwargs)
        kept = json.loads(json.dumps(response.data, default=str))
        IdempotentRequest.objects.create(
            route=request.path,
            key=key,
            fingerprint=mark,
            status=response.status_code,
            body={name: kept[name] for name in kept if name not in self.shown_once}
            if self.shown_once
            else kept,
            location=response.headers.get("Location", ""),
        )
        return response

    def _replayed(self, earlier: IdempotentRequest) -> Response:
        headers = {"Idempotent-Replayed": "true"}
        if earlier.location:
            headers["Location"] = earlier.location
        if not self.shown_once:
            return Response(earlier.body, status=earlier.status, headers=headers)
        raise Conflict(
            f"This request was carried out before. Its answer held a secret ({', '.join(self.shown_once)}) that is"
            " shown once and not kept: if it was lost, end the thing that `made` names and make another.",
            extensions={"made": earlier.body},
            headers=headers,
        )

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        raise NotImplementedError


def fingerprint(request: Request) -> bytes:
    """Return SHA-256 of who asks and what, independent of the order of JSON members."""
    canonical = json.dumps([principal_of(request).name, request.data], sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).digest()


def _answered(route: str, key: str, mark: bytes) -> IdempotentRequest | None:
    """Return the stored answer, or None when this request is the first and now holds the lock.

    Raises:
        Conflict: the first request is still in flight.
        Unprocessable: the key was used for another payload.
    """
    name = f"{current_tenant_id()} {route} {key}".encode()
    lock = int.from_bytes(hashlib.sha256(name).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock])
        if not cursor.fetchone()[0]:
            raise Conflict(
                "The first request with this Idempotency-Key is still in flight; ask again shortly."
            )
    IdempotentRequest.objects.filter(route=route, key=key, created__lt=timezone.now() - KEPT).delete()
    earlier: IdempotentRequest | None = IdempotentRequest.objects.filter(route=route, key=key).first()
    if earlier and bytes(earlier.fingerprint) != mark:
        raise Unprocessable("This Idempotency-Key was used for another request; use a new key.")
    return earlier


def forget_old() -> int:
    """Delete answers older than a day of the current tenant (of all tenants on the platform); return how many."""
    return IdempotentRequest.objects.filter(created__lt=timezone.now() - KEPT).delete()[0]
