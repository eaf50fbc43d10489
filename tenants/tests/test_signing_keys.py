"""Tokens signed with keys of our own table: bound to their key, rotated, followed by every process."""

import json
from dataclasses import replace
from functools import partial
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection
from django.db.utils import ProgrammingError

from miosa.pg.platform import platform
from miosa.testing.fixtures import open_tenant
from tenants import key_ring, signing_keys, tokens, vault
from tenants.models import PlatformAuditEntry, SigningKey
from tenants.secrets import derived_key
from tenants.tests.forging import WHO, by_hmac, claims_of, forged, kid_of, refuses
from tenants.tests.signing_in import at_once, sign_in, works

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
ALGORITHMS = ("EdDSA", "RS256")


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


@pytest.mark.parametrize("algorithm", ALGORITHMS, indirect=True)
def test_it_works(algorithm):
    """The first token makes a key; the token names it, and anybody can verify it with the published half."""
    token = tokens.issue(WHO)
    [key] = keys()
    assert jwt.get_unverified_header(token) == {"alg": algorithm, "typ": "at+jwt", "kid": key.kid}
    assert tokens.read(token) == WHO
    public = jwt.PyJWK(key.public_jwk).key
    assert jwt.decode(token, public, algorithms=[algorithm], audience="miosa-api", issuer="miosa")[
        "sub"
    ] == str(WHO.user_id)


@pytest.mark.parametrize("algorithm", ALGORITHMS, indirect=True)
def test_it_carries_a_person_through_the_real_routes(algorithm):
    """Signing in and asking work the same as with the secret."""
    open_tenant("acme")
    assert works(sign_in()["access_token"])


def test_it_seals_the_private_half(algorithm):
    """The table holds the private half encrypted, under the named master key, for this kid only."""
    tokens.issue(WHO)
    [key] = keys()
    sealed = bytes(key.private_sealed)
    plain = vault.open_sealed(key.key_id, sealed, purpose=f"signing-key:{key.kid}")
    assert plain not in sealed
    assert set(key.public_jwk) == {"kty", "crv", "x", "kid", "use", "alg"}
    with pytest.raises(vault.CannotOpen):
        vault.open_sealed(key.key_id, sealed, purpose="signing-key:another")


def test_the_application_makes_and_changes_no_key(algorithm):
    """The application's login reads keys; making and changing them is the platform's."""
    tokens.issue(WHO)
    for statement in (
        "INSERT INTO tenants_signingkey SELECT * FROM tenants_signingkey",
        "UPDATE tenants_signingkey SET expires_at = NULL",
        "DELETE FROM tenants_signingkey",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
            cursor.execute(statement)


def test_of_many_who_need_the_first_key_one_makes_it(algorithm):
    """Processes that start at once end up with one key, and all sign with it."""
    made = at_once(*[lambda: signing_keys.make_first("EdDSA")] * 8)
    assert made == [None] * 8
    [key] = keys()
    assert kid_of(tokens.issue(WHO)) == key.kid
    with platform():
        assert PlatformAuditEntry.objects.filter(action="signing_key.created").count() == 1


@pytest.mark.parametrize("algorithm", ALGORITHMS, indirect=True)
def test_it_confuses_no_algorithms(algorithm):
    """Neither the public key taken as a secret, nor the real secret, nor none at all, under a known kid."""
    token = tokens.issue(WHO)
    [key] = keys()
    public = jwt.PyJWK(key.public_jwk).key
    secrets = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).strip(),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(key.public_jwk).encode(),
        derived_key("jwt"),
        b"",
    ]
    for name in ("HS256", "HS512", algorithm, "none"):
        header = {"alg": name, "typ": "at+jwt", "kid": key.kid}
        for secret in secrets:
            assert refuses(forged(header, claims_of(token), by_hmac(secret)))
        assert refuses(forged(header, claims_of(token), lambda _text: b""))


def test_a_key_signs_by_its_own_algorithm_only(settings):
    """A token of an RS256 key that names an EdDSA key, and the other way round, is refused."""
    found = {}
    for name in ALGORITHMS:
        use(settings, name)
        tokens.issue(WHO)
        found[name] = key_ring.signing_key(name)
    claims = claims_of(tokens.issue(WHO))
    for name, other in (ALGORITHMS, ALGORITHMS[::-1]):
        kid, private = found[name]
        sign = partial(jwt.get_algorithm_by_name(name).sign, key=private)
        good = {"alg": name, "typ": "at+jwt", "kid": kid}
        assert tokens.read(forged(good, claims, sign)) == WHO
        for wrong in ({"kid": found[other][0]}, {"alg": other}, {"kid": found[other][0], "alg": other}):
            assert refuses(forged(good | wrong, claims, sign))


def test_it_looks_for_keys_nowhere_else(algorithm):
    """A key the header brings or points at is none: kid decides, and it must be one of ours, as text."""
    claims = claims_of(tokens.issue(WHO))
    foreign = signing_keys._ed25519_pair()
    for header in (
        {},
        {"kid": "unknown"},
        {"kid": ""},
        {"jwk": foreign[1]},
        {
            "kid": uuid4().hex,
            "jwk": foreign[1],
            "jku": "http://127.0.0.1:9/jwks.json",
            "x5u": "http://127.0.0.1:9/",
        },
        {"kid": keys()[0].kid, "jwk": foreign[1]},
    ):
        assert refuses(jwt.encode(claims, foreign[0], algorithm="EdDSA", headers={"typ": "at+jwt", **header}))
    for kid in (1, None, ["a"], {"a": 1}):
        header = {"alg": "EdDSA", "typ": "at+jwt", "kid": kid}
        assert refuses(forged(header, claims, foreign[0].sign))


def test_the_secret_ends_where_keys_begin(settings):
    """Tokens of the secret are refused under keys, and tokens of keys under the secret."""
    by_secret = tokens.issue(WHO)
    use(settings, "EdDSA")
    assert refuses(by_secret)
    by_key = tokens.issue(WHO)
    use(settings, "HS256")
    assert refuses(by_key)
    assert tokens.read(by_secret) == WHO
