"""Doors where somebody could guess: sign-in, refresh, invitations. Few tries for an address, fewer for a person."""

from django.conf import settings

from miosa.http.client_address import current_address
from tenants.cache_keys import PUBLIC
from tenants.secrets import keyed_hash
from tenants.throttling.bucket import Bucket
from tenants.throttling.deciding import decide
from tenants.throttling.refusal import RateLimited

POLICY = "guesses"


def refuse_guessing(door: str, *, email: str = "") -> None:
    """Count one try at a door (`sign-in`, `refresh`, ...) from the caller's address and, if given, for a person.

    Call it before anything is looked up: known and unknown people are refused alike.

    Raises:
        RateLimited: too many tries; the answer says when the next one is taken.
    """
    environment, place = settings.ENVIRONMENT, f"{PUBLIC}rate:{door}"
    buckets = [
        Bucket(POLICY, f"{place}:address:{current_address()}", environment.rate_guesses_by_address),
    ]
    if email:
        person = keyed_hash("rate", email.strip().lower()).hex()[:32]
        buckets.append(Bucket(POLICY, f"{place}:email:{person}", environment.rate_guesses_by_email))
    verdict = decide(buckets)
    if not verdict.let_in:
        raise RateLimited(verdict)
