"""The product's own settings pointed at a sandbox server of the test run."""

import os
from collections.abc import Iterator

import pytest

from deployments.tests.e2b_places import OurServer
from miosa.environment import environment

NAMES = ("MIOSA_SANDBOXES_URL", "E2B_API_KEY")


@pytest.fixture(name="sandboxes")
def sandboxes_fixture(server: OurServer) -> Iterator[OurServer]:
    """Code runs at the server of the test run, whatever the environment says otherwise."""
    before = {name: os.environ.get(name) for name in NAMES}
    os.environ.update({"MIOSA_SANDBOXES_URL": server.url, "E2B_API_KEY": ""})
    environment.cache_clear()
    yield server
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)
    environment.cache_clear()
