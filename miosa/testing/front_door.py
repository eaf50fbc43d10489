"""The gateway's front door on a real socket of this process, on the test's database."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import uvicorn
from django.conf import settings
from django_tenants.utils import tenant_context

from miosa.embedded.processes import until
from miosa.environment import environment

KEY = "gsk_of_the_platform_itself"


@dataclass
class Door:
    """`url` ends in /v1; `key` is a credential of the tenant; `folder` holds the journal."""

    url: str
    key: str
    folder: Path

    def drained(self) -> int:
        """Post what was written until now; return how many calls that were."""
        from routing.front_door.clerk import Clerk

        return Clerk(self.folder).drain()


def key_of(tenant: Any, **limits: Any) -> str:
    """Return a fresh API key of a tenant that may do everything within these limits."""
    from tenants import api_keys
    from tenants.scopes import ALL

    with tenant_context(tenant):
        return api_keys.make("gateway", **{"scopes": ALL, **limits})[1]


SWIFT = """
[[providers]]
name = "{name}"
title = "{name}"
base_url = ""
url_variable = "{variable}"
key_variable = "{key}"
first_token_s = 1
idle_s = 1
total_s = 5
wire = "{wire}"

[[models]]
id = "{name}-1"
provider = "{name}"
title = "{name}"
context_tokens = 100_000
max_input_tokens = 90_000
max_output_tokens = 10_000
tools = true
json = "strict"
thinking = false
price = {{ input_micros = 1_000_000, output_micros = 2_000_000, source = "a test", as_of = 2026-11-22 }}
quality = {{ value = {quality}, source = "a test", as_of = 2026-11-22 }}
speed = {{ value = {quality}, source = "a test", as_of = 2026-11-22 }}
cost = {{ value = {quality}, source = "a test", as_of = 2026-11-22 }}
fit = {{ chat = {quality}, source = "a test", as_of = 2026-11-22 }}
"""


def swift(name: str, *, wire: str = "openai-compatible", quality: int = 9, key: bool = False) -> str:
    """Return a catalogue's rows of a provider with a second of patience and one model, NAME-1, reached at NAME_URL."""
    variable = name.upper().replace("-", "_")
    return SWIFT.format(
        name=name,
        variable=f"{variable}_URL",
        key=f"{variable}_KEY" if key else "",
        wire=wire,
        quality=quality,
    )


@contextmanager
def catalogue(folder: Path, text: str, environ: Mapping[str, str]) -> Iterator[None]:
    """Add rows to the catalogue, and variables, until the block ends."""
    from routing.catalog_file import catalog
    from routing.front_door import decided

    file = folder / "catalog.toml"
    file.write_text(text)
    names = {"MIOSA_CATALOG": str(file), **environ} if text else dict(environ)
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    caches = (environment, catalog, decided.models_of)
    try:
        for cache in caches:
            cache.cache_clear()
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        for cache in caches:
            cache.cache_clear()


@contextmanager
def front_door(tenant: Any, folder: Path, **variables: Any) -> Iterator[Door]:
    """Serve `/v1` until the block ends. `variables` are fields of the environment, as in groq_base_url."""
    from routing import board, shared_health
    from routing.front_door import application

    before = settings.ENVIRONMENT
    settings.ENVIRONMENT = replace(before, state_dir=folder, **variables)
    board.forget_all()
    shared_health.forget()
    server = uvicorn.Server(
        uvicorn.Config(
            _with_its_end(application), host="127.0.0.1", port=0, log_level="warning", lifespan="on"
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        assert until(lambda: server.started, timeout_s=10)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Door(f"http://127.0.0.1:{port}/v1", key_of(tenant), folder / application.FOLDER)
    finally:
        server.should_exit = True
        thread.join(10)
        settings.ENVIRONMENT = before
        board.forget_all()


def _with_its_end(application: Any) -> Any:
    """The door with its lifespan, but without a clerk of its own: tests post when they want to look."""

    async def served(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await application.front_door(scope, receive, send)
            return
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await application.desk_ends()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    return served
