"""How Render's deploy statuses read in the contract's phases; pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from deployments.targets.contract import Phase, Status

PHASES = {
    "created": Phase.QUEUED,
    "queued": Phase.QUEUED,
    "build_in_progress": Phase.BUILDING,
    "pre_deploy_in_progress": Phase.BUILDING,
    "update_in_progress": Phase.RELEASING,
    "live": Phase.LIVE,
    "deactivated": Phase.SUPERSEDED,
    "build_failed": Phase.FAILED,
    "pre_deploy_failed": Phase.FAILED,
    "update_failed": Phase.FAILED,
    "canceled": Phase.CANCELED,
}
OTHER = Phase.BUILDING  # a status we do not know ends nothing; whoever waits has a deadline
DETAILS = {
    "build_failed": "the build failed; its log says why",
    "pre_deploy_failed": "the pre-deploy command failed; the log says why",
    "update_failed": "it was built but did not become healthy; check the start command, PORT and the health path",
    "deactivated": "a newer deploy took over",
    "canceled": "it was canceled at Render",
}
FINAL = frozenset({Phase.LIVE, Phase.FAILED, Phase.CANCELED, Phase.SUPERSEDED})
ASK_AGAIN_S = {Phase.QUEUED: 5.0, Phase.BUILDING: 5.0, Phase.RELEASING: 3.0}
ASK_FINAL_S = 60.0


def phase_of(status: str) -> Phase:
    """Return the phase of a deploy status; an unknown one is still under way."""
    return PHASES.get(status, OTHER)


def status_of(
    deploy: Mapping[str, Any],
    *,
    url: str = "",
    suspended: bool = False,
    newer: Iterable[Mapping[str, Any]] = (),
) -> Status:
    """Return how a deploy stands; `newer` are the deploys created after it (asked for where it was canceled)."""
    word = str(deploy.get("status", ""))
    phase, detail = phase_of(word), DETAILS.get(word, "")
    if word not in PHASES:
        detail = f"Render calls its state {word or 'nothing'}"
    if word == "canceled" and any(_took_over(deploy, other) for other in newer):
        phase, detail = Phase.SUPERSEDED, "a newer deploy took over before it was up"
    if phase is Phase.LIVE and suspended:
        phase, detail = Phase.SUSPENDED, "the service is suspended"
    return Status(
        phase,
        detail,
        url=url,
        traffic_percent=100 if phase is Phase.LIVE else 0,
        build_s=_lasted_s(deploy) if phase in FINAL else None,
        retry_after_s=ASK_AGAIN_S.get(phase, ASK_FINAL_S),
    )


def moment(text: object) -> float | None:
    """Read one of Render's times as seconds since the epoch."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return None


def _took_over(canceled: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether `other` was there before the canceled one ended."""
    begun, ended = (
        moment(other.get("createdAt")),
        moment(canceled.get("finishedAt") or canceled.get("updatedAt")),
    )
    return begun is not None and ended is not None and begun <= ended + 1.0


def _lasted_s(deploy: Mapping[str, Any]) -> float | None:
    begun = moment(deploy.get("startedAt") or deploy.get("createdAt"))
    ended = moment(deploy.get("finishedAt"))
    return None if begun is None or ended is None else max(0.0, ended - begun)
