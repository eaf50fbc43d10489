"""Secrets that are known, put into every place that keeps one, and the places where they must never be seen."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from logging.config import DictConfigurator
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, unquote, urlsplit

import redis
from django.conf import settings
from django.db import connections
from django_tenants.utils import tenant_context
from rest_framework.test import APIClient

from miosa.pg.platform import platform
from miosa.testing.fixtures import client_of, open_tenant
from miosa.tests.admin_rows import fill
from tenants import vault
from tenants.models import User
from tenants.secrets import derived_key

SECRETS = ("provider/groq", "webhook/billing", "environment/shop/API_KEY")


@dataclass
class Canaries:
    """Values by what they are, and every text that was seen, by where."""

    values: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)

    def make(self, what: str, form: str = "canary-{}") -> str:
        """Return a new secret, remembered."""
        self.values[what] = form.format(secrets.token_urlsafe(24))
        return self.values[what]

    def see(self, where: str, text: Any) -> None:
        """Keep what was shown somewhere."""
        self.seen.append((where, text.decode(errors="replace") if isinstance(text, bytes) else str(text)))

    def leaks(self) -> list[str]:
        """Name each secret that was seen, and where; the secrets themselves are not repeated."""
        return sorted(
            {
                f"{what} in {where}"
                for where, text in self.seen
                for what, value in self.values.items()
                if value in text or quote(value, safe="") in text
            }
        )


@contextmanager
def environment_of(canaries: Canaries, state_dir: Path) -> Iterator[None]:
    """Every secret of the environment is a canary; those that the running servers need are watched as they are."""
    before = settings.ENVIRONMENT
    settings.ENVIRONMENT = replace(
        before,
        state_dir=state_dir,
        groq_api_key=canaries.make("GROQ_API_KEY", "gsk_{}"),
        kimi_api_key=canaries.make("KIMI_API_KEY", "sk-{}"),
        e2b_api_key=canaries.make("E2B_API_KEY"),
        render_api_key=canaries.make("RENDER_API_KEY"),
        stripe_secret_key=canaries.make("STRIPE_SECRET_KEY", "sk_live_{}"),
    )
    canaries.values["JWT_SECRET"] = before.jwt_secret
    canaries.values["a key that is derived from it"] = derived_key("vault").hex()
    for name in ("database_url", "database_platform_url", "database_owner_url"):
        canaries.values[f"the password of {name}"] = unquote(urlsplit(getattr(before, name)).password or "")
    try:
        yield
    finally:
        settings.ENVIRONMENT = before


class Kept(logging.Handler):
    """A handler like the product's own: its filters, its formatter; the lines are kept."""

    def __init__(self, canaries: Canaries) -> None:
        super().__init__(logging.DEBUG)
        logging_: Any = settings.LOGGING
        configuration, own = DictConfigurator(logging_), logging_["handlers"]["stderr"]
        for name in own["filters"]:
            self.addFilter(configuration.configure_filter(dict(logging_["filters"][name])))
        self.setFormatter(configuration.configure_formatter(dict(logging_["formatters"][own["formatter"]])))
        self._canaries = canaries

    def emit(self, record: logging.LogRecord) -> None:
        self._canaries.see("the log", self.format(record))


@contextmanager
def log_of(canaries: Canaries) -> Iterator[Kept]:
    """Keep every line of the log, down to DEBUG."""
    handler, root = Kept(canaries), logging.getLogger()
    level, shown = root.level, root.handlers[:]
    root.handlers[:] = [handler]  # alone, as in the product: filters rewrite a record for whoever comes after
    root.setLevel(logging.DEBUG)
    try:
        yield handler
    finally:
        root.handlers[:] = shown
        root.setLevel(level)


def see_the_database(canaries: Canaries) -> None:
    """Look at every row of every table, as text."""
    with connections["platform"].cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        for table in tables:
            cursor.execute("SELECT has_table_privilege(%s, 'SELECT')", [table])
            if cursor.fetchone()[0]:
                cursor.execute(f'SELECT t::text FROM "{table}" t')
                canaries.see(f"table {table}", "\n".join(row for (row,) in cursor.fetchall()))


def see_the_broker(canaries: Canaries) -> None:
    """Look at every message and everything that is cached."""
    with redis.Redis.from_url(settings.ENVIRONMENT.redis_url) as broker:
        for key in broker.scan_iter(count=1000):
            canaries.see("the broker", broker.dump(key) or b"")
            if broker.type(key) == b"list":
                for message in broker.lrange(key, 0, -1):
                    canaries.see("a task's arguments", message)


@dataclass
class Place:
    """A tenant with rows of every kind and a secret in each place that keeps one, and two callers of its own."""

    canaries: Canaries
    tenant: Any
    api: APIClient
    signed_in: APIClient


@contextmanager
def prepared(state_dir: Path) -> Iterator[Place]:
    """Put a canary everywhere, and keep the log from then on."""
    canaries = Canaries()
    with environment_of(canaries, state_dir), log_of(canaries):
        tenant = open_tenant("acme")
        fill(tenant)
        with tenant_context(tenant):
            for name in SECRETS:
                vault.put(name, canaries.make(f"the secret {name}"))
        with platform():
            person = User.objects.get(email="owner@acme.example")
            person.set_password(canaries.make("a password"))
            person.save()
        canaries.values["a password's hash"] = person.password
        yield Place(canaries, tenant, _with_keys(tenant, canaries), _signed_in(canaries))


def _with_keys(tenant: Any, canaries: Canaries) -> APIClient:
    client: Any = client_of(tenant)
    canaries.values["the caller's API key"] = client._credentials["HTTP_AUTHORIZATION"].partition(" ")[2]
    made = client.post("/api/v1/api-keys", {"name": "second", "scopes": ["usage:read"]}).json()
    canaries.values["a key that was shown once"] = made["key"]
    return cast(APIClient, client)


def _signed_in(canaries: Canaries) -> APIClient:
    asked = {"email": "owner@acme.example", "password": canaries.values["a password"], "tenant": "acme"}
    grant = APIClient().post("/api/v1/tokens", asked).json()
    canaries.values |= {"an access token": grant["access_token"], "a refresh token": grant["refresh_token"]}
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {grant['access_token']}")
    return client


def whole(answer: Any) -> bytes:
    """The body of an answer, streamed or not."""
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)
