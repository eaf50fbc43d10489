"""A box as the control plane shows it: the members that the SDK's models read."""

from datetime import datetime
from typing import Any

from deployments.sandboxes.permit import MIB
from deployments.sandboxes.server.rooms import Room

ENVD_VERSION = "0.6.4"  # what the SDK asks a box's data plane for: every operation it knows
CLIENT = "miosa"
RUNNING = "running"


def created(room: Room) -> dict[str, Any]:
    """What create and connect answer: with the tokens."""
    return {
        "sandboxID": room.sandbox_id,
        "templateID": room.wanted.template,
        "clientID": CLIENT,
        "envdVersion": ENVD_VERSION,
        "envdAccessToken": room.token,
        "trafficAccessToken": room.traffic_token,
        "domain": None,
    }


def listed(room: Room) -> dict[str, Any]:
    """One item of a list."""
    return {
        "sandboxID": room.sandbox_id,
        "templateID": room.wanted.template,
        "alias": room.wanted.template,
        "clientID": CLIENT,
        "startedAt": moment(room.started_at),
        "endAt": moment(room.ends_at),
        "cpuCount": cores(room),
        "memoryMB": room.permit.memory_bytes // MIB,
        "diskSizeMB": room.permit.disk_bytes // MIB,
        "state": RUNNING,
        "envdVersion": ENVD_VERSION,
        "metadata": dict(room.wanted.metadata),
    }


def detailed(room: Room) -> dict[str, Any]:
    """One box by itself."""
    return {
        **listed(room),
        "envdAccessToken": room.token,
        "domain": None,
        "allowInternetAccess": room.wanted.internet,
        "network": {"allowOut": list(room.wanted.hosts)},
        "lifecycle": {"autoResume": False, "onTimeout": "kill"},
    }


def cores(room: Room) -> int:
    """Whole processors, as this wire counts them."""
    return max(1, round(room.permit.processors))


def moment(at: datetime) -> str:
    """A moment in the wire's form."""
    return at.isoformat().replace("+00:00", "Z")
