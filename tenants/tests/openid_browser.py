"""A browser that goes to the provider and back, and an installation that trusts this provider."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from django.conf import settings
from django.test import Client

from miosa.limits_environment import Rate
from miosa.testing.openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIDProvider
from tenants.openid.provider import _discovered

API_DOOR = "/api/v1/openid/callback"


@contextmanager
def trusting(there: OpenIDProvider, **changes: Any) -> Iterator[OpenIDProvider]:
    """Set this installation up for the provider."""
    before = settings.ENVIRONMENT
    settings.ENVIRONMENT = replace(
        before,
        **{
            "oidc_issuer": there.issuer,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": CLIENT_SECRET,
            "oidc_name": "Acme Login",
            "rate_guesses_by_address": Rate(100_000, 60, 100_000),
            **changes,
        },
    )
    _discovered.cache_clear()
    try:
        yield there
    finally:
        settings.ENVIRONMENT = before
        _discovered.cache_clear()


def at_the_provider(url: str) -> str:
    """Sign in there; return path and query of where the browser is sent back."""
    answer = httpx.get(url, follow_redirects=False)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def sign_in(client: Client, *, tenant: str = "acme", path: str = "/api/v1/openid/login") -> Any:
    """Go the whole way; return the last answer."""
    there = client.get(path, {"tenant": tenant})
    assert there.status_code == 302, there.content
    return client.get(at_the_provider(there["Location"]))


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
