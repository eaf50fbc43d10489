"""Specs and helpers for the tests of the target `render`."""

from dataclasses import dataclass, replace

from deployments.targets.contract import Kind, Phase, Place, Recipe, Spec
from deployments.targets.errors import TargetBusy, TargetUnavailable

REPO = "https://github.com/example/site"
GIT = {"git": REPO, "branch": "main"}
PLACE = Place("tenant-1", "service-1", "miosa-acme-site-1a2b3c")
NATIVE = {"runtime": "python", "build": "pip install -r requirements.txt", "start": "gunicorn app:app"}

RECIPES = {
    "static_site": Recipe(Kind.STATIC, build="make", publish="public", source=GIT),
    "web_service": Recipe(Kind.WEB, **NATIVE, health_path="/health", source=GIT),
    "private_service": Recipe(Kind.PRIVATE, **NATIVE, source=GIT),
    "background_worker": Recipe(Kind.WORKER, **NATIVE, source=GIT),
    "cron_job": Recipe(Kind.CRON, **NATIVE, schedule="*/5 * * * *", source=GIT),
}
IMAGE = Recipe(Kind.WEB, runtime="process", source={"image": "docker.io/library/nginx:1.27"})


@dataclass(frozen=True)
class Nothing:
    """A bundle without files: Render reads git."""

    checksum: str = "0" * 64
    size_bytes: int = 0

    def paths(self):
        return {}

    def read(self, path):
        raise KeyError(path)

    def tar(self):
        yield b""


def spec(recipe=RECIPES["web_service"], place=PLACE, commit="", **variables):
    if commit:
        recipe = replace(recipe, source={**recipe.source, "commit": commit})
    return Spec(place, recipe, Nothing(), variables, release="1")


def ends(render, target, ref, *, turns=40):
    """Let time pass until a deployment has ended, and return its status."""
    for _ in range(turns):
        status = target.status(ref)
        if status.phase not in {Phase.QUEUED, Phase.BUILDING, Phase.RELEASING}:
            return status
        render.clock.advance(max(status.retry_after_s, 1.0))
    return target.status(ref)


def insist(render, call, *, turns=12):
    """Call as the lifecycle does: again after a while, as long as the target says that it makes sense."""
    for _ in range(turns):
        try:
            return call()
        except (TargetBusy, TargetUnavailable) as error:
            render.clock.advance(error.retry_after_s or 5.0)
    return call()


def services(render):
    return list(render.world.services.values())


def deploys(render, *, trigger="api"):
    """The deploys that the API made, over all services; those of a service's creation are called `other`."""
    return [one for service in services(render) for one in service.deploys if one.trigger == trigger]
