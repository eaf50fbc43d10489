"""The targets there are, by name. A target is a file and a line here."""

from collections.abc import Callable
from functools import cache

from django.conf import settings

from deployments.targets.container.target import ContainerTarget
from deployments.targets.contract import DeployTarget
from deployments.targets.local import LocalTarget
from deployments.targets.render.target import RenderTarget
from tenants import vault

RENDER_SECRET = "target/render"  # noqa: S105  the name under which a tenant stores a key of its own


@cache
def local() -> DeployTarget:
    """Return the host of this machine."""
    return LocalTarget(settings.ENVIRONMENT.hosting_url)


@cache
def render() -> DeployTarget:
    """Return Render, with a tenant's own key before the operator's."""
    return RenderTarget(render_key, base_url=settings.ENVIRONMENT.render_base_url)


def render_key(tenant_id: str) -> str:
    """Return the key of the tenant in whose scope this runs; "" where neither it nor the operator has one."""
    del tenant_id  # the scope says whose it is: another tenant's cannot be read
    own = vault.read(RENDER_SECRET)
    return own.decode() if own else settings.ENVIRONMENT.render_api_key


TARGETS: dict[str, Callable[[], DeployTarget]] = {
    "local": local,
    "render": render,
    "container": ContainerTarget,
}
