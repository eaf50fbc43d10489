"""Takes a release and brings it up beside what serves: checked, unpacked, built, started. It gets no traffic yet."""

import asyncio
import contextlib
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from deployments.hosting import archive, retention
from deployments.hosting.apps.app import AppDown
from deployments.hosting.apps.building import BuildFailed, Order, build
from deployments.hosting.errors import Busy, FilesNeeded, HostingError, Refused
from deployments.hosting.going_live import adopt, switch
from deployments.hosting.host import Host
from deployments.hosting.names import CHECKSUM, check_files, check_identity, check_variables
from deployments.hosting.records import (
    BUILDING,
    CANCELED,
    FAILED,
    OPEN,
    RELEASING,
    SUPERSEDED,
    Deployed,
    HowItRuns,
)
from deployments.hosting.running import app_of, variables_of, with_variables
from deployments.hosting.site import Site

KINDS = ("static", "web")
MOST_SITES_OF_A_TENANT = 200
PORTS = range(1024, 65_536)
PROXY_PORT = 3128  # the box's own door to the network


@dataclass(frozen=True, slots=True)
class Wanted:
    """A deployment as it is asked for; `key` is its name, the same in each repetition."""

    tenant_id: str
    service_id: str
    site: str
    key: str
    checksum: str
    recipe: HowItRuns
    files: Mapping[str, int] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    release: str = ""
    automatic: bool = False
    like: str = ""  # the earlier deployment it goes back to


async def deploy(host: Host, wanted: Wanted, sent: IO[bytes] | None) -> tuple[Site, Deployed]:
    """Accept a deployment; it goes on by itself. Raises Refused, FilesNeeded where its files have to be sent."""
    _check(host, wanted)
    site = host.open(wanted.tenant_id, wanted.service_id, wanted.site)
    async with site.lock:
        if (known := site.deployed.get(wanted.key)) is not None:
            return site, known
        site.change(settings=dict(wanted.settings), service_id=wanted.service_id)
        built = _earlier_build(site, wanted)
        if not built and not site.folder.release(wanted.checksum).is_dir():
            await _take_in(host, site, wanted, sent)
        _make_way(site, wanted.key)
        deployed = _accepted(host, site, wanted, built)
        if wanted.like:
            await adopt(host, site, wanted.like, deployed.id)
        site.say(deployed.id, f"Release {deployed.release or deployed.checksum[:12]} was taken.")
        await _go_on(host, site, deployed)
        return site, site.deployed[deployed.id]


def resume_builds(host: Host) -> None:
    """After a start: what was being built is built again."""
    for site in host.by_name.values():
        for one in [one for one in site.deployed.values() if one.phase == BUILDING]:
            site.building[one.id] = asyncio.create_task(_bring_up(host, site, one))


def _check(host: Host, wanted: Wanted) -> None:
    check_identity(wanted.key), check_variables(wanted.variables)
    if not CHECKSUM.fullmatch(wanted.checksum):
        raise Refused("The checksum of a release is 64 hexadecimal digits.")
    recipe = wanted.recipe
    if recipe.kind not in KINDS:
        raise Refused(
            f"This host runs {' and '.join(KINDS)} services, not {recipe.kind[:20]!r}: choose another target."
        )
    if not recipe.is_static and not recipe.start.strip():
        raise Refused("The recipe has no start command: say how the app is started.")
    if not recipe.is_static and (recipe.port not in PORTS or recipe.port == PROXY_PORT):
        raise Refused(f"The port must be from 1024 to 65535, and not {PROXY_PORT}.")
    if recipe.publish and (recipe.publish.startswith("/") or ".." in Path(recipe.publish).parts):
        raise Refused("`publish` is a folder of the release: use a plain relative path like `dist`.")
    if wanted.site not in host.by_name:
        sites = sum(site.record.tenant_id == wanted.tenant_id for site in host.by_name.values())
        if sites >= MOST_SITES_OF_A_TENANT:
            raise Refused(f"This host takes {MOST_SITES_OF_A_TENANT} sites of a tenant: destroy one first.")


def _earlier_build(site: Site, wanted: Wanted) -> str:
    """Return the build that can be used again: that of the deployment gone back to, while its folder is there."""
    earlier = site.deployed.get(wanted.like)
    fits = earlier is not None and earlier.checksum == wanted.checksum and earlier.built
    return earlier.built if earlier and fits and site.folder.build(earlier.built).is_dir() else ""


