"""Services at Render: found by id or name, created once, and never two for one place."""

import logging
from collections.abc import Mapping
from typing import Any

from deployments.targets.contract import Place
from deployments.targets.errors import TargetLost, TargetRefused
from deployments.targets.render.bodies import service_body
from deployments.targets.render.client import RenderClient
from deployments.targets.render.failures import Unanswered
from deployments.targets.render.intents import Memory, memory_of
from deployments.targets.render.wanted import Wanted

log = logging.getLogger(__name__)

Service = dict[str, Any]


def named(client: RenderClient, place: Place) -> list[Service]:
    """Return the services of exactly this name, oldest first; Render's filter also finds longer names."""
    params = {"name": place.name} | ({"ownerId": _owner(place)} if _owner(place) else {})
    found = [row for row in client.pages("/services", "service", params) if row.get("name") == place.name]
    return sorted(found, key=_age)


def ours(client: RenderClient, place: Place) -> list[Service]:
    """Return the services that were made for a place, oldest first: usually one, two after a race.

    Raises TargetRefused where only somebody else's service has the name.
    """
    found = named(client, place)
    made = [service for service in found if _is_ours(client, service, place)]
    if found and not made:
        raise TargetRefused(
            f"Render has a service {place.name} that MIOSA did not make: rename or remove it there first"
        )
    return made


def service_of(client: RenderClient, place: Place) -> Service | None:
    """Return the service of a place, None where there is none: by its id, else by its name."""
    if place.external_id:
        try:
            return client.get(f"/services/{place.external_id}")
        except TargetLost:
            log.info("Service %s is gone at Render; looking for %s", place.external_id, place.name)
    return next(iter(ours(client, place)), None)


def known(client: RenderClient, place: Place) -> Service:
    """Return the service of a place. Raises TargetLost where it is not there (any more)."""
    found = service_of(client, place)
    if found is None:
        raise TargetLost(f"there is no service {place.name} at Render")
    return found


def created(
    client: RenderClient, place: Place, wanted: Wanted, variables: Mapping[str, str], *, settle_s: float
) -> tuple[Service, str]:
    """Create a service after a look-up, and return it with the id of its first deploy ("" where it was found).

    A lost answer is looked up, as long as what it made may still show, so that it is adopted.
    """
    body = service_body(wanted, owner_id=owner_of(client, place), variables=variables)

    def look() -> Mapping[str, Any] | None:
        made = ours(client, place)
        return {"service": made[0]} if made else None

    try:
        answer = client.change("POST", "/services", body, already=look)
    except (Unanswered, TargetRefused) as error:
        # A name that is taken is refused, and may have been taken by our own earlier try.
        answer = client.look_for(look, patience_s=settle_s if isinstance(error, Unanswered) else 0.0)
        if answer is None:
            raise
    service = dict((answer or {}).get("service") or {})
    if not service.get("id"):
        raise Unanswered(f"Render created {place.name} but does not say what; the next try looks for it")
    return service, str((answer or {}).get("deployId", ""))


def alone(client: RenderClient, place: Place, service: Service) -> Service:
    """Return the service that stays of those made for a place: the one we know, else the oldest. Others go.

    Only what remembers that it was made for this very place is removed.
    """
    keep = service["id"]
    found = [other for other in named(client, place) if other["id"] != keep]
    if not found:
        return service
    rivals = [other for other in found if _is_ours(client, other, place)]
    oldest = min([service, *rivals], key=_age)
    stays = service if place.external_id == keep else oldest
    for other in [service, *rivals]:
        if other["id"] != stays["id"]:
            log.warning("Two services %s at Render: %s stays, %s goes", place.name, stays["id"], other["id"])
            removed(client, str(other["id"]))
    return stays


def variables_there(client: RenderClient, service_id: str) -> dict[str, str]:
    """Return the variables of a service, what we remember in them included."""
    rows = client.pages(f"/services/{service_id}/env-vars", "envVar")
    return {str(row["key"]): str(row.get("value", "")) for row in rows}


def owner_of(client: RenderClient, place: Place) -> str:
    """Return the workspace a service is made in: the place's `owner` setting, else the key's only one."""
    if _owner(place):
        return _owner(place)
    owners = [(str(row["id"]), str(row.get("name", ""))) for row in client.pages("/owners", "owner")]
    if len(owners) != 1:
        seen = ", ".join(f"{name} ({id_})" for id_, name in owners) or "none"
        raise TargetRefused(
            f"this Render key sees {len(owners)} workspaces ({seen}): name one in the setting `owner`"
        )
    return owners[0][0]


def _owner(place: Place) -> str:
    return str(place.settings.get("owner", ""))


def _age(service: Service) -> tuple[str, str]:
    return str(service.get("createdAt", "")), str(service.get("id", ""))


def _is_ours(client: RenderClient, service: Service, place: Place) -> bool:
    memory: Memory | None = memory_of(variables_there(client, str(service["id"])))
    return memory is not None and memory.service == place.service_id


def all_removed(client: RenderClient, place: Place) -> None:
    """Delete the service of a place, known by its id or found by its name; others of the name only if ours."""
    if place.external_id:
        removed(client, place.external_id)
    for service in named(client, place):
        if _is_ours(client, service, place):
            removed(client, str(service["id"]))


def switched(client: RenderClient, service_id: str, action: str, wanted: str) -> None:
    """Suspend or resume a service until it says that it is so."""
    try:
        client.change("POST", f"/services/{service_id}/{action}")
    except (Unanswered, TargetRefused):
        if client.get(f"/services/{service_id}").get("suspended") != wanted:
            raise


def removed(client: RenderClient, service_id: str) -> None:
    """Delete a service; one that is gone already is gone. Raises Unanswered where it is still there."""
    try:
        client.change("DELETE", f"/services/{service_id}")
    except TargetLost:
        return
    except Unanswered:
        try:
            client.get(f"/services/{service_id}")
        except TargetLost:
            return
        raise
