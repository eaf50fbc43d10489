"""Owners, services, their variables and switches."""

from typing import Any

from miosa.testing.render_double.details import changed
from miosa.testing.render_double.messages import Answer, Asked, Refusal, page
from miosa.testing.render_double.things import Service
from miosa.testing.render_double.world import World

NEVER_CHANGES = frozenset({"serviceDetails"})


def list_owners(world: World, asked: Asked) -> Answer:
    return page(asked, owners_of(world, asked), "owner")


def owners_of(world: World, asked: Asked) -> list[dict[str, Any]]:
    """Return the workspaces that the key of a request sees. Raises Refusal(401)."""
    key = asked.headers.get("authorization", "").removeprefix("Bearer ")
    if key not in world.keys:
        raise Refusal(401, "unauthorized")
    return world.keys[key]


def visible(world: World, asked: Asked, service_id: str) -> Service:
    """Return a service that the key of a request may see."""
    service = world.service(service_id)
    if service.owner_id not in {owner["id"] for owner in owners_of(world, asked)}:
        raise Refusal(404, f"not found: {service_id}")
    return service


def list_services(world: World, asked: Asked) -> Answer:
    """The filter by name also finds longer names that hold it; newest first."""
    seen = {owner["id"] for owner in owners_of(world, asked)}
    wanted_owners = set(asked.several("ownerId")) or seen
    names = asked.several("name")
    rows = []
    for service in reversed(world.services.values()):
        world.catch_up(service)
        is_named = not names or any(name in service.name for name in names)
        if is_named and service.owner_id in seen & wanted_owners and world.shows(service.shows_at):
            rows.append(service.answer())
    return page(asked, rows, "service")


def create_service(world: World, asked: Asked) -> Answer:
    body = asked.json()
    if body.get("ownerId") not in {owner["id"] for owner in owners_of(world, asked)}:
        raise Refusal(400, "invalid ownerID")
    if not body.get("repo") and not body.get("image"):
        raise Refusal(400, "a repo or an image is needed")
    service, deploy = world.create(body)
    return Answer(201, {"service": service.answer(), "deployId": deploy.id})


def read_service(world: World, asked: Asked, service_id: str) -> Answer:
    return Answer(200, visible(world, asked, service_id).answer())


def change_service(world: World, asked: Asked, service_id: str) -> Answer:
    service, body = visible(world, asked, service_id), asked.json()
    service.details = changed(service.type, service.details, body.get("serviceDetails") or {})
    service.asked |= {name: value for name, value in body.items() if name not in NEVER_CHANGES}
    service.updated = world.clock.now()
    return Answer(200, service.answer())


def delete_service(world: World, asked: Asked, service_id: str) -> Answer:
    del world.services[visible(world, asked, service_id).id]
    return Answer(204)


def suspend(world: World, asked: Asked, service_id: str) -> Answer:
    return _switch(world, visible(world, asked, service_id), suspended=True)


def resume(world: World, asked: Asked, service_id: str) -> Answer:
    """Render deploys a service again when it is resumed."""
    service = visible(world, asked, service_id)
    answer = _switch(world, service, suspended=False)
    world.start(service, trigger="service_resumed", builds=False)
    return answer


def _switch(world: World, service: Service, *, suspended: bool) -> Answer:
    if service.suspended == suspended:
        raise Refusal(400, f"the service is {'already' if suspended else 'not'} suspended")
    service.suspended = suspended
    world.tell(service, "service_suspended" if suspended else "service_resumed", {})
    return Answer(202)


def list_variables(world: World, asked: Asked, service_id: str) -> Answer:
    return page(asked, _variables(visible(world, asked, service_id)), "envVar", key="key")


def replace_variables(world: World, asked: Asked, service_id: str) -> Answer:
    service = visible(world, asked, service_id)
    service.variables = {row["key"]: row.get("value", "made") for row in asked.json()}
    return Answer(200, [{"envVar": row, "cursor": row["key"]} for row in _variables(service)])


def write_variable(world: World, asked: Asked, service_id: str, key: str) -> Answer:
    service = visible(world, asked, service_id)
    service.variables[key] = asked.json().get("value", "made")
    return Answer(200, {"key": key, "value": service.variables[key]})


def _variables(service: Service) -> list[dict[str, Any]]:
    return [{"key": key, "value": value} for key, value in sorted(service.variables.items())]
