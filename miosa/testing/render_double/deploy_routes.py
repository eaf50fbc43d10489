"""Deploys: listed, triggered, read, canceled, rolled back."""

from miosa.testing.double_clock import written
from miosa.testing.render_double.messages import Answer, Asked, Refusal, page
from miosa.testing.render_double.service_routes import visible
from miosa.testing.render_double.things import FINAL
from miosa.testing.render_double.world import World


def list_deploys(world: World, asked: Asked, service_id: str) -> Answer:
    service = visible(world, asked, service_id)
    after, before = asked.one("createdAfter"), asked.one("createdBefore", "9")
    rows = [
        deploy.answer()
        for deploy in reversed(service.deploys)
        if not deploy.waits and world.shows(deploy.shows_at) and after < written(deploy.created) < before
    ]
    return page(asked, rows, "deploy")


def trigger_deploy(world: World, asked: Asked, service_id: str, *, queued: bool = False) -> Answer:
    service, body = visible(world, asked, service_id), asked.json()
    if service.suspended:
        raise Refusal(400, "the service is suspended")
    image = service.asked.get("image", {}).get("imagePath", "")
    wanted = body.get("imageUrl", image)
    if wanted.split(":")[0].split("@")[0] != image.split(":")[0].split("@")[0]:
        raise Refusal(400, "the image must be of the configured repository")
    deploy = world.start(service, trigger="api", commit=body.get("commitId", ""), image=wanted, queued=queued)
    return Answer(202) if deploy.waits else Answer(201, deploy.answer())


def read_deploy(world: World, asked: Asked, service_id: str, deploy_id: str) -> Answer:
    visible(world, asked, service_id)
    return Answer(200, world.deploy(service_id, deploy_id).answer())


def cancel_deploy(world: World, asked: Asked, service_id: str, deploy_id: str) -> Answer:
    service = visible(world, asked, service_id)
    deploy = world.deploy(service_id, deploy_id)
    if deploy.status in FINAL:
        raise Refusal(400, f"the deploy is {deploy.status} already")
    now = world.clock.now()
    deploy.status, deploy.finished, deploy.updated = "canceled", now, now
    world.tell(service, "deploy_ended", {"deployId": deploy.id, "reason": {}, "deployStatus": "canceled"})
    return Answer(200, deploy.answer())


def roll_back(world: World, asked: Asked, service_id: str) -> Answer:
    service = visible(world, asked, service_id)
    target = world.deploy(service_id, asked.json()["deployId"])
    if target.status not in {"live", "deactivated"}:
        raise Refusal(400, "that deploy never was live")
    if target.stuck:
        raise Refusal(400, "the build of that deploy is no longer kept")
    deploy = world.start(service, trigger="rollback", commit=target.commit, image=target.image, builds=False)
    return Answer(201, deploy.answer())
