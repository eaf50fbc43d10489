"""What stands round an execution whose workers die: a tenant of its own, models, agents, a server of tools."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from django_tenants.utils import tenant_context

from agents import mcp_servers
from agents.roster import ROSTER
from agents.tests import dying_scene as scene
from agents.tests.dying import Doomed
from agents.tests.test_mcp_client import serving
from miosa.embedded.server import free_port
from miosa.testing.fixtures import open_tenant
from miosa.testing.flows import providers
from miosa.testing.wire_server import WireServer
from routing.models import ModelCall

_numbers = count(1)
_shop = ""


@contextmanager
def nobody_before() -> Iterator[Any]:
    """Work as a tenant of which there is nothing yet."""
    with tenant_context(made := open_tenant(f"t{next(_numbers)}")):
        yield made


@pytest.fixture(name="models")
def models_fixture(db: None, monkeypatch: Any, settings: Any) -> Iterator[WireServer]:
    """Models that answer as the scene says, agents that do as their step says, and a server of tools."""
    port = free_port()
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, outgoing_allow=(f"127.0.0.1:{port}",))
    monkeypatch.setattr(f"{__name__}._shop", f"http://127.0.0.1:{port}/mcp")
    for kind in ROSTER:
        monkeypatch.setattr(f"agents.roster.{kind}.execute", scene.do)
    with serving(port), WireServer(scene.script) as wire:
        with providers(kimi=wire.url, embeddings=wire.url.removesuffix("/v1")):
            yield wire


def whole(wire: WireServer, drive: Callable[[], list[Doomed]]) -> tuple[dict[str, Any], int, list[Doomed]]:
    """Hand the task in and let it be worked on; return what is left, how often models were asked, and who died."""
    before = len(wire.chats())
    with nobody_before():
        mcp_servers.add("shop", _shop, actor="user:1")
        scene.handed_in(scene.ORDER)
        dead = drive()
        asked = len(wire.chats()) - before
        assert scene.faults() == [], dead
        assert ModelCall.objects.count() <= asked, dead
        return scene.left(), asked, dead
