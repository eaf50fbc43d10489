"""Which releases, builds and deployments of a site are removed: those it can no longer go back to."""

import asyncio
from pathlib import Path

from deployments.hosting.host import Host
from deployments.hosting.records import OPEN
from deployments.hosting.site import Site

MOST_RECORDS = 200  # deployments of a site that are remembered


async def make_room(host: Host, site: Site, needed_bytes: int) -> None:
    """Remove what is not kept, then older kept ones, until a new release fits or only the necessary is left."""
    kept = site.kept()
    await sweep(host, site, kept)
    necessary = {site.current, site.record.previous, site.record.candidate}
    while kept and kept[-1] not in necessary:
        if await asyncio.to_thread(site.folder.size_bytes) + needed_bytes <= site.limits.disk_bytes:
            return
        kept = kept[:-1]
        await sweep(host, site, kept)


async def sweep(host: Host, site: Site, kept: list[str]) -> None:
    """Remove the files of all deployments but these, and the oldest records."""
    going = _unneeded(site, kept)
    ended = [one for one in site.deployed.values() if one.id not in kept and one.phase not in OPEN]
    ended.sort(key=lambda one: one.made_at)
    for one in ended[: max(0, len(site.deployed) - MOST_RECORDS)]:
        del site.deployed[one.id]
        going.append(site.folder.deployment(one.id))
    site.forget(one.id for one in ended)
    for path in going:
        host.files.forget_below(str(path))
        await asyncio.to_thread(site.folder.remove, path)


def _unneeded(site: Site, kept: list[str]) -> list[Path]:
    staying = [site.deployed[one] for one in kept]
    needed = {site.folder.files_of(one) for one in staying}
    needed |= {site.folder.release(one.checksum) for one in staying}
    needed |= {site.folder.release(one.checksum) for one in site.deployed.values() if one.phase in OPEN}
    places = (site.folder.path / name for name in ("releases", "builds"))
    return [path for place in places for path in place.iterdir() if path not in needed]
