"""The test database: built by its owner, used as the application."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.test.utils import setup_databases, teardown_databases

from miosa.pg.alias import alias


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """Build the test database as its owner, then go on as the application: the whole suite runs behind its wall."""
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False)
        owner = _become_application()
    yield
    with django_db_blocker.unblock():
        _become(owner)
        teardown_databases(made, verbosity=0)


def _become_application() -> dict[str, Any]:
    """Switch alias "default" to the application's login; return what it was."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO miosa_app"
        )  # how tests are cleaned up
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
