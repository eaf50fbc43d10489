"""One site as it lives in the host: its record, its deployments, what serves, and the apps that run."""

import asyncio
import hashlib
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from deployments.hosting.addresses import site_id, variant_of
from deployments.hosting.apps.app import App
from deployments.hosting.errors import Lost
from deployments.hosting.folder import Folder
from deployments.hosting.limits import KEPT_RELEASES, Limits, limits_of
from deployments.hosting.log_ring import LogRing
from deployments.hosting.records import (
    FAILED,
    LIVE,
    OPEN,
    RELEASING,
    SUPERSEDED,
    SUSPENDED,
    Deployed,
    SiteRecord,
)

WHOLE = 100


class Site:
    """Whoever changes it holds `lock`; readers of the hot path see each switch whole, as it is one assignment."""

    def __init__(self, folder: Folder, record: SiteRecord, deployed: dict[str, Deployed]) -> None:
        self.folder, self.record, self.deployed = folder, record, deployed
        self.id = site_id(record.tenant_id, record.name)
        self.lock = asyncio.Lock()
        self.current = ""
        self.apps: dict[str, App] = {}
        self.building: dict[str, asyncio.Task[None]] = {}
        self._logs: dict[str, LogRing] = {}
        self._folders: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.gone = False

    @property
    def name(self) -> str:
        """Its name, unique on this host."""
        return self.record.name

    @property
    def limits(self) -> Limits:
        """What it may use."""
        return limits_of(self.record.settings)

    @property
    def is_public(self) -> bool:
        """Whether anybody may see it, without an address that expires."""
        return bool(self.record.settings.get("public"))

    def restore(self) -> None:
        """After a start: what was in the middle of going live did, or did not; nothing is in between."""
        self.current = self.folder.current()
        if self.current not in self.deployed:
            self.current = ""
        if self.record.candidate == self.current or self.record.candidate not in self.deployed:
            self.change(candidate="", percent=0)
        for one in list(self.deployed.values()):
            if one.phase in {*OPEN, LIVE} and one.id not in {self.current, self.record.candidate}:
                self.put(one.into(SUPERSEDED, "A newer deployment took its place."))

    def deployment(self, deployment_id: str) -> Deployed:
        """Return a deployment. Raises Lost."""
        try:
            return self.deployed[deployment_id]
        except KeyError:
            raise Lost(f"{self.name} has no deployment {deployment_id[:80]!r}.") from None

    def by_variant(self, variant: str) -> str:
        """Return the deployment that an address means; empty where it is gone."""
        return next((one for one in self.deployed if variant_of(one) == variant), "")

    def put(self, deployed: Deployed) -> None:
        """Keep a deployment's record, on the disk first."""
        self.folder.keep(deployed)
        self.deployed[deployed.id] = deployed

    def change(self, **fields: Any) -> None:
        """Keep the site's record with some fields changed."""
        record = replace(self.record, **fields)
        if record != self.record:
            self.folder.save(record)
            self.record = record

    def phase_of(self, deployed: Deployed) -> tuple[str, str]:
        """Return where a deployment stands, and a sentence about it."""
        app = self.apps.get(deployed.id)
        given_up = app.failure if app else ""
        if deployed.id != self.current:
            up = deployed.phase == RELEASING
            return (FAILED, given_up) if up and given_up else (deployed.phase, deployed.detail)
        if self.record.suspended:
            return SUSPENDED, "It is suspended and can be resumed."
        return (FAILED, given_up) if given_up else (LIVE, deployed.detail)

    def sleeps(self, deployed: Deployed) -> bool:
        """Whether nothing of it runs until somebody asks."""
        app = self.apps.get(deployed.id)
        return not deployed.recipe.is_static and (app is None or not app.is_open)

    def choose(self, client: str) -> str:
        """Return the deployment that answers this client: always the same one, as long as the shares stay."""
        record = self.record
        if not record.percent or not record.candidate:
            return self.current
        place = hashlib.blake2b(f"{self.id}\n{client}".encode(errors="replace"), digest_size=4).digest()
        return record.candidate if int.from_bytes(place) % WHOLE < record.percent else self.current

    def folder_of(self, deployed: Deployed) -> str:
        """Return the real path of the files that a static deployment serves."""
        if deployed.id not in self._folders:
            files = (self.folder.files_of(deployed) / deployed.recipe.publish).resolve()
            self._folders[deployed.id] = str(files)
        return self._folders[deployed.id]

    def log(self, deployment_id: str) -> LogRing:
        """Return a deployment's log."""
        if deployment_id not in self._logs:
            self._logs[deployment_id] = LogRing(self.folder.deployment(deployment_id))
        return self._logs[deployment_id]

    def say(self, deployment_id: str, text: str, stream: str = "target") -> None:
        """Write into a deployment's log; one that is removed has none any more."""
        if deployment_id in self.deployed and not self.gone:
            self.log(deployment_id).add(stream, text, now=time.time())

    def kept(self) -> list[str]:
        """Return the deployments whose files stay: what serves, may serve, served before; then the newest."""
        first = [self.current, self.record.candidate, self.record.previous]
        newest = sorted(self.deployed.values(), key=lambda one: -one.made_at)
        rest = [one.id for one in newest if one.phase in {*OPEN, SUPERSEDED}]
        return [one for one in dict.fromkeys([*first, *rest]) if one in self.deployed][:KEPT_RELEASES]

    def forget(self, deployment_ids: Iterable[str]) -> None:
        """Drop what is remembered of deployments whose files are removed."""
        for deployment_id in deployment_ids:
            self._folders.pop(deployment_id, None)
            self._logs.pop(deployment_id, None)

    def keep_task(self, task: asyncio.Task[None]) -> None:
        """Hold on to a task that ends by itself: the loop alone would let it be collected."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def is_ready(self, deployment_id: str) -> bool:
        """Say whether it is up and waits for traffic, or has it."""
        one = self.deployed.get(deployment_id)
        return one is not None and (one.phase == RELEASING or one.id == self.current)
