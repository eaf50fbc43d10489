"""Nobody guesses a password by trying: tries are counted before anything is looked up."""

from dataclasses import replace
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from miosa.limits_environment import Rate
from tenants.tests.signing_in import SIGN_IN


@pytest.mark.parametrize("email", ["owner@acme.example", "nobody@acme.example"])
def test_tries_are_limited_alike_for_known_and_unknown_people(tenant, settings, email):
    """After so many tries the right password is refused too, with 429 and when to come back."""
    most = Rate(3, 3600, 3)
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, rate_guesses_by_address=most)
    address = f"2001:db8::{uuid4().hex[:4]}:{uuid4().hex[:4]}:{uuid4().hex[:4]}"
    wrong = SIGN_IN | {"email": email, "password": "wrong-password"}
    statuses = [APIClient().post("/api/v1/tokens", wrong, REMOTE_ADDR=address).status_code for _ in range(3)]
    assert statuses == [401] * 3
    refused = APIClient().post("/api/v1/tokens", SIGN_IN, REMOTE_ADDR=address)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
