"""Limits over the API: what each request counts against, what answers carry, and how refusals look."""

from contextlib import contextmanager
from dataclasses import replace
from ipaddress import IPv6Address
from uuid import uuid4

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from miosa.http.client_address import address_scope
from miosa.limits_environment import Rate
from miosa.testing.fixtures import client_of
from tenants import api_keys
from tenants.scopes import ALL, READ
from tenants.throttling import RateLimited, refuse_guessing

AGENTS = "/api/v1/agents"
AN_HOUR = 3600


@contextmanager
def limits(**changed):
    """Lower limits for a while; a rate is a number of requests an hour."""
    before = settings.ENVIRONMENT
    rates = {name: Rate(number, AN_HOUR, number) for name, number in changed.items()}
    settings.ENVIRONMENT = replace(before, **rates)
    try:
        yield
    finally:
        settings.ENVIRONMENT = before


def statuses(client, number, path=AGENTS):
    return [client.get(path).status_code for _ in range(number)]


def left(answer):
    """What an answer says is left, by policy."""
    fields = (one.split(";") for one in answer["RateLimit"].split(", "))
    return {name.strip('"'): int(rest[0].removeprefix("r=")) for name, *rest in fields}


def somewhere():
    """An address nobody has asked from yet."""
    return str(IPv6Address(0x20010DB8 << 96 | uuid4().int >> 64))


def from_address(address):
    return APIClient(REMOTE_ADDR=address)


def test_every_answer_tells_the_limits(api, tenant):
    """Policies and what is left of each; changes count for one policy more."""
    with limits(rate_tenant=100, rate_credential=50, rate_route=30, rate_writes=20):
        read, written = api.get(AGENTS), api.post("/api/v1/tasks", {"request": "Say hello"})
    assert read["RateLimit-Policy"] == '"tenant";q=100;w=3600, "credential";q=50;w=3600, "route";q=30;w=3600'
    assert left(read) == {"tenant": 99, "credential": 49, "route": 29}
    assert left(written) == {"tenant": 98, "credential": 48, "route": 29, "writes": 19}


def test_a_route_that_is_polled_leaves_the_others_open(api, tenant):
    """Each route counts by itself, whatever ids its path holds; paths that lead nowhere count as one."""
    with limits(rate_route=2):
        assert statuses(api, 3) == [200, 200, 429]
        assert "this route" in api.get(AGENTS).json()["detail"]
        assert [api.get(f"/api/v1/executions/{uuid4()}").status_code for _ in range(3)] == [404, 404, 429]
        assert [api.get(f"/api/v1/nothing/{number}").status_code for number in range(3)] == [404, 404, 429]
        assert api.get("/api/v1/usage").status_code == 200


def test_what_is_beyond_the_limit_is_a_problem(api, tenant):
    """429 with Retry-After and the fields; every route counts, also one that is not there."""
    with limits(rate_credential=3):
        assert statuses(api, 2) == [200, 200]
        assert api.get("/api/v1/nothing").status_code == 404
        refused = api.get(AGENTS)
    assert refused.status_code == 429
    assert refused["Content-Type"] == "application/problem+json"
    assert int(refused["Retry-After"]) > 1000
    assert left(refused)["credential"] == 0
    assert "this credential is 3 in 3600 s" in refused.json()["detail"]
    assert refused["X-Request-Id"] == refused.json()["request_id"]


def test_a_noisy_key_leaves_the_others_alone(tenant):
    """Its refused requests count against nobody: neither another key nor the tenant."""
    noisy, quiet = client_of(tenant), client_of(tenant)
    with limits(rate_tenant=20, rate_credential=5):
        assert statuses(noisy, 40).count(200) == 5
        assert statuses(quiet, 5) == [200] * 5


def test_a_noisy_tenant_leaves_the_others_alone(api, other_api, tenant, other_tenant):
    """A tenant's limit is its own."""
    with limits(rate_tenant=4):
        assert statuses(api, 10).count(200) == 4
        assert statuses(other_api, 4) == [200] * 4


def test_changes_have_a_limit_of_their_own(api, tenant):
    """Who may change no more may still read; a repetition counts like any request."""
    again = {"Idempotency-Key": "k"}
    with limits(rate_writes=2):
        answers = [api.post("/api/v1/tasks", {"request": "Say hello"}, headers=again) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [202, 202, 429]
        assert api.get(AGENTS).status_code == 200


def with_key(tenant, **values):
    row, plain = api_keys.make("k", **({"scopes": ALL} | values))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    return client, api_keys.resolve(plain)


def test_a_key_has_the_rate_it_was_given(tenant):
    """Its own rate, told as its policy; a rate above the usual one changes nothing."""
    slow, _ = with_key(tenant, rate_per_minute=2)
    answer = slow.get(AGENTS)
    assert '"credential";q=2;w=60' in answer["RateLimit-Policy"]
    assert statuses(slow, 3).count(200) == 1
    with limits(rate_credential=3):
        fast, _ = with_key(tenant, rate_per_minute=100_000)
        assert statuses(fast, 5).count(200) == 3


def test_what_descends_from_a_key_shares_its_rate(tenant):
    """Children together, and with their parent, are let in as often as the parent alone."""
    parent, principal = with_key(tenant, rate_per_minute=6)
    children = [with_key(tenant, creator=principal)[0] for _ in range(3)]
    answers = [status for child in children for status in statuses(child, 4)]
    assert answers.count(200) == 6
    assert statuses(parent, 1) == [429]


def test_a_persons_requests_are_counted_by_session(tenant):
    """Somebody signed in has the limits of a credential."""
    signed_in = APIClient()
    body = {"email": "owner@acme.example", "password": "acme-password-1", "tenant": "acme"}
    token = signed_in.post("/api/v1/tokens", body).json()["access_token"]
    signed_in.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    with limits(rate_credential=2):
        assert statuses(signed_in, 3) == [200, 200, 429]


def test_refused_credentials_count_for_their_address(tenant):
    """After the limit 429 instead of 401, for that address alone; valid credentials from there still work."""
    guesser, neighbour = from_address(somewhere()), from_address(somewhere())
    guesser.credentials(HTTP_AUTHORIZATION=f"Bearer miosa_{tenant.pk.hex}_{'a' * 43}")
    with limits(rate_address=3):
        assert statuses(guesser, 5) == [401] * 3 + [429] * 2
        assert statuses(neighbour, 1) == [401]
        _, plain = api_keys.make("k", scopes=READ)
        guesser.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
        assert statuses(guesser, 1) == [200]


def test_guessing_is_refused_by_address_and_by_person():
    """Few tries from an address, fewer for one person from anywhere; other doors and people are not touched."""
    person = f"{uuid4().hex}@acme.example"
    with limits(rate_guesses_by_address=5, rate_guesses_by_email=2):
        with address_scope(somewhere()):
            refuse_guessing("sign-in", email=person)
        with address_scope(somewhere()):
            refuse_guessing("sign-in", email=person.upper())
            with pytest.raises(RateLimited):
                refuse_guessing("sign-in", email=person)
            refuse_guessing("refresh")
            for _ in range(4):
                refuse_guessing("sign-in", email=f"{uuid4().hex}@acme.example")
            with pytest.raises(RateLimited) as refused:
                refuse_guessing("sign-in", email=f"{uuid4().hex}@acme.example")
    assert "guess" not in refused.value.detail
    assert refused.value.headers["RateLimit-Policy"].startswith('"guesses"')
