"""Real servers for the tests of the wire: our scriptable one, and the embedded language model."""

from collections.abc import Iterator

import pytest

from miosa.embedded import services
from miosa.environment import read
from miosa.testing.wire_server import WireServer


@pytest.fixture
def wire() -> Iterator[WireServer]:
    """A server on a real socket that answers by the test's own script."""
    with WireServer(models=("openai/gpt-oss-20b",)) as server:
        yield server


@pytest.fixture(scope="session")
def local_model_url() -> str:
    """The embedded language model, started once for all tests that need it."""
    return services.ensure(read(), need={"language_model"}).local_model_url


@pytest.fixture(scope="session")
def embeddings_url() -> str:
    """The embedded embeddings server."""
    return services.ensure(read(), need={"embeddings"}).embeddings_url
