"""Bring a site that was accepted online, through the workbench; say what came of it first, how to go back last."""

from collections.abc import Mapping
from typing import Any

from agents.contract import Evidence, Freight, Handover, Result, Shipment, Shipping, Task, Workbench
from agents.verifiers import weights
from agents.verifiers.finding import finding
from agents.verifiers.recipe import no_secret


def go_online(task: Task, handed: Handover, bench: Workbench, shipping: Shipping) -> Result:
    """Release and deploy the site of a handover; raises NotYet while people or machines are at it.

    A review that did not accept it, or a secret in its files, ends it before anything is released.
    """
    files = {name: str(text) for name, text in dict(handed.data["files"]).items()}
    site: Mapping[str, Any] = handed.data["site"]
    before = (
        _accepted(task),
        no_secret(
            "\n".join(
                text for name, text in files.items() if name.endswith((".py", ".mjs", ".json", ".html"))
            )
        ),
    )
    fault = next((f"{one.check}: no. {one.detail}".strip() for one in before if not one.passed), "")
    if fault:
        return _not_sent(fault, before)
    freight = Freight(site["title"], site["description"], files, site["recipe"], _evidence_of(task))
    shipment = bench.ship(freight, shipping)
    return _told(shipment, shipping, before)


def _accepted(task: Task) -> Evidence:
    """Whether the last review accepted it; what nobody reviewed is not sent out."""
    verdicts = [one.data for one in task.handovers if one.data.get("verdict")]
    last = verdicts[-1] if verdicts else {}
    detail = "" if last.get("verdict") == "accepted" else str(last.get("fault") or "nobody reviewed it")
    return finding("the review accepted it", passed=not detail, weight=weights.PARTS_SUCCEEDED, detail=detail)


def _evidence_of(task: Task) -> tuple[Evidence, ...]:
    """Return what the review's checks showed: they are kept with the release."""
    reviewed = [one for one in task.handovers if one.data.get("verdict")]
    return reviewed[-1].evidence if reviewed else ()


def _not_sent(fault: str, checks: tuple[Evidence, ...]) -> Result:
    said = f"**Not released**: {fault}"
    return Result(False, said, {"shipment": None, "notes": [said]}, checks, error=fault)


def _told(shipment: Shipment, shipping: Shipping, before: tuple[Evidence, ...]) -> Result:
    data = {"shipment": vars(shipment) | {"target": shipping.target, "environment": shipping.environment}}
    where = f"{shipping.environment} on {shipping.target}"
    if shipment.refused:
        said = f"**Not released**: {shipment.reason} Release {shipment.release} of `{shipment.project}` is kept; it can be deployed later."
        return Result(True, said, data | {"notes": [said]}, before)
    online = finding(
        "it answers at its address",
        passed=shipment.live,
        weight=weights.ONLINE,
        detail=shipment.health if shipment.live else shipment.reason,
    )
    if not shipment.live:
        said = f"**Not online**: {shipment.reason}"
        return Result(False, said, data | {"notes": [said]}, (*before, online), error=shipment.reason)
    said = f"Online at {shipment.url} ({where}, release {shipment.release}, {shipment.took_s:.1f} s, {shipment.health})."
    rows = [
        f"**{said}**",
        "",
        f"- project `{shipment.project}` ({shipment.project_id})",
        f"- release {shipment.release}, checksum `{shipment.checksum}`",
        f"- deployment {shipment.deployment_id}",
        *([f"- approved by {shipment.approved_by}"] if shipment.approved_by else []),
        f"- back to the release before: `manage.py deployments rollback {shipment.project}`",
    ]
    return Result(True, "\n".join(rows), data | {"notes": [said]}, (*before, online), "monitoring")
