"""What the way back from an OpenID provider does not let in, against a real one that says false things."""

import time

import pytest
from django.test import Client
from django_tenants.utils import tenant_context

from miosa.pg.platform import platform
from miosa.testing.fixtures import open_tenant
from miosa.testing.openid_provider import CLIENT_ID, OpenIDProvider
from tenants.models import Identity, Membership, Session, User
from tenants.tests.openid_browser import API_DOOR, at_the_provider, query_of, sign_in, trusting

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
OWNER = {"sub": "subject-1", "email": "Owner@acme.example", "email_verified": True, "name": "Olga"}


@pytest.fixture
def acme():
    return open_tenant("acme")


@pytest.fixture
def there(acme):
    with OpenIDProvider() as provider, trusting(provider):
        provider.person = dict(OWNER)
        yield provider


def identities():
    with platform():
        return list(Identity.objects.values_list("subject", "user__email"))


@pytest.mark.parametrize(
    "person",
    [
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": 1.5},
        {"email": None},
        {"email": "nobody@acme.example"},
        {"email": ""},
    ],
)
def test_it_lets_nobody_in_without_a_verified_address_of_a_member(there, acme, person):
    """An unverified, unknown or missing address opens nothing, links nothing and makes nobody."""
    there.person |= person
    there.userinfo = {"sub": "subject-1"}
    answer = sign_in(Client())
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert "ask for an invitation" in answer.json()["detail"]
    with platform():
        assert User.objects.count() == 1
    assert identities() == []


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "somebody-else"},
        {"aud": ["somebody-else"], "azp": CLIENT_ID},
        {"aud": None},
        {"iss": "http://127.0.0.1:1"},
        {"iss": None},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"exp": float("nan")},
        {"iat": int(time.time()) + 3600},
        {"sub": ""},
        {"sub": None},
        {"azp": "somebody-else"},
    ],
)
def test_it_refuses_an_id_token_with_a_wrong_claim(there, claims):
    """Nonce, audience, issuer, times and subject are each checked; all failures look alike."""
    there.claims = claims
    answer = sign_in(Client())
    assert answer.status_code == 401
    assert answer.json()["detail"] == "The OpenID provider did not confirm who you are: begin again."
    assert identities() == []


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
@pytest.mark.parametrize("offered", [["RS256"], ["none", "HS256", "RS256"]])
def test_it_refuses_a_token_that_no_private_key_signed(there, algorithm, offered):
    """No signature, and one by a key everybody knows, count for nothing, even where the provider offers them."""
    there.algorithm, there.described = algorithm, {"id_token_signing_alg_values_supported": offered}
    assert sign_in(Client()).status_code == 401


def test_it_refuses_a_signature_by_a_key_that_is_not_published(there):
    """A token signed by a stranger's key under a published name is refused."""
    other = OpenIDProvider()
    other.keys[0] = type(other.keys[0]).import_key(
        other.keys[0].as_dict(private=True) | {"kid": there.keys[0].kid}
    )
    there.id_token = lambda nonce: OpenIDProvider.id_token(other, nonce)
    other.claims = {"iss": there.issuer, **OWNER}
    other._http.server_close()
    assert sign_in(Client()).status_code == 401


@pytest.mark.parametrize("wrong", [{"state": "another"}, {"state": ""}])
def test_it_refuses_a_wrong_state(there, wrong):
    """An answer to a question this browser never asked is refused before the provider is asked anything."""
    there.answers_with = wrong
    assert sign_in(Client()).status_code == 400
    assert there.token_requests == []


def test_it_refuses_an_answer_in_another_browser(there):
    """A link that somebody else began, or a cookie that was changed, opens nothing."""
    begun = Client().get("/api/v1/openid/login", {"tenant": "acme"})
    back = at_the_provider(begun["Location"])
    assert Client().get(back).status_code == 400
    forged = Client()
    forged.cookies["miosa_openid"] = begun.cookies["miosa_openid"].value[:-2] + "xx"
    assert forged.get(back).status_code == 400
    assert there.token_requests == []


def test_it_takes_a_code_once(there):
    """The same answer a second time is refused, with the cookie gone and with the cookie kept."""
    client = Client()
    begun = client.get("/api/v1/openid/login", {"tenant": "acme"})
    kept, back = begun.cookies["miosa_openid"].value, at_the_provider(begun["Location"])
    assert client.get(back).status_code == 200
    assert client.get(back).status_code == 400
    client.cookies["miosa_openid"] = kept
    assert client.get(back).status_code == 401


def test_a_code_is_of_no_use_to_who_caught_it(there):
    """Without the verifier of the browser that began, the provider keeps its tokens (PKCE)."""
    victim, thief = Client(), Client()
    caught = query_of(at_the_provider(victim.get("/api/v1/openid/login", {"tenant": "acme"})["Location"]))[
        "code"
    ]
    mine = query_of(at_the_provider(thief.get("/api/v1/openid/login", {"tenant": "acme"})["Location"]))
    answer = thief.get(API_DOOR, mine | {"code": caught})
    assert answer.status_code == 401
    assert there.token_requests[-1]["code"] == caught


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:1", ""])
def test_it_refuses_an_answer_of_another_provider(there, issuer):
    """Who answers names itself (RFC 9207): another name, or none where ours always names itself, is refused."""
    there.answers_with = {"iss": issuer}
    assert sign_in(Client()).status_code == 401
    assert there.token_requests == []


@pytest.mark.parametrize(
    "described",
    [
        {"issuer": "https://elsewhere.example.org"},
        {"token_endpoint": "http://elsewhere.example.org/token"},
        {"jwks_uri": "ftp://elsewhere.example.org/keys"},
        {"jwks_uri": None},
    ],
)
def test_it_trusts_no_description_of_another_or_over_open_wires(there, described):
    """A description that names another issuer, or doors without TLS, is no answer."""
    there.described = described
    answer = Client().get("/api/v1/openid/login", {"tenant": "acme"})
    assert answer.status_code == 503
    assert answer["Retry-After"]


def test_it_says_no_in_the_providers_words(there):
    """When the person says no at the provider they come back without a code: 401, and nothing is asked."""
    there.answers_with = {"code": "", "error": "access_denied"}
    assert sign_in(Client()).status_code == 401
    assert there.token_requests == []


def test_no_member_of_the_tenant_stays_outside(there, acme):
    """A person of another tenant, a removed one and an inactive one are refused, and nothing is linked."""
    open_tenant("globex")
    assert sign_in(Client(), tenant="globex").status_code == 401
    assert sign_in(Client(), tenant="nobodys").status_code == 401
    with platform():
        User.objects.filter(email="owner@acme.example").update(is_active=False)
    assert sign_in(Client()).status_code == 401
    with platform():
        User.objects.update(is_active=True)
    with tenant_context(acme):
        Membership.objects.all().delete()
        assert not Session.objects.exists()
    assert sign_in(Client()).status_code == 401
    assert identities() == []
