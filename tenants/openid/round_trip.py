"""One way to the provider and back: what we have to remember meanwhile travels in a signed cookie of ten minutes.

The application's login cannot read Django's sessions, and nothing has to be kept on our side: the cookie holds the
state, nonce and PKCE verifier of this one trip, bound to the door it began at.
"""

import hmac
import secrets
from collections.abc import Mapping
from typing import Any

from django.core import signing

from miosa.http.problem import BadRequest
from miosa.http.public_address import absolute, is_https
from tenants.openid.provider import Account, NotVouchedFor, provider
from tenants.throttling import refuse_guessing

COOKIE = "miosa_openid"
LIFETIME_S = 600


class Refused(NotVouchedFor):
    """The provider sent the person back without an account: they said no, or may not."""


def begin(door: str, **goal: str) -> tuple[str, str]:
    """Return the address at the provider to send a person to, and the cookie that remembers why.

    `door` is the path of the callback, as registered at the provider. Raises NotSetUp, ProviderSilent.
    """
    trip = {
        "state": secrets.token_urlsafe(24),
        "nonce": secrets.token_urlsafe(24),
        "verifier": secrets.token_urlsafe(48),
    }
    url = provider().door(redirect_uri=absolute(door), **trip)
    return url, signing.dumps({**trip, "goal": goal}, salt=door)


def end(door: str, *, query: Mapping[str, str], cookie: str) -> tuple[Account, dict[str, str]]:
    """Return whom the provider vouches for, and the goal that `begin` was given.

    Raises:
        BadRequest: the trip began elsewhere, or too long ago.
        NotVouchedFor: the provider says no, or any check fails.
        ProviderSilent, NotSetUp, RateLimited: as their names say.
    """
    refuse_guessing("openid")
    trip = _remembered(door, cookie, query.get("state", ""))
    trusted = provider()
    _refuse_another_issuer(query.get("iss"), trusted.server_metadata)
    if "code" not in query:
        raise Refused
    account = trusted.account(
        query["code"], redirect_uri=absolute(door), nonce=trip["nonce"], verifier=trip["verifier"]
    )
    return account, trip["goal"]


def remember(response: Any, cookie: str, *, door: str) -> Any:
    """Put the cookie on a response; it is sent back to this door only."""
    response.set_cookie(
        COOKIE, cookie, max_age=LIFETIME_S, path=door, httponly=True, samesite="Lax", secure=is_https()
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def forget(response: Any, *, door: str) -> Any:
    """End the trip in the browser, whatever came of it."""
    response.delete_cookie(COOKIE, path=door, samesite="Lax")
    response.headers["Cache-Control"] = "no-store"
    return response


def _remembered(door: str, cookie: str, state: str) -> dict[str, Any]:
    try:
        trip: dict[str, Any] = signing.loads(cookie, salt=door, max_age=LIFETIME_S)
    except signing.BadSignature:
        raise BadRequest("This sign-in began elsewhere or too long ago: begin again.") from None
    if not state or not hmac.compare_digest(trip["state"].encode(), state.encode()):
        raise BadRequest("This sign-in began elsewhere or too long ago: begin again.")
    return trip


def _refuse_another_issuer(named: str | None, metadata: Mapping[str, Any]) -> None:
    """Raise NotVouchedFor where the answer names another provider (RFC 9207), or ours names none although it does."""
    expected = metadata.get("authorization_response_iss_parameter_supported") is True
    if (named is None and expected) or (named is not None and named != metadata["issuer"]):
        raise NotVouchedFor
