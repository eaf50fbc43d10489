"""The apps of a site's deployments: made from what is kept, when somebody needs them."""

from dataclasses import replace

from deployments.hosting.apps.app import App
from deployments.hosting.apps.plan import Plan
from deployments.hosting.host import Host
from deployments.hosting.records import Deployed
from deployments.hosting.sealing import seal, unseal
from deployments.hosting.site import Site


def app_of(host: Host, site: Site, deployed: Deployed) -> App:
    """Return the app of a deployment; it sleeps until it is asked for something."""
    if deployed.id not in site.apps:
        plan = Plan(
            files=site.folder.files_of(deployed),
            start=deployed.recipe.start,
            port=deployed.recipe.port,
            variables=variables_of(host, site, deployed),
            limits=site.limits,
            deadline_s=deployed.recipe.health_deadline_s,
        )
        site.apps[deployed.id] = App(
            plan, say=lambda text, stream: site.say(deployed.id, text, stream), open_box=host.open_box
        )
    return site.apps[deployed.id]


def variables_of(host: Host, site: Site, deployed: Deployed | None = None) -> dict[str, str]:
    """Return the variables of a deployment, or those kept for the site's next one."""
    sealed = deployed.sealed_variables if deployed else site.record.sealed_variables
    return unseal(host.options.secret, sealed, place=_place(site, deployed.id if deployed else ""))


def with_variables(host: Host, site: Site, deployed: Deployed, values: dict[str, str] | None) -> Deployed:
    """Return the deployment with its variables sealed."""
    if not values:
        return deployed
    return replace(
        deployed, sealed_variables=seal(host.options.secret, values, place=_place(site, deployed.id))
    )


def keep_variables(host: Host, site: Site, values: dict[str, str]) -> None:
    """Keep the variables of the site's next deployment."""
    sealed = seal(host.options.secret, values, place=_place(site, "")) if values else ""
    site.change(sealed_variables=sealed)


def _place(site: Site, deployment_id: str) -> str:
    return f"{site.record.tenant_id}/{site.name}/{deployment_id}"
