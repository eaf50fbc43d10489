"""Traffic goes from one deployment to another: all of it in one switch, or a share of it first."""

import asyncio
import contextlib

from deployments.hosting.apps.app import AppDown
from deployments.hosting.errors import Refused
from deployments.hosting.host import Host
from deployments.hosting.records import BUILDING, CANCELED, LIVE, RELEASING, SUPERSEDED
from deployments.hosting.running import app_of, variables_of
from deployments.hosting.site import WHOLE, Site

WAKE_S = 30.0


async def promote(host: Host, site: Site, deployment_id: str, percent: int) -> None:
    """Give a deployment that is up a share of the traffic; 100 makes it the one that serves, 0 takes it from the net.

    Raises Refused, Lost.
    """
    async with site.lock:
        one = site.deployment(deployment_id)
        if deployment_id == site.current:
            if percent <= 0:
                await _take_down(site)
            return
        if one.phase != RELEASING:
            why = "is still being built" if one.phase == BUILDING else f"is {one.phase}"
            raise Refused(f"Deployment {deployment_id} {why}: only one that is up gets traffic.")
        if percent >= WHOLE or not site.current:
            if percent > 0:
                await switch(host, site, deployment_id)
            return
        site.change(candidate=deployment_id, percent=max(percent, 0))
        site.say(deployment_id, f"It gets {max(percent, 0)} % of the traffic.")


async def switch(host: Host, site: Site, deployment_id: str) -> None:
    """Make it the one that serves: one rename on the disk, one assignment here. The lock is held."""
    one, before = site.deployment(deployment_id), site.current
    if not one.recipe.is_static:
        await _awake(host, site, deployment_id)
    site.folder.switch(deployment_id)
    site.current = deployment_id
    site.put(one.into(LIVE, "It serves."))
    site.change(candidate="", percent=0, previous=before, suspended=False)
    site.say(deployment_id, "It is live.")
    if before:
        site.put(site.deployment(before).into(SUPERSEDED, "A newer deployment took its place."))
        site.say(before, "Another deployment is live now.")


async def _take_down(site: Site) -> None:
    """Serve nothing: what served was no good, and there is nothing else. The lock is held."""
    one = site.deployment(site.current)
    site.folder.switch_off()
    site.current = ""
    site.put(one.into(CANCELED, "It was taken from the net."))
    site.say(one.id, "It was taken from the net.")
    if app := site.apps.pop(one.id, None):
        await app.close()


async def _awake(host: Host, site: Site, deployment_id: str) -> None:
    """Traffic comes to an app that runs already, also where it fell asleep as a candidate."""
    try:
        async with asyncio.timeout(WAKE_S):
            await app_of(host, site, site.deployment(deployment_id)).up()
    except (AppDown, TimeoutError) as error:
        raise Refused(f"It does not run any more: {error or 'it does not start'}") from error


async def adopt(host: Host, site: Site, earlier_id: str, deployment_id: str) -> None:
    """Let a new deployment take over the running box of an equal earlier one: going back costs no start."""
    earlier, new = site.deployed.get(earlier_id), site.deployed.get(deployment_id)
    app = site.apps.get(earlier_id)
    if not (earlier and new and app and app.is_open) or earlier_id == site.current:
        return
    same = (earlier.checksum, earlier.recipe) == (new.checksum, new.recipe) and app.plan.limits == site.limits
    if same and variables_of(host, site, earlier) == variables_of(host, site, new):
        site.apps[deployment_id] = site.apps.pop(earlier_id)
        site.apps[deployment_id].heard_by(lambda text, stream: site.say(deployment_id, text, stream))


async def suspend(site: Site) -> None:
    """Stop serving; nothing is lost."""
    async with site.lock:
        site.change(suspended=True)
        for app in list(site.apps.values()):
            await app.sleep()


async def resume(site: Site) -> None:
    """Serve again; an app starts with the next request."""
    async with site.lock:
        site.change(suspended=False)
        if app := site.apps.pop(site.current, None):
            await app.close()


async def destroy(host: Host, site: Site) -> None:
    """Remove it with everything that belongs to it."""
    async with site.lock:
        host.leave(site)
        for task in [*site.building.values()]:
            task.cancel()
        site.building.clear()
        for app in list(site.apps.values()):
            with contextlib.suppress(OSError):
                await app.close()
        host.files.forget_below(str(site.folder.path))
        await asyncio.to_thread(site.folder.destroy)
