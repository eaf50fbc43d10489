"""The one door to Stripe's SDK."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, reduce
from typing import Any

import stripe
from django.conf import settings

from miosa.http.problem import NotFound, Problem, Unavailable

RETRIES = 2  # of the SDK, all with the same idempotency key
TIMEOUT_S = 20
TOLERANCE_S = 300  # how old a signed webhook may be

logger = logging.getLogger(__name__)


class NoPayments(NotFound):
    """Nothing can be bought here."""

    def __init__(self) -> None:
        super().__init__(
            "Payments are not set up here: STRIPE_SECRET_KEY is not set. The ledger counts all the same."
        )


class StripeAway(Unavailable):
    """Stripe did not answer, or asks us to wait; the same request later may succeed."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            f"Stripe could not be reached ({detail}). Nothing is lost; try again shortly.", retry_after_s=5
        )


class StripeRefused(Problem):
    """Stripe understood the request and refuses it; repeating it does not help."""

    status = 502
    title = "Refused by the payment service"

    def __init__(self, detail: str, *, code: str = "") -> None:
        super().__init__(f"Stripe refused this: {detail}", extensions={"code": code} if code else {})
        self.code = code


class SignatureError(Exception):
    """A webhook is not from Stripe, or too old."""


def is_configured() -> bool:
    """Whether there is a key."""
    return bool(settings.ENVIRONMENT.stripe_secret_key)


def is_live() -> bool:
    """Whether the key moves real money."""
    return "_live_" in settings.ENVIRONMENT.stripe_secret_key


def post(method: str, params: Mapping[str, Any], *, key: str, path: tuple[str, ...] = ()) -> dict[str, Any]:
    """Call a method of the SDK's client that writes, as in "customers.create"; `key` is the idempotency key.

    Raises:
        StripeAway: it may or may not have happened there; the same key may be tried again for a day.
        StripeRefused: it did not happen.
    """
    with _translated():
        return _plain(_method(method)(*path, params=_sorted(params), options={"idempotency_key": key}))


def read(method: str, *path: str, **params: Any) -> dict[str, Any]:
    """Call a method of the SDK's client that reads, as in "customers.retrieve". Raises as `post`."""
    with _translated():
        return _plain(_method(method)(*path, params=params))


def read_all(method: str, *path: str, **params: Any) -> Iterator[dict[str, Any]]:
    """Yield every row of a list, page after page. Raises as `post`."""
    with _translated():
        for one in _method(method)(*path, params={"limit": 100, **params}).auto_paging_iter():
            yield _plain(one)


def verify(body: bytes, header: str, secret: str) -> None:
    """Check the signature of a webhook over its raw body. Raises SignatureError."""
    if not secret:
        raise SignatureError("There is no secret to check it with.")
    try:
        stripe.WebhookSignature.verify_header(body, header, secret, TOLERANCE_S)
    except (stripe.SignatureVerificationError, UnicodeDecodeError, ValueError) as error:
        raise SignatureError("The signature does not fit, or is older than five minutes.") from error


def _client() -> stripe.StripeClient:
    environment = settings.ENVIRONMENT
    if not environment.stripe_secret_key:
        raise NoPayments
    return _made(environment.stripe_secret_key, environment.stripe_api_base, os.getpid())


@cache
def _made(key: str, base: str, _process: int) -> stripe.StripeClient:
    """One for each process: it keeps connections, and two processes that speak on one are both misunderstood."""
    return stripe.StripeClient(
        key,
        base_addresses={"api": base.rstrip("/")},
        max_network_retries=RETRIES,
        http_client=stripe.RequestsClient(timeout=TIMEOUT_S),
    )


def _method(name: str) -> Any:
    return reduce(getattr, name.split("."), _client().v1)


def _sorted(given: Any) -> Any:
    """In one order, wherever it was kept meanwhile: a key that comes with another body is refused."""
    if isinstance(given, Mapping):
        return {name: _sorted(given[name]) for name in sorted(given)}
    return [_sorted(one) for one in given] if isinstance(given, list | tuple) else given


def _plain(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = answer.to_dict()
    return found


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise StripeAway(type(error).__name__) from error
    except stripe.StripeError as error:
        status = error.http_status or 0
        if status >= 500 or status in (409, 429):  # noqa: PLR2004
            raise StripeAway(f"status {status}") from error
        if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
            logger.error("Stripe refuses the key in STRIPE_SECRET_KEY (status %s)", status)  # noqa: TRY400  (its answer is told)
            raise StripeAway("it refuses the key; the operator has to look") from error
        raise StripeRefused(error.user_message or type(error).__name__, code=error.code or "") from error
