"""What a create asks for, read from its body and held against the permit; values in, values out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deployments.sandboxes.permit import ANYWHERE, Permit, beyond
from deployments.sandboxes.server.refusals import Refusal

TEMPLATES = ("base", "code-interpreter-v1")  # both are the same box here
DEFAULT_TIMEOUT_S = 300
MOST_MEMBERS, MOST_CHARACTERS = 128, 65_536  # of metadata and of variables
EVERYTHING = ("0.0.0.0/0", "::/0", "*")
NOT_HERE = ("mcp", "iam", "volumeMounts", "autoResume")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A box to be opened."""

    template: str
    timeout_s: int
    metadata: Mapping[str, str]
    environment: Mapping[str, str]
    hosts: tuple[str, ...]
    internet: bool | None


def wanted(body: Any, permit: Permit) -> Wanted:
    """Read the body of a create. Raise Refusal with the first fault."""
    if not isinstance(body, dict):
        raise Refusal(400, "The body of a create is a JSON object.")
    template = str(body.get("templateID", "")).partition(":")[0]
    if template not in TEMPLATES:
        raise Refusal(404, f"template '{template}' not found; here are {' and '.join(TEMPLATES)}.")
    for name in NOT_HERE:
        if body.get(name):
            raise Refusal(400, f"`{name}` is not supported by this sandbox server.")
    if body.get("autoPause"):
        raise Refusal(400, "Boxes of this sandbox server cannot be paused: leave out the pause on timeout.")
    internet = body.get("allow_internet_access")
    return Wanted(
        template=template,
        timeout_s=timeout(body.get("timeout", DEFAULT_TIMEOUT_S), permit),
        metadata=_texts(body.get("metadata"), "metadata"),
        environment=_texts(body.get("envVars"), "envVars"),
        hosts=hosts(body.get("network"), internet, permit),
        internet=internet if isinstance(internet, bool) else None,
    )


def timeout(value: Any, permit: Permit) -> int:
    """Return the seconds asked for. Raise Refusal beyond what the permit allows."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Refusal(400, "The timeout of a sandbox is a number of whole seconds.")
    if value > permit.lifetime_s:
        raise Refusal(400, f"Timeout cannot be greater than {permit.lifetime_s} s, which this key allows.")
    return value


def hosts(network: Any, internet: Any, permit: Permit) -> tuple[str, ...]:
    """Return the hosts the box may call: those named, all of the permit for open internet, none otherwise."""
    network = network if isinstance(network, dict) else {}
    for name in ("egressProxy", "rules", "dnsServers"):
        if network.get(name):
            raise Refusal(400, f"`{name}` of the network is not supported by this sandbox server.")
    named = network.get("allowOut")
    if internet is False or not permit.hosts:
        return _none(named, permit)
    if named is None:
        return _all(permit) if internet else ()
    return _named(named, permit)


def _named(named: Any, permit: Permit) -> tuple[str, ...]:
    if not isinstance(named, list) or not all(isinstance(host, str) for host in named):
        raise Refusal(400, "`allow_out` is a list of host names.")
    if any(host in EVERYTHING for host in named):
        return _all(permit)
    if refused := beyond(named, permit.hosts):
        raise Refusal(403, f"The plan allows no network to {', '.join(refused)}.")
    return tuple(named)


def _all(permit: Permit) -> tuple[str, ...]:
    """Return every host of the permit; where it is any host, the caller has to say which."""
    if ANYWHERE in permit.hosts:
        raise Refusal(
            400, "Name the hosts in `allow_out`: no box of this sandbox server is open to all of them."
        )
    return permit.hosts


def _none(named: Any, permit: Permit) -> tuple[str, ...]:
    """A box without network; whoever names hosts where none is allowed is told so."""
    if isinstance(named, list) and (refused := beyond(map(str, named), permit.hosts)):
        raise Refusal(403, f"The plan allows no network to {', '.join(refused)}.")
    return ()


def _texts(value: Any, name: str) -> dict[str, str]:
    """Read a mapping of texts, none of them endless and no name of a variable that is none."""
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise Refusal(400, f"`{name}` is an object whose values are texts.")
    size = sum(len(key) + len(text) for key, text in value.items())
    if len(value) > MOST_MEMBERS or size > MOST_CHARACTERS:
        raise Refusal(400, f"`{name}` holds up to {MOST_MEMBERS} members and {MOST_CHARACTERS} characters.")
    if any("\0" in key or "=" in key or not key or "\0" in text for key, text in value.items()):
        raise Refusal(400, f"`{name}` holds a name or text that cannot be used.")
    return value
