"""A hosting server for a module's tests, and a customer with a service of its own for each test."""

import itertools
from collections.abc import Iterator

import pytest

from deployments.tests.hosting_server import Customer, Server

NUMBERS = itertools.count(1)


@pytest.fixture(name="host", scope="module")
def host_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server in a state folder of its own."""
    running = Server(tmp_path_factory.mktemp("hosting") / "state")
    yield running
    running.stop()


@pytest.fixture(name="customer")
def customer_fixture(host: Server) -> Customer:
    """A service that nobody else has."""
    number = next(NUMBERS)
    return Customer(host, name=f"miosa-acme-site-{number}", tenant_id=f"tenant-{number}")
