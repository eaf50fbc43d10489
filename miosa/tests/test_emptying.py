"""The rows of a test are gone after it, also where nobody else may delete them, and the tables are what they were."""

import psycopg
import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType

from miosa.doctor.attack import Subject
from miosa.doctor.rows import fill, tenant_models
from miosa.environment import environment
from miosa.pg.platform import platform
from miosa.testing import emptying
from miosa.testing.fixtures import open_tenant
from miosa.tests.test_migrations import shape
from tenants.models import User

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def filled():
    """A tenant with a row in every table, the append-only ones among them."""
    tenant = open_tenant("acme")
    with platform():
        person = User.objects.get()
    subject = Subject(tenant, person, "a-password-1", canary="zqcanary", number=700_000_001)
    fill(subject)
    assert subject.unmade == {}
    return subject


def left():
    """How many rows each table has, of every tenant; without what the migrations made."""
    with platform():
        counted = {
            model._meta.db_table: model._base_manager.count()
            for model in apps.get_models(include_auto_created=True)
            if model._meta.managed and model._meta.db_table not in emptying.KEPT
        }
    return {name: count for name, count in counted.items() if count}


def test_every_row_goes_and_the_wall_stands(filled, owner_of_tests):
    """Rows that refer to each other, of append-only tables too; policies, triggers and constraints stay."""
    before, kinds = shape(owner_of_tests), set(ContentType.objects.values_list("pk", flat=True))
    assert {model._meta.db_table for model in tenant_models()} <= set(left())
    assert emptying._deleted()
    assert left() == {}
    assert shape(owner_of_tests) == before
    assert set(ContentType.objects.values_list("pk", flat=True)) == kinds


def test_what_is_much_is_left_to_truncate(filled, monkeypatch):
    """A table above the limit is no work for a deletion: nothing of it is begun."""
    monkeypatch.setattr(emptying, "MOST_BYTES", 0)
    before = left()
    assert not emptying._deleted()
    assert left() == before


@pytest.fixture
def owner_of_tests():
    """The owner's URL of the test database."""
    from django.db import connection

    parts = psycopg.conninfo.conninfo_to_dict(environment().database_owner_url)
    return psycopg.conninfo.make_conninfo(**parts | {"dbname": connection.settings_dict["NAME"]})
