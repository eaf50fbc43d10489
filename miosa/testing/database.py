"""The test database: built by its owner, used as the application."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.test import TransactionTestCase
from django.test.utils import setup_databases, teardown_databases

from miosa.pg.alias import alias
from miosa.testing.emptying import emptied

# How tests are cleaned up, and how their tenants come into being.
TESTS_RIGHTS = ("TRUNCATE ON ALL TABLES IN SCHEMA public", "INSERT ON tenants_tenant, tenants_domain")


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """Build the test database as its owner, then go on as the application: the whole suite runs behind its wall."""
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False)
        owner = _become_application()
        TransactionTestCase._fixture_teardown = emptied  # type: ignore[attr-defined]  # noqa: SLF001
    yield
    with django_db_blocker.unblock():
        _become(owner)
        gc.collect()  # connections of threads that have ended lie in reference cycles
        teardown_databases(made, verbosity=0)


@pytest.fixture
def as_installed(db: None) -> Iterator[None]:
    """Take from the application what only tests give it: the test's database is like any other's until the end."""
    # A connection of its own: what it does is outside of the test's transaction.
    owner = connections.create_connection("owner")
    try:
        with owner.cursor() as cursor:
            for right in TESTS_RIGHTS:
                cursor.execute(f"REVOKE {right} FROM miosa_app")
            yield
            for right in TESTS_RIGHTS:
                cursor.execute(f"GRANT {right} TO miosa_app")
    finally:
        owner.close()


def _become_application() -> dict[str, Any]:
    """Switch alias "default" to the application's login; return what it was."""
    with connections["default"].cursor() as cursor:
        for right in TESTS_RIGHTS:
            cursor.execute(f"GRANT {right} TO miosa_app")
    owner = dict(connections["default"].settings_dict)
    application = alias(settings.ENVIRONMENT.database_url, pool=0)
    _become(
        {name: application[name] for name in ("USER", "PASSWORD", "HOST", "PORT")}
        | {"TENANT_SCOPE": "transaction", "ATOMIC_REQUESTS": True}
    )
    return owner


def _become(login: dict[str, Any]) -> None:
    connections["default"].close()
    connections["default"].settings_dict.update({k: v for k, v in login.items() if k != "NAME"})
    del connections["default"]
