"""What a process holds of tenants is bounded, and what was dropped is read again."""

import pytest
from django_tenants.utils import tenant_context
from uuid_utils.compat import uuid7

from miosa.testing.flows import providers
from routing import board, held
from routing.tests.stored import outcome
from tenants.models import Tenant


@pytest.fixture
def nothing_held():
    board.forget_all()
    yield
    board.forget_all()


def visited(count: int) -> None:
    """Let so many tenants pass by, as their requests would."""
    for _ in range(count):
        one = uuid7()
        with tenant_context(Tenant(id=one, schema_name=f"t{one.hex}", isolation=Tenant.Isolation.POOL)):
            held.here()


def test_it_holds_so_many_and_no_more(tenant, nothing_held):
    """After more tenants than fit, the number held is the bound, and those that came first are gone."""
    mine = held.here()
    visited(held.MOST_HELD + 5)
    assert len(held._held) == held.MOST_HELD
    assert held.here() is not mine


def test_what_was_dropped_decides_the_same(tenant, nothing_held):
    """A board that is read again from the outcomes has the version it had."""
    with providers(groq="http://127.0.0.1:9/v1"):
        outcome()
        board.forget()
        before = board.current()
        visited(held.MOST_HELD)
        again = board.current()
    assert again is not before
    assert again.version == before.version
