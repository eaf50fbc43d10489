"""Host names, logs, events and webhooks."""

from datetime import datetime, timedelta
from typing import Any

from miosa.testing.double_clock import written
from miosa.testing.render_double.messages import Answer, Asked, Refusal, page
from miosa.testing.render_double.service_routes import visible
from miosa.testing.render_double.things import Service, Webhook
from miosa.testing.render_double.world import World


def list_domains(world: World, asked: Asked, service_id: str) -> Answer:
    return page(asked, list(visible(world, asked, service_id).domains.values()), "customDomain", key="name")


def add_domain(world: World, asked: Asked, service_id: str) -> Answer:
    """Add a host name; an apex brings its www along, which redirects to it."""
    service, name = visible(world, asked, service_id), asked.json()["name"]
    if any(name in other.domains for other in world.services.values()):
        raise Refusal(409, f"{name} is in use")
    apex = name.count(".") == 1
    names = [(name, "")] + ([(f"www.{name}", name)] if apex else [])
    added = [_domain(world, service, one, redirect) for one, redirect in names]
    return Answer(201, added)


def _domain(world: World, service: Service, name: str, redirect: str) -> dict[str, Any]:
    row = {
        "id": world.id("cdm"),
        "name": name,
        "domainType": "apex" if name.count(".") == 1 else "subdomain",
        "publicSuffix": name.rsplit(".", 1)[1],
        "redirectForName": redirect,
        "verificationStatus": "unverified",
        "createdAt": written(world.clock.now()),
        "server": {"id": service.id, "name": service.name},
    }
    service.domains[name] = row
    return row


def verify_domain(world: World, asked: Asked, service_id: str, name: str) -> Answer:
    row = _known_domain(visible(world, asked, service_id), name)
    if name in world.resolves:
        row["verificationStatus"] = "verified"
    return Answer(202)


def remove_domain(world: World, asked: Asked, service_id: str, name: str) -> Answer:
    service = visible(world, asked, service_id)
    _known_domain(service, name)
    gone = [one for one, row in service.domains.items() if name in {one, row["redirectForName"]}]
    for one in gone:
        del service.domains[one]
    return Answer(204)


def _known_domain(service: Service, name: str) -> dict[str, Any]:
    if name not in service.domains:
        raise Refusal(404, f"not found: {name}")
    return service.domains[name]


def list_logs(world: World, asked: Asked) -> Answer:
    """Lines of the asked resources in the asked time, both ends included."""
    lines = [line for id_ in asked.several("resource") for line in visible(world, asked, id_).lines]
    now = world.clock.now()
    start = _time(asked.one("startTime", written(now - timedelta(hours=1))))
    end = _time(asked.one("endTime", written(now)))
    rows = sorted(
        (line for line in lines if start <= _time(line["timestamp"]) <= end),
        key=lambda line: line["timestamp"],
        reverse=asked.one("direction", "backward") == "backward",
    )
    limit = int(asked.one("limit", "20"))
    chosen = rows[:limit]
    last = chosen[-1]["timestamp"] if chosen else written(start)
    return Answer(
        200,
        {"logs": chosen, "hasMore": len(rows) > limit, "nextStartTime": last, "nextEndTime": written(end)},
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def list_events(world: World, asked: Asked, service_id: str) -> Answer:
    return page(asked, visible(world, asked, service_id).events[::-1], "event")


def read_event(world: World, asked: Asked, event_id: str) -> Answer:
    for service in world.services.values():
        for event in service.events:
            if event["id"] == event_id:
                return Answer(200, event)
    raise Refusal(404, f"not found: {event_id}")


def create_webhook(world: World, asked: Asked) -> Answer:
    body = asked.json()
    hook = Webhook(
        world.id("whk"),
        body["ownerId"],
        body["name"],
        body["url"],
        "whsec_ZG91YmxlLXdlYmhvb2stc2VjcmV0",
        body["enabled"],
        body["eventFilter"],
    )
    world.webhooks[hook.id] = hook
    return Answer(201, hook.answer())


def list_webhooks(world: World, asked: Asked) -> Answer:
    return page(asked, [hook.answer() for hook in world.webhooks.values()], "webhook")


def webhook_events(world: World, asked: Asked, webhook_id: str) -> Answer:
    hook = world.webhooks.get(webhook_id)
    if hook is None:
        raise Refusal(404, f"not found: {webhook_id}")
    return page(asked, hook.sent[::-1], "webhookEvent")
