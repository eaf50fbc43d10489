"""What has to be done again and again: put idle apps to sleep, end what is kept warm too long, count, save."""

import asyncio
import time

from deployments.hosting.host import Host
from deployments.hosting.site import Site

LOOK_S, SAVE_S = 1.0, 5.0


async def keep_up(host: Host) -> None:
    """Do it until the task is canceled."""
    saved_at = time.monotonic()
    while True:
        await asyncio.sleep(min(LOOK_S, host.options.idle_s / 4))
        now = time.monotonic()
        for site in list(host.by_name.values()):
            await _look_after(host, site, now)
        if now - saved_at > SAVE_S:
            saved_at = now
            await asyncio.to_thread(host.usage.save)


async def _look_after(host: Host, site: Site, now: float) -> None:
    for deployment_id, app in list(site.apps.items()):
        count(host, site, now)
        app.stay()
        if app.is_unused and now - app.used_at > host.options.idle_s:
            site.say(deployment_id, "Nobody asked for a while: it sleeps until the next request.")
            await app.sleep()
        elif app.is_unused and now - app.used_at > host.options.warm_s and _is_over(site, deployment_id):
            site.apps.pop(deployment_id, None)
            await app.close()


def _is_over(site: Site, deployment_id: str) -> bool:
    return deployment_id not in {site.current, site.record.candidate}


def count(host: Host, site: Site, now: float) -> None:
    """Count the time a site's boxes were open, and how often they were woken. What is kept warm to go back to is free."""
    key = (site.record.tenant_id, site.record.service_id)
    for deployment_id, app in site.apps.items():
        wakes, app.wakes = app.wakes, 0
        ran_ms = app.metered_ms(now)
        if (ran_ms or wakes) and not _is_over(site, deployment_id):
            memory_mb = app.plan.limits.memory_mb
            host.usage.add(key, running_ms=ran_ms, mb_ms=ran_ms * memory_mb, wakes=wakes)
