"""The published halves of the signing keys, and the command that shows and rotates them."""

import io
from dataclasses import replace
from uuid import uuid4

import jwt
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from rest_framework.test import APIClient

from miosa.tests.admin_rows import operator
from tenants import key_ring, signing_keys, tokens

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
PLACE = "/.well-known/jwks.json"
WHO = tokens.Claims(user_id=uuid4(), tenant_id=uuid4(), session_id=uuid4())


@pytest.fixture(autouse=True)
def _fresh():
    key_ring.forget()
    yield
    key_ring.forget()


@pytest.fixture
def by_keys(settings):
    """Access tokens are signed with Ed25519 keys."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, jwt_algorithm="EdDSA")


def told(*arguments):
    out = io.StringIO()
    call_command("keys", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("algorithm", ["EdDSA", "RS256"])
def test_a_stranger_verifies_with_it(settings, algorithm):
    """Whoever reads it, without a credential, can verify a token; caches may keep it for minutes."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, jwt_algorithm=algorithm)
    token = tokens.issue(WHO)
    answer = APIClient().get(PLACE)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "public, max-age=300")
    known = jwt.PyJWKSet.from_dict(answer.json())
    key = known[jwt.get_unverified_header(token)["kid"]]
    said = jwt.decode(token, key, algorithms=[algorithm], audience="miosa-api", issuer="miosa")
    assert said["tid"] == str(WHO.tenant_id)


@pytest.mark.parametrize("algorithm", ["EdDSA", "RS256"])
def test_it_holds_no_private_half(settings, algorithm):
    """Only the members of a public key, and ours are for signing."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, jwt_algorithm=algorithm)
    [key] = APIClient().get(PLACE).json()["keys"]
    assert set(key) == {"kid", "use", "alg", "kty"} | ({"n", "e"} if algorithm == "RS256" else {"crv", "x"})
    assert (key["use"], key["alg"]) == ("sig", algorithm)


def test_it_is_empty_under_the_secret(db):
    """A shared secret is published nowhere, nor are keys that sign nothing."""
    signing_keys.make_first("EdDSA")
    assert APIClient().get(PLACE).json() == {"keys": []}


def test_it_lists_what_verifies(by_keys):
    """A retired key stays as long as its tokens may live; a leaked one goes at once."""
    first = APIClient().get(PLACE).json()["keys"]
    signing_keys.rotate("EdDSA")
    key_ring.forget()
    assert len(APIClient().get(PLACE).json()["keys"]) == 2
    made = signing_keys.rotate("EdDSA", distrust=True)
    key_ring.forget()
    last = APIClient().get(PLACE).json()["keys"]
    assert [key["kid"] for key in last] == [made.kid] != [key["kid"] for key in first]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_it_is_only_read(by_keys, method):
    """Nobody changes keys over HTTP."""
    assert getattr(APIClient(), method)(PLACE).status_code == 405


def test_the_command_lists_and_rotates(by_keys):
    """Before the first use there is no key; afterwards each is shown with its state, never its private half."""
    assert "no key yet" in told("list")
    old = jwt.get_unverified_header(tokens.issue(WHO))["kid"]
    assert "signs" in told("list")
    said = told("rotate")
    new = said.split()[0]
    lines = {line.split()[0]: line for line in told("list").splitlines()}
    assert "verifies" in lines[old]
    assert "signs" in lines[new]
    assert "retiring" in next(
        line for line in (told("rotate", "--retire-after", "60") and told("list")).splitlines() if new in line
    )
    assert "refused" in told("rotate", "--leaked")
    assert told("list").count("expired") == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("rotate", "--retire-after", "-1"),
        ("rotate", "--retire-after", "86401"),
        ("rotate", "--retire-after", "soon"),
        ("rotate", "--retire-after", "60", "--leaked"),
        ("burn",),
        (),
    ],
)
def test_the_command_refuses_nonsense_and_changes_nothing(by_keys, arguments):
    """A wrong number, two wishes that exclude each other, an unknown word: refused, and the keys are as they were."""
    tokens.issue(WHO)
    before = told("list")
    with pytest.raises(CommandError):
        told(*arguments)
    assert told("list") == before


def test_the_command_says_when_there_is_nothing_to_rotate(db):
    """Under the secret it says so, and how to have keys."""
    assert "JWT_ALGORITHM is HS256" in told("list")
    with pytest.raises(CommandError, match="JWT_ALGORITHM is HS256"):
        told("rotate")


def test_the_admin_shows_the_public_half_only(by_keys):
    """List and page show state and public half; there is nothing to add, change or delete."""
    made = signing_keys.rotate("EdDSA")
    client = operator()
    page = reverse("admin:tenants_signingkey_change", args=[made.kid])
    shown = client.get(page).content.decode()
    assert made.public_jwk["x"] in shown
    assert "private" not in shown.lower().replace("private half is not", "")
    assert made.kid in client.get(reverse("admin:tenants_signingkey_changelist")).content.decode()
    for way in (
        page,
        reverse("admin:tenants_signingkey_add"),
        reverse("admin:tenants_signingkey_delete", args=[made.kid]),
    ):
        assert client.post(way, {"post": "yes"}).status_code == 403
