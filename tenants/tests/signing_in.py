"""How tests sign in: through the real routes, with clients that carry an access token."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connections
from rest_framework.test import APIClient

SIGN_IN = {"email": "owner@acme.example", "password": "acme-password-1", "tenant": "acme"}


def sign_in(**change: Any) -> dict[str, Any]:
    """Sign in as the owner of acme, or as `change` says; return the answer's members."""
    answer = APIClient().post("/api/v1/tokens", SIGN_IN | change)
    assert answer.status_code == 201, answer.content
    said: dict[str, Any] = answer.json()
    return said


def refreshed(refresh_token: str) -> Any:
    """Return the answer to a refresh token."""
    return APIClient().post("/api/v1/tokens/refresh", {"refresh_token": refresh_token})


def bearer(credential: str) -> APIClient:
    """Return a client that sends this credential."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {credential}")
    return client


def works(credential: str) -> bool:
    """Tell whether a credential opens a route that every role may read."""
    status = bearer(credential).get("/api/v1/agents").status_code
    assert status in {200, 401}, status
    return status == 200


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Call each in a thread of its own, all at the same moment; return what they returned, in their order."""
    together = Barrier(len(calls))

    def one(call: Callable[[], Any]) -> Any:
        together.wait(10)
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(one, calls))
