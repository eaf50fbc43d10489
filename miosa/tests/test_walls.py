"""Tenants never meet: every table and every route, walked with the neighbour's identity."""

import json
import re

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.urls import URLPattern, URLResolver, get_resolver
from django_tenants.utils import tenant_context
from rest_framework.test import APIClient

from agents import submission
from agents.models import Execution
from billing.models import Subscription
from deployments.models import SandboxRun
from miosa.testing.fixtures import client_of, open_tenant
from miosa.testing.flows import providers, run
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer
from routing.models import Decision, Promotion
from tenants.models import ApiKey, IdempotentRequest
from tenants.owned import TenantOwned

TABLES = sorted(
    (model for model in apps.get_models() if issubclass(model, TenantOwned)), key=lambda model: model.__name__
)
PUBLIC = {"tokens", "schema", "docs"}
METHODS = ("get", "post", "put", "patch", "delete")


def api_routes(patterns=None, prefix=""):
    """Every pattern of the URL conf below /api/."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from api_routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and path.startswith("api/"):
            yield "/" + path, pattern


ROUTES = list(api_routes())


@pytest.fixture
def lived_in(transactional_db, embeddings_url):
    """A tenant with rows in every table, and its neighbour."""
    acme, globex = open_tenant("acme"), open_tenant("globex")
    with WireServer(lambda asked: Reply(text="no no no no no no no no")) as wire, tenant_context(acme):
        with providers(local=wire.url.removesuffix("/v1"), embeddings=embeddings_url):
            client = client_of(acme)
            client.post("/api/v1/tasks", {"request": "Say hello"}, headers={"Idempotency-Key": "k"})
            run(Execution.objects.get())
        Subscription.objects.create(plan="pro")
        SandboxRun.objects.create(sandbox="test", code="1", exit_code=0, duration_ms=1)
        Promotion.objects.create(
            model="m", requests=100, successes=90, rate=0.9, improved=True, scoreboard_version="v"
        )
        _remember()
    return acme, globex


def _remember():
    from agents import memory
    from agents.models import Step
    from routing.models import Outcome

    step = Step.objects.first()
    memory.remember(
        step.pk, agent="a", request="r", output="o", confidence=8, pattern=[0.05] * 384, embedded_by="test"
    )
    decision = Decision.objects.first()
    Outcome.objects.get_or_create(
        decision=decision, defaults={"model": "m", "task_kind": "chat", "success": True, "confidence": 8}
    )


pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


def test_no_table_shows_changes_or_takes_a_foreign_row(lived_in):
    """In every tenant table: nothing is seen, changed, deleted, moved or forged across the wall."""
    acme, globex = lived_in
    for model in TABLES:
        table = model._meta.db_table
        with tenant_context(acme):
            row = fetched(f"SELECT to_jsonb(t) FROM {table} t LIMIT 1")
        assert row, f"{table} has no row to attack"
        with tenant_context(globex):
            attack(table, row, globex)
        with tenant_context(acme):
            after = fetched(f"SELECT to_jsonb(t) FROM {table} t WHERE id = '{row['id']}'")
        assert after == row, f"{table} was changed from outside"


def attack(table, row, attacker):
    key = row["id"]
    assert fetched(f"SELECT to_jsonb(t) FROM {table} t WHERE id = '{key}'") is None
    assert fetched(f"SELECT count(*) FROM {table} WHERE tenant_id <> '{attacker.pk}'") == 0
    assert changed(f"UPDATE {table} SET tenant_id = '{attacker.pk}' WHERE id = '{key}'") in {0, None}
    assert changed(f"UPDATE {table} SET id = id WHERE id = '{key}'") in {0, None}
    assert changed(f"DELETE FROM {table} WHERE id = '{key}'") in {0, None}
    forged = json.dumps(row | {"id": "00000000-0000-7000-8000-000000000001"})
    insert = f"INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, %s::jsonb)).*"
    assert changed(insert, [forged]) is None, f"{table} took a forged row"


def fetched(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    value = row[0] if row else None
    return json.loads(value) if isinstance(value, str) else value


def changed(sql, parameters=()):
    """The number of rows touched, None where the database refused."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.rowcount
    except DatabaseError:
        return None


def ids_of(acme):
    """The tenant's ids by the names that routes give them."""
    with tenant_context(acme):
        return {
            "execution_id": str(Execution.objects.first().pk),
            "decision_id": str(Decision.objects.first().pk),
            "key_id": str(ApiKey.objects.first().pk),
            "kind": "communication",
        }


def filled(path, values):
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda match: values[match[1]], path)


def test_no_route_answers_with_the_neighbours_rows(lived_in):
    """By another tenant's id every route says 404; no list holds a foreign id."""
    acme, globex = lived_in
    values = ids_of(acme)
    with tenant_context(acme):
        IdempotentRequest.objects.all().delete()
    attacker = client_of(globex)
    attacked = 0
    for path, pattern in ROUTES:
        if pattern.name in PUBLIC:
            continue
        for method in METHODS:
            if not hasattr(pattern.callback.cls, method):
                continue
            answer = getattr(attacker, method)(filled(path, values))
            body = b"".join(answer) if answer.streaming else answer.content
            foreign = {values[name] for name in ("execution_id", "decision_id", "key_id")}
            assert not any(
                one.encode() in body.replace(path.encode(), b"") for one in foreign if "<" not in path
            )
            if "_id>" in path:
                assert answer.status_code == 404, f"{method} {path}: {answer.status_code}"
            attacked += 1
    assert attacked >= 14
    with tenant_context(acme):
        assert not ApiKey.objects.exclude(revoked_at=None).exists()


def test_every_route_but_the_public_ones_wants_a_credential(db):
    """Without one: 401, whatever the id."""
    values = dict.fromkeys(("execution_id", "decision_id", "key_id"), "01890000-0000-7000-8000-000000000000")
    for path, pattern in ROUTES:
        if pattern.name in PUBLIC:
            continue
        for method in METHODS:
            if hasattr(pattern.callback.cls, method):
                answer = getattr(APIClient(), method)(filled(path, values | {"kind": "quality"}))
                assert answer.status_code == 401, f"{method} {path}"
                assert answer["Content-Type"] == "application/problem+json"


def test_every_route_names_its_scopes(db):
    """A method without a scope would be closed to everybody; the mistake is caught here."""
    for path, pattern in ROUTES:
        view = getattr(pattern.callback, "cls", None)
        if view is None or pattern.name in PUBLIC:
            continue
        for method in METHODS:
            if hasattr(view, method):
                assert method.upper() in view.required_scopes, f"{method} {path}"


def test_a_submission_is_bound_to_its_tenant(lived_in):
    """The neighbour's worker cannot run, and its cancel cannot end, another tenant's execution."""
    acme, globex = lived_in
    with tenant_context(acme):
        execution = Execution.objects.first()
    from miosa.http.problem import NotFound

    with tenant_context(globex), pytest.raises(NotFound):
        submission.cancel(execution.pk)
