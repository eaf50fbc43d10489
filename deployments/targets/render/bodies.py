"""Request bodies for what is wanted: a whole service, the difference to what is there, a deploy; pure."""

from collections.abc import Mapping
from typing import Any

from deployments.targets.contract import Kind, Step
from deployments.targets.errors import TargetRefused
from deployments.targets.render.wanted import Wanted


def service_body(wanted: Wanted, *, owner_id: str, variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the body that creates a service; MIOSA alone deploys it, so pushes do not."""
    details = dict(wanted.details)
    if wanted.region:
        details["region"] = wanted.region
    return {
        "type": wanted.type,
        "name": wanted.name,
        "ownerId": owner_id,
        "autoDeploy": "no",
        **_source(wanted, owner_id=owner_id),
        "envVars": variables_body(variables),
        "serviceDetails": details,
    }


def variables_body(variables: Mapping[str, str]) -> list[dict[str, str]]:
    """Return variables as Render lists them."""
    return [{"key": key, "value": value} for key, value in variables.items()]


def deploy_body(wanted: Wanted) -> dict[str, str]:
    """Return the body that triggers a deploy."""
    if wanted.image:
        return {"imageUrl": wanted.image}
    return {"commitId": wanted.asked_for} if wanted.asked_for else {}


def changes(service: Mapping[str, Any], wanted: Wanted) -> dict[str, Any]:
    """Return the body that makes a service what is wanted; empty where it is that already.

    Raises TargetRefused for what cannot be changed at Render.
    """
    _check_unchangeable(service, wanted)
    source = _source(wanted, owner_id=str(service.get("ownerId", "")))
    body = {member: value for member, value in source.items() if not _is_same_source(service, member, value)}
    if service.get("autoDeploy") != "no":
        body["autoDeploy"] = "no"
    details = _different(service.get("serviceDetails") or {}, wanted.details)
    return body | ({"serviceDetails": details} if details else {})


def steps(service: Mapping[str, Any] | None, wanted: Wanted) -> tuple[Step, ...]:
    """Return in words what a deployment would do."""
    made_of = wanted.asked_for or wanted.branch or "the default branch"
    deploy = Step("create", "deploy", f"of {made_of}")
    if service is None:
        detail = f"{wanted.type} from {wanted.image or wanted.repo}" + (
            f" in {wanted.region}" if wanted.region else ""
        )
        return (Step("create", f"service {wanted.name}", detail), Step("create", "variables"), deploy)
    different = changes(service, wanted)
    details = different.pop("serviceDetails", {})
    effect = Step("change", f"service {wanted.name}", ", ".join(sorted({*different, *details})))
    kept = Step("keep", f"service {wanted.name}", f"{wanted.type} {service.get('id', '')}")
    return (effect if different or details else kept, Step("change", "variables"), deploy)


def _source(wanted: Wanted, *, owner_id: str) -> dict[str, Any]:
    if wanted.image:
        credential = (
            {"registryCredentialId": wanted.registry_credential} if wanted.registry_credential else {}
        )
        return {"image": {"ownerId": owner_id, "imagePath": wanted.image, **credential}}
    named = {"repo": wanted.repo, "branch": wanted.branch, "rootDir": wanted.folder}
    return {member: value for member, value in named.items() if value}


def _is_same_source(service: Mapping[str, Any], member: str, value: Any) -> bool:
    if member == "image":
        return bool(service.get("imagePath") == value["imagePath"])
    there = str(service.get(member, ""))
    return _plain(there) == _plain(value) if member == "repo" else there == value


def _plain(address: str) -> str:
    return address.rstrip("/").removesuffix(".git").lower()


def _different(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that differ, nested ones whole in what is wanted of them."""
    return {
        member: value
        for member, value in wanted.items()
        if not (
            _different(there.get(member) or {}, value) == {}
            if isinstance(value, Mapping)
            else there.get(member) == value
        )
    }


def _check_unchangeable(service: Mapping[str, Any], wanted: Wanted) -> None:
    if service.get("type") != wanted.type:
        raise TargetRefused(
            f"the service is a {service.get('type')} at Render and its kind cannot be changed: remove it first"
        )
    there = str((service.get("serviceDetails") or {}).get("region", ""))
    if wanted.kind is not Kind.STATIC and wanted.region and there and there != wanted.region:
        raise TargetRefused(
            f"the service runs in {there} and cannot be moved to {wanted.region}: remove it first"
        )
