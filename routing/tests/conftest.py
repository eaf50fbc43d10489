"""Real servers for the tests of the wire: our scriptable one, and the embedded language model."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from miosa.embedded import services
from miosa.environment import read
from miosa.testing.front_door import KEY, Door, front_door
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


@pytest.fixture
def groq(transactional_db: None) -> Iterator[WireServer]:
    """A server that plays Groq, as the test's script says."""
    with WireServer(models=("openai/gpt-oss-20b", "openai/gpt-oss-120b")) as server:
        yield server


@pytest.fixture
def door(transactional_db: None, tenant: Any, tmp_path: Path, groq: WireServer) -> Iterator[Door]:
    """The front door, with `groq` as the one provider that is set up."""
    with front_door(tenant, tmp_path, groq_api_key=KEY, groq_base_url=groq.url, local_model_url="") as opened:
        yield opened
