"""Signing keys are rotated, and every process follows by itself."""

import base64
import time
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import jwt
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from miosa.embedded.processes import until
from miosa.http.problem import Unauthenticated
from miosa.pg.platform import platform
from tenants import key_ring, signing_keys, tokens
from tenants.models import PlatformAuditEntry, SigningKey
from tenants.tests.forging import WHO, claims_of, kid_of, refuses
from tenants.tests.signing_in import at_once

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture(autouse=True)
def _fresh():
    key_ring.forget()
    yield
    key_ring.forget()


@pytest.fixture
def algorithm(settings, request):
    """One of the algorithms that sign with keys, in force."""
    return use(settings, getattr(request, "param", "EdDSA"))


def use(settings, name, **change):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, jwt_algorithm=name, **change)
    return name


def keys():
    with platform():
        return list(SigningKey.objects.order_by("created"))


def is_read(token):
    try:
        return tokens.read(token) == WHO
    except Unauthenticated:
        return False


def test_a_rotation_lets_old_tokens_live_and_die(algorithm):
    """New tokens are signed with the new key at once; old ones are read until the last of them has expired."""
    old = tokens.issue(WHO)
    made = signing_keys.rotate("EdDSA", actor="staff:1")
    key_ring.forget()
    assert kid_of(tokens.issue(WHO)) == made.kid != kid_of(old)
    assert tokens.read(old) == WHO
    before, _ = keys()
    lasts_s = (before.expires_at - before.retired_at).total_seconds()
    assert lasts_s == signing_keys.MAX_LIFETIME_S + signing_keys.LEEWAY_S + signing_keys.FOLLOWED_WITHIN_S
    with platform():
        SigningKey.objects.filter(pk=before.pk).update(expires_at=timezone.now())
        entry = PlatformAuditEntry.objects.get(action="signing_key.rotated")
    key_ring.forget()
    assert refuses(old)
    assert (entry.actor, entry.object_id, entry.before) == ("staff:1", made.kid, {"kids": [before.kid]})


def test_a_rotation_may_publish_before_it_signs(algorithm):
    """With a retirement in the future the old key signs on, while the new one is known already."""
    old = kid_of(tokens.issue(WHO))
    made = signing_keys.rotate("EdDSA", retire_after_s=600)
    key_ring.forget()
    assert kid_of(tokens.issue(WHO)) == old
    assert {key["kid"] for key in key_ring.published("EdDSA")} == {old, made.kid}
    with platform():
        SigningKey.objects.filter(pk=old).update(retired_at=timezone.now() - timedelta(seconds=1))
    key_ring.forget()
    assert kid_of(tokens.issue(WHO)) == made.kid


def test_a_leaked_key_is_worth_nothing(algorithm):
    """Distrusted, the old keys verify nothing more, also those that were retired before."""
    first = tokens.issue(WHO)
    signing_keys.rotate("EdDSA")
    key_ring.forget()
    second = tokens.issue(WHO)
    signing_keys.rotate("EdDSA", distrust=True)
    key_ring.forget()
    assert refuses(first)
    assert refuses(second)
    assert tokens.read(tokens.issue(WHO)) == WHO


def test_parallel_rotations_leave_one_that_signs(algorithm):
    """Whoever rotates at once: each makes a key, and exactly one of them signs from then on."""
    tokens.issue(WHO)
    at_once(*[lambda: signing_keys.rotate("EdDSA")] * 4)
    now = timezone.now()
    assert len([key for key in keys() if signing_keys.signs(key, now)]) == 1
    assert len(keys()) == 5


def test_a_process_follows_a_rotation_by_itself(algorithm):
    """A token of a key that is not known yet is read as soon as the table may be looked at again."""
    tokens.issue(WHO)
    assert tokens.read(tokens.issue(WHO))
    made = signing_keys.rotate("EdDSA")
    private = key_ring._private(made.kid, made.key_id, bytes(made.private_sealed))
    claims = claims_of(tokens.issue(WHO))
    token = jwt.encode(claims, private, algorithm="EdDSA", headers={"typ": "at+jwt", "kid": made.kid})
    assert until(lambda: is_read(token), timeout_s=4)  # by its own timer it would look after five


def test_strangers_cannot_make_it_look_more_often(algorithm):
    """Any number of unknown kids costs at most one query a second."""
    tokens.issue(WHO)
    claims = claims_of(tokens.issue(WHO))
    private = signing_keys._ed25519_pair()[0]
    began_s = time.monotonic()
    with CaptureQueriesContext(connection) as taken:
        for _ in range(300):
            header = {"typ": "at+jwt", "kid": uuid4().hex}
            assert refuses(jwt.encode(claims, private, algorithm="EdDSA", headers=header))
    looks = [query for query in taken if "tenants_signingkey" in query["sql"]]
    assert len(looks) <= 1 + (time.monotonic() - began_s) / key_ring.LOOK_AGAIN_AFTER_S


def test_it_asks_nothing_for_what_it_knows(algorithm):
    """Signing and reading within the age of the ring takes no query."""
    token = tokens.issue(WHO)
    with CaptureQueriesContext(connection) as taken:
        for _ in range(20):
            tokens.read(token)
            tokens.issue(WHO)
    assert len(taken) <= 1


def test_it_seals_anew_under_a_new_master_key(settings):
    """After the master key changed, what is stored is sealed with the new one, and signs as before."""
    use(settings, "EdDSA")
    kid = kid_of(tokens.issue(WHO))
    newest = base64.b64encode(bytes(range(100, 132))).decode()
    use(settings, "EdDSA", secret_keys=(f"k2:{newest}",))
    assert signing_keys.reseal() == 1
    assert signing_keys.reseal() == 0
    assert [key.key_id for key in keys()] == ["k2"]
    key_ring.forget()
    assert kid_of(tokens.issue(WHO)) == kid
