"""Repeated POSTs: an Idempotency-Key of the victim's is a new one for everybody else."""

import hashlib
import json
from typing import Any

from django_tenants.utils import tenant_context
from uuid_utils.compat import uuid7

from miosa.doctor.attack import Attack, Found, Ground, Missed
from miosa.doctor.bodies import bodies, document
from miosa.doctor.requests import Asked, answer, overheard, undone
from miosa.doctor.route_map import Route, routes
from tenants.idempotency import IdempotentPost
from tenants.models import ApiKey, IdempotentRequest

SURFACE = "idempotency"
REPLAYED = "Idempotent-Replayed"


def attacks(ground: Ground) -> Found:
    """Each route that answers repetitions, with the victim's key: as stored, and with the attacker's own fingerprint."""
    found = [
        route for route in routes() if isinstance(route.view, type) and issubclass(route.view, IdempotentPost)
    ]
    if not found:
        yield Missed(SURFACE, "routes", "there is none that answers repetitions")
    schema = document()
    for route in found:
        if route.rows:
            continue  # the victim's ids in the path are a surface of their own
        body = dict(bodies(route, "POST", schema, ground.attacker)).get("a plain body")
        stored = ground.victim.rows.get(IdempotentRequest)
        key = stored.key if stored is not None and stored.route == route.path else ground.victim.canary
        yield from _stored(ground, route, body, key)
        yield from _fingerprinted(ground, route, body)


def _stored(ground: Ground, route: Route, body: Any, key: str) -> Found:
    """The same answer as for a key that nobody has used."""
    taken = Asked("POST", route.path, body, {"Idempotency-Key": key})
    fresh = Asked("POST", route.path, body, {"Idempotency-Key": str(uuid7())})
    got = answer(taken, ground, authorization=ground.attacker.authorization)
    other = answer(fresh, ground, authorization=ground.attacker.authorization)
    told = ground.told(got.text, sent=taken.sent(ground))
    leaked = bool(told) or REPLAYED in got.headers or got.status != other.status or got.changed
    detail = f"answered {got.status}, and {other.status} with a fresh key"
    yield Attack(SURFACE, f"POST {route.path}", "the victim's key", leaked, detail)


def _fingerprinted(ground: Ground, route: Route, body: Any) -> Found:
    """The worst case: the victim's stored answer bears the fingerprint of the attacker's own request."""
    name = f"key:{ground.attacker.rows[ApiKey].pk}"
    mark = hashlib.sha256(json.dumps([name, body], sort_keys=True, default=str).encode()).digest()
    asked = Asked("POST", route.path, body, {"Idempotency-Key": "doctor"})
    with undone("default", "platform"):
        with tenant_context(ground.victim.tenant):
            IdempotentRequest.objects.create(
                route=route.path,
                key="doctor",
                fingerprint=mark,
                status=202,
                body={"told": ground.victim.canary},
            )
        got = overheard(asked, authorization=ground.attacker.authorization)
    leaked = bool(ground.told(got.text)) or REPLAYED in got.headers
    yield Attack(
        SURFACE,
        f"POST {route.path}",
        "the victim's answer under one's own mark",
        leaked,
        f"answered {got.status}",
    )
