"""The platform as an A2A agent: its card in the usual place, JSON-RPC at /a2a, by the official SDK."""

from collections.abc import Mapping
from typing import Any

from a2a.server.context import ServerCallContext
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes
from a2a.server.routes.common import ServerCallContextBuilder
from a2a.types import a2a_pb2 as a2a
from a2a.utils.constants import AGENT_CARD_WELL_KNOWN_PATH
from starlette.applications import Starlette
from starlette.requests import Request

from miosa.protocols.a2a_handler import CALLER, Handler
from miosa.protocols.hanging_up import while_heard
from miosa.protocols.within import Caller, Within

PATH = "/a2a"
CARD = AGENT_CARD_WELL_KNOWN_PATH
PATHS = (PATH, CARD)
VERSIONS = ("1.0", "0.3")  # a client takes the first that it speaks


class A2aDoor:
    """Answers A2A; `skills` are the agents' kinds with what each is for, `public` is where people reach us ("": as asked)."""

    def __init__(self, within: Within, skills: Mapping[str, str], public: str) -> None:
        self._within, self._skills, self._public = within, skills, public
        routes = create_jsonrpc_routes(
            Handler(within), PATH, context_builder=_Context(), enable_v0_3_compat=True
        )
        self._rpc = while_heard(Starlette(routes=routes))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Show the card to everybody; answer the rest for whoever has a good key."""
        if scope["path"] == CARD:
            origin = self._public or _origin(scope)
            card = Starlette(routes=create_agent_card_routes(_card(origin, self._skills)))
            await card(scope, receive, send)
            return
        if await self._within.known(scope, send):
            await self._rpc(scope, receive, send)


class _Context(ServerCallContextBuilder):
    """Takes the caller along: whoever asks A2A asks REST."""

    def build(self, request: Request) -> ServerCallContext:
        headers = {name.lower(): value for name, value in request.headers.items()}
        return ServerCallContext(state={CALLER: Caller.of(request.scope), "headers": headers})


def _origin(scope: Mapping[str, Any]) -> str:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    scheme = "https" if headers.get("x-forwarded-proto") == "https" else scope["scheme"]
    return f"{scheme}://{headers.get('host', '')}"


def _card(origin: str, skills: Mapping[str, str]) -> a2a.AgentCard:
    bearer = a2a.SecurityScheme(
        http_auth_security_scheme=a2a.HTTPAuthSecurityScheme(scheme="Bearer", description="A key of a tenant")
    )
    return a2a.AgentCard(
        name="MIOSA",
        description="Eleven agents, led by an orchestrator, that do real work and show the evidence for it.",
        version="1",
        supported_interfaces=[
            a2a.AgentInterface(url=f"{origin}{PATH}", protocol_binding="JSONRPC", protocol_version=version)
            for version in VERSIONS
        ],
        capabilities=a2a.AgentCapabilities(streaming=True, push_notifications=False),
        security_schemes={"key": bearer},
        security_requirements=[a2a.SecurityRequirement(schemes={"key": a2a.StringList()})],
        default_input_modes=["text/plain", "application/json", "application/octet-stream"],
        default_output_modes=["text/markdown"],
        skills=[
            a2a.AgentSkill(id=kind, name=kind.replace("_", " "), description=purpose, tags=[kind])
            for kind, purpose in skills.items()
        ],
    )
