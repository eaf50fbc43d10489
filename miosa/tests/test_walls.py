"""Tenants never meet: every table and every route, walked with the neighbour's identity over rows of real work."""

import pytest
from django.apps import apps
from django_tenants.utils import tenant_context
from rest_framework.test import APIClient

from agents import control, memory
from agents.models import Execution, Step
from billing.models import Subscription
from deployments.models import SandboxRun
from miosa.doctor.attack import POOL, Attack, Ground, Subject
from miosa.doctor.attacks import routes as on_routes
from miosa.doctor.attacks import tables as on_tables
from miosa.doctor.calm import calm
from miosa.doctor.checksum import checksum
from miosa.doctor.route_map import routes
from miosa.doctor.rows import fill
from miosa.http.problem import NotFound
from miosa.testing.fixtures import client_of, open_tenant
from miosa.testing.flows import providers, run
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer
from routing.models import Decision, Outcome, Promotion
from tenants import api_keys, sessions, vault
from tenants.models import ApiKey, Membership
from tenants.owned import TenantOwned
from tenants.scopes import ALL

# Routes without a credential, and why.
PUBLIC = {
    "tokens": "where a credential is got",
    "token-refresh": "the refresh token is the credential",
    "acceptances": "who is invited is nobody's member yet; the letter's token is the credential",
    "openid-login": "leads to the provider, where a credential is got",
    "openid-callback": "leads back from it",
    "stripe-webhook": "its signature is the credential",
    "render-webhook": "its signature is the credential",
    "schema": "the document of the API",
    "docs": "the document of the API",
}
METHODS = ("get", "post", "put", "patch", "delete")

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def lived_in(transactional_db, embeddings_url):
    """A tenant whose rows come from real work, where work makes them, and its neighbour."""
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
        sessions.open_session(Membership.objects.select_related("user").get().user)
        vault.put("provider/groq", "gsk_test")
    return acme, globex


def _remember():
    step = Step.objects.first()
    memory.remember_result(step, confidence=8, pattern=[0.05] * 384, model="test")
    Outcome.objects.get_or_create(
        decision=Decision.objects.first(),
        defaults={"model": "m", "task_kind": "chat", "success": True, "confidence": 8},
    )


@pytest.fixture
def ground(lived_in, as_installed):
    """Both tenants as the doctor sees them: the victim's rows are those of its work, and what work does not make."""
    victim, attacker = (subject_of(tenant, number) for number, tenant in enumerate(lived_in))
    made = Ground(POOL, victim, attacker)
    with calm():
        yield Ground(POOL, victim, attacker, checksum(made))


def subject_of(tenant, number):
    with tenant_context(tenant):
        person = Membership.objects.select_related("user").get().user
        key, plain = api_keys.make("doctor", scopes=ALL, created_by_id=person.pk)
        rows = {
            model: row
            for model in apps.get_models()
            if issubclass(model, TenantOwned) and (row := model.objects.first()) is not None
        }
    names = (f"{tenant.slug}-password-1", f"zq{tenant.slug}", 700_000_001 + number)
    subject = Subject(tenant, person, *names, rows | {ApiKey: key})
    subject.credentials["api_key"] = plain
    fill(subject)
    return subject


def test_no_table_shows_changes_or_takes_a_foreign_row(ground):
    """In every tenant table: nothing is seen, changed, deleted, moved or forged across the wall."""
    found = list(on_tables.attacks(ground))
    assert [one for one in found if not isinstance(one, Attack) or one.leaked] == []
    tables = [model for model in apps.get_models() if issubclass(model, TenantOwned) and model._meta.managed]
    assert len(found) > 15 * len(tables)


def test_no_route_answers_with_the_neighbours_rows(ground):
    """By another tenant's id every route says what it says of an id that nobody has; no list holds a foreign id."""
    found = list(on_routes.attacks(ground))
    assert [one for one in found if not isinstance(one, Attack) or one.leaked] == []
    assert len(found) > 100
    with tenant_context(ground.victim.tenant):
        assert not ApiKey.objects.exclude(revoked_at=None).exists()


def api_routes():
    """Yield (path with ids that nobody has, route, method) for every route of the API that needs a credential."""
    for route in routes():
        if route.path.startswith("/api/") and route.name not in PUBLIC:
            values = dict.fromkeys(route.names, "01890000-0000-7000-8000-000000000000") | {"kind": "quality"}
            for method in METHODS:
                if hasattr(route.view, method):
                    yield route.filled(values), route, method


def test_every_route_but_the_public_ones_wants_a_credential(db):
    """Without one: 401, whatever the id."""
    for path, _, method in api_routes():
        answer = getattr(APIClient(), method)(path)
        assert answer.status_code == 401, f"{method} {path}"
        assert answer["Content-Type"] == "application/problem+json"


def test_the_public_routes_say_so(db):
    """A route is public by its own word and by the list above, never by one of them alone."""
    own = {
        one.name for one in routes() if one.path.startswith("/api/") and getattr(one.view, "public", False)
    }
    assert own == set(PUBLIC) - {"schema", "docs"}


def test_every_route_names_its_scopes(db):
    """A method without a scope would be closed to everybody; the mistake is caught here."""
    for path, route, method in api_routes():
        assert method.upper() in route.view.required_scopes, f"{method} {path}"


def test_a_submission_is_bound_to_its_tenant(lived_in):
    """The neighbour's worker cannot run, and its cancel cannot end, another tenant's execution."""
    acme, globex = lived_in
    with tenant_context(acme):
        execution = Execution.objects.first()
    with tenant_context(globex), pytest.raises(NotFound):
        control.cancel(execution.pk)
