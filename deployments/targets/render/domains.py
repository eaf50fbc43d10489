"""Host names of a service: added, verified and removed until they are the wanted ones."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from deployments.targets.contract import Domain
from deployments.targets.errors import TargetLost, TargetRefused
from deployments.targets.render.client import RenderClient
from deployments.targets.render.failures import Conflict, Unanswered
from deployments.targets.render.services import Service

PUBLIC = frozenset({"static_site", "web_service"})
APEX_ADDRESS = (
    "216.24.57.1"  # Render's load balancer, for name servers without ALIAS records (its manual, 2026)
)


def named_so(client: RenderClient, service: Service, names: tuple[str, ...]) -> tuple[Domain, ...]:
    """Make these the host names of a service; every unverified one is verified again. Adds before it removes."""
    if names and service.get("type") not in PUBLIC:
        raise TargetRefused("only web services and static sites have host names at Render")
    there = _there(client, service)
    for name in names:
        if name not in there:
            _add(client, service, name)
    for name, row in _there(client, service).items():
        if name not in names and row.get("redirectForName") not in names:
            _remove(client, service, name)
        elif row.get("verificationStatus") != "verified":
            client.change("POST", f"{_path(service)}/{name}/verify")
    rows = _there(client, service)
    return tuple(_domain(rows[name], service) for name in names if name in rows)


def public_url(service: Mapping[str, Any]) -> str:
    """Return the address of a service, "" where it has none that the world can reach."""
    url = str((service.get("serviceDetails") or {}).get("url", ""))
    return url if service.get("type") in PUBLIC else ""


def _domain(row: Mapping[str, Any], service: Service) -> Domain:
    name, host = str(row["name"]), urlsplit(public_url(service)).hostname or ""
    record = (
        f"{name} ALIAS {host} (or A {APEX_ADDRESS})"
        if row.get("domainType") == "apex"
        else f"{name} CNAME {host}"
    )
    return Domain(name, verified=row.get("verificationStatus") == "verified", record=record)


def _path(service: Service) -> str:
    return f"/services/{service['id']}/custom-domains"


def _there(client: RenderClient, service: Service) -> dict[str, dict[str, Any]]:
    if service.get("type") not in PUBLIC:
        return {}
    return {str(row["name"]): row for row in client.pages(_path(service), "customDomain")}


def _add(client: RenderClient, service: Service, name: str) -> None:
    def already() -> Any:
        return _there(client, service).get(name)

    try:
        client.change("POST", _path(service), {"name": name}, already=already)
    except (Unanswered, Conflict):
        if already() is None:
            raise


def _remove(client: RenderClient, service: Service, name: str) -> None:
    try:
        client.change("DELETE", f"{_path(service)}/{name}")
    except TargetLost:
        return
    except Unanswered:
        if name in _there(client, service):
            raise