async def _take_in(host: Host, site: Site, wanted: Wanted, sent: IO[bytes] | None) -> None:
    """Put the files of a release into their place, whole or not at all."""
    check_files(wanted.files, room_bytes=1 << 62)
    if sent is None:
        raise FilesNeeded(str(FilesNeeded.__doc__))
    await retention.make_room(host, site, sum(wanted.files.values()))
    check_files(
        wanted.files, room_bytes=site.limits.disk_bytes - await asyncio.to_thread(site.folder.size_bytes)
    )
    host.refuse_full_disk(sum(wanted.files.values()))
    draft = Path(tempfile.mkdtemp(dir=site.folder.incoming))
    try:
        await asyncio.to_thread(archive.unpack, sent, draft / "files", wanted.files)
        (draft / "files").rename(site.folder.release(wanted.checksum))
    except OSError as error:
        raise Refused(f"The files could not be kept: {error.strerror}.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _accepted(host: Host, site: Site, wanted: Wanted, built: str) -> Deployed:
    values = dict(wanted.variables) or variables_of(host, site)
    deployed = Deployed(
        id=wanted.key,
        checksum=wanted.checksum,
        recipe=wanted.recipe,
        release=wanted.release,
        made_at=time.time(),
        built=built,
        automatic=wanted.automatic,
    )
    deployed = with_variables(host, site, deployed, values)
    site.put(deployed)
    return deployed


def _make_way(site: Site, key: str) -> None:
    """The newest candidate is the only one: an older one that is not live yet is over."""
    for one in list(site.deployed.values()):
        if one.phase in OPEN and one.id != site.current:
            abandon(site, one, SUPERSEDED, "A newer deployment took its place.")
    # Before its own record: killed in between, the next try with this key finds nothing and makes it.
    site.change(candidate=key, percent=0)


def abandon(site: Site, one: Deployed, phase: str, why: str) -> None:
    """Stop a deployment that is not live."""
    if task := site.building.pop(one.id, None):
        task.cancel()
    if site.record.candidate == one.id:
        site.change(candidate="", percent=0)
    site.put(one.into(phase, why))
    if phase != FAILED or one.id not in site.apps:  # an app said it itself
        site.say(one.id, why)
    if app := site.apps.pop(one.id, None):
        site.keep_task(asyncio.create_task(app.drain(5.0)))


async def cancel(site: Site, deployment_id: str) -> None:
    """Stop a deployment unless it is live. Raises Lost."""
    async with site.lock:
        one = site.deployment(deployment_id)
        if one.phase in OPEN and one.id != site.current:
            abandon(site, one, CANCELED, "It was canceled.")


async def _go_on(host: Host, site: Site, deployed: Deployed) -> None:
    """Files that need no building are up at once; the rest takes its time beside us. The lock is held."""
    recipe = deployed.recipe
    if recipe.is_static and (not recipe.build or deployed.built):
        await _is_up(host, site, deployed)
        return
    if len(site.building) >= 4:  # noqa: PLR2004  (one is usual; canceled ones may still be closing)
        raise Busy("This site builds too much at once.", retry_after_s=5)
    site.building[deployed.id] = asyncio.create_task(_bring_up(host, site, deployed))


async def _bring_up(host: Host, site: Site, deployed: Deployed) -> None:
    """Build and start; every way out leaves a phase that says what happened."""
    try:
        if deployed.recipe.build and not deployed.built:
            deployed = await _build(host, site, deployed)
        if not deployed.recipe.is_static:
            site.say(deployed.id, f"$ {deployed.recipe.start}")
            await app_of(host, site, deployed).up()
        async with site.lock:
            if site.deployed.get(deployed.id) == deployed:
                await _is_up(host, site, deployed)
    except (BuildFailed, AppDown, HostingError, OSError) as error:
        async with site.lock:
            if site.deployed[deployed.id].phase in OPEN:
                abandon_failed(site, deployed, str(error))
    finally:
        site.building.pop(deployed.id, None)


def abandon_failed(site: Site, deployed: Deployed, why: str) -> None:
    """It did not come up: say why."""
    site.building.pop(deployed.id, None)  # it is this very task: not to be canceled
    abandon(site, deployed, FAILED, why)


async def _build(host: Host, site: Site, deployed: Deployed) -> Deployed:
    begun = time.monotonic()
    order = Order(
        files=site.folder.release(deployed.checksum),
        command=deployed.recipe.build,
        into=site.folder.build(deployed.id),
        variables=variables_of(host, site, deployed),
        limits=site.limits,
        keep_links=not deployed.recipe.is_static,
    )
    try:
        async with host.builds:
            seconds = await build(
                order, say=lambda text, stream: site.say(deployed.id, text, stream), open_box=host.open_box
            )
    finally:
        key = (site.record.tenant_id, site.record.service_id)
        host.usage.add(key, build_ms=round((time.monotonic() - begun) * 1000))
    async with site.lock:
        if site.deployed[deployed.id].phase != BUILDING:
            raise asyncio.CancelledError
        site.put(replace(deployed, built=deployed.id, build_s=round(seconds, 3)))
    return site.deployed[deployed.id]


async def _is_up(host: Host, site: Site, deployed: Deployed) -> None:
    site.put(deployed.into(RELEASING, "It is up and waits for traffic."))
    if deployed.automatic:
        with contextlib.suppress(HostingError):
            await switch(host, site, deployed.id)
