"""Known secrets in every place that keeps one: no answer, page, error or line of the log has them."""

import json
import logging

import psycopg
import pytest
from django.conf import settings
from django.contrib import admin
from django.db import connection
from django.urls import reverse
from rest_framework.test import APIClient

from miosa.doctor.route_map import routes
from miosa.http.exception_handler import exception_handler
from miosa.pg.platform import platform
from miosa.tests.admin_rows import operator
from miosa.tests.canaries import prepared, whole

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

SOMETHING = "01890000-0000-7000-8000-000000000000"


@pytest.fixture
def place(transactional_db, tmp_path):
    with prepared(tmp_path) as one:
        yield one


def values_of(name):
    return {"kind": "quality", "name": "provider/groq", "provider": "none"}.get(name, SOMETHING)


def payloads(canaries):
    """Bodies that hold secrets where they belong, where they do not, and where nothing can be read."""
    secret = canaries.values["the secret provider/groq"]
    yield {"value": secret}
    yield {
        "request": "",
        "scopes": [secret],
        "email": secret,
        "password": canaries.values["a password"],
        "role": secret,
    }
    yield [secret]


def test_no_route_of_the_api_shows_a_secret(place):
    """Every route by every method, with bodies that are right, wrong and unreadable: answers, errors and logs."""
    called = 0
    for route in routes():
        if not route.path.startswith("/api/") or route.same_for_all:
            continue
        path = route.filled({name: values_of(name) for name in route.names})
        for client in (place.api, place.signed_in):
            for method in sorted(route.methods, key=lambda name: name == "DELETE"):
                bodies = [None] if method in {"GET", "DELETE"} else list(payloads(place.canaries))
                for body in bodies:
                    answer = client.generic(
                        method,
                        path,
                        json.dumps(body) if body else "{not json",
                        content_type="application/json",
                    )
                    # What was sent is told back nowhere, except a key that is made and shown in this one answer.
                    place.canaries.see(f"{method} {path}", whole(answer))
                    called += 1
    assert called > 50
    assert place.canaries.leaks() == []


def test_no_page_of_the_admin_shows_a_secret(place):
    """Every list, every row's page, every page to add, and the pages that belong to no model."""
    client = operator()
    addresses = [reverse("admin:index"), reverse("admin:miosa_agents")]
    with platform():
        for model in admin.site._registry:
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
            addresses += [reverse(f"{name}_changelist"), reverse(f"{name}_add")]
            if model._meta.app_label != "miosa":
                addresses += [reverse(f"{name}_{way}", args=[row.pk])
                              for row in model._base_manager.all()[:5] for way in ("change", "history", "delete")]  # fmt: skip
    for address in addresses:
        place.canaries.see(address, whole(client.get(address)))
    assert len(addresses) > 60
    assert place.canaries.leaks() == []


def test_a_failing_database_tells_no_secret(place):
    """The statement that failed held secrets: neither the answer nor the traceback in the log repeats them."""
    place.api.raise_request_exception = False
    owner = psycopg.connect(
        settings.ENVIRONMENT.database_owner_url, dbname=connection.settings_dict["NAME"], autocommit=True
    )
    with owner:
        owner.execute("ALTER TABLE tenants_storedsecret RENAME COLUMN sealed TO gone")
        try:
            answer = place.api.put(
                "/api/v1/secrets/provider/groq",
                {"value": place.canaries.values["the secret provider/groq"]},
            )
            wrong = APIClient(raise_request_exception=False).post(
                "/api/v1/tokens", {"email": "\0", "password": place.canaries.values["a password"]}
            )
        finally:
            owner.execute("ALTER TABLE tenants_storedsecret RENAME COLUMN gone TO sealed")
    assert answer.status_code == 500
    place.canaries.see("a 500", answer.content)
    place.canaries.see("a 422", wrong.content)
    assert any("UndefinedColumn" in text for where, text in place.canaries.seen if where == "the log")
    assert place.canaries.leaks() == []


def test_an_error_nobody_foresaw_tells_no_secret(place):
    """An exception may hold anything: the answer says nothing of it, the log has the form of it without the secrets."""
    secret, key = place.canaries.values, place.canaries.values["the caller's API key"]
    words = [
        f"{what}: {value}"
        for what, value in secret.items()
        if "the secret" not in what and what != "a password"
    ]
    told = [one for one in words if "hash" not in one and "derived" not in one]
    try:
        try:
            raise ValueError("; ".join(told))
        except ValueError as first:
            raise RuntimeError(f"Authorization: Bearer {key}") from first
    except RuntimeError as error:
        place.canaries.see("a problem", exception_handler(error, {}).data)
        logging.getLogger("any.library").exception("failed with %s and %r", told[0], {"key": told[1]})
        logging.getLogger("any.library").critical("arguments that do not fit %d", told[2])
        logging.getLogger("any.library").warning(told[3], stack_info=True)
    lines = "".join(text for where, text in place.canaries.seen if where == "the log")
    assert "RuntimeError" in lines
    assert "[hidden]" in lines
    assert place.canaries.leaks() == []
