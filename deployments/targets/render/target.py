"""The target `render`: services at render.com, made from a git repository or an image."""

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

import httpx

from deployments.targets.contract import (
    Capabilities,
    DeployRef,
    Domain,
    Kind,
    LogPage,
    Phase,
    Place,
    Spec,
    Status,
    Step,
)
from deployments.targets.errors import TargetBusy, TargetLost, TargetRefused
from deployments.targets.render import deploys, domains, intents, logs, services
from deployments.targets.render.attempt import Attempt
from deployments.targets.render.bodies import steps, variables_body
from deployments.targets.render.client import BASE_URL, TIMEOUT, RenderClient
from deployments.targets.render.intents import Intent, Memory
from deployments.targets.render.statuses import phase_of, status_of
from deployments.targets.render.wanted import variables_of, wanted

CAN = Capabilities(kinds=frozenset(Kind), domains=True, suspend=True, logs=True, rollback=True)
QUEUE_WAIT_S = 5.0
NO_KEY = "Render needs an API key: set RENDER_API_KEY, or store the tenant's own as the secret target/render"


class RenderTarget:
    """A DeployTarget. `keys` returns a tenant's API key, "" where there is none; nothing is kept in memory."""

    name = "render"

    def __init__(
        self,
        keys: Callable[[str], str],
        *,
        base_url: str = BASE_URL,
        transport: httpx.BaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        settle_s: float = intents.SETTLE_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._keys = keys
        self._base_url = base_url
        self._settle_s = settle_s
        self._sleep = sleep
        self._http = httpx.Client(transport=transport, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def unavailable(self, tenant_id: str) -> str | None:
        """See the contract."""
        return None if self._keys(tenant_id) else NO_KEY

    def capabilities(self) -> Capabilities:
        """See the contract."""
        return CAN

    def plan(self, spec: Spec) -> tuple[Step, ...]:
        """See the contract."""
        want = wanted(spec)
        return steps(services.service_of(self._client(spec.place), spec.place), want)

    def apply(self, spec: Spec, *, key: str) -> DeployRef:
        """See the contract; how the key is remembered and what that guarantees stands in `intents`."""
        want, client, place = wanted(spec), self._client(spec.place), spec.place
        service, first = services.service_of(client, place), ""
        if service is None:
            memory = Memory(place.service_id, (Intent(key, "", client.now(), wanted=want.asked_for),))
            values = variables_of(spec) | {intents.VARIABLE: memory.text()}
            service, first = services.created(client, place, want, values, settle_s=self._settle_s)
        kept = services.alone(client, place, service)
        if not first or kept["id"] != service["id"]:
            first = Attempt(client, kept, spec, key, self._settle_s).deploy(want)
        return deploys.reference(place, kept, first, key)

    def find(self, place: Place, *, key: str) -> DeployRef | None:
        """See the contract."""
        client = self._client(place)
        service = services.service_of(client, place)
        deploy = deploys.made_for(client, str(service["id"]), key) if service else None
        return deploys.reference(place, service, str(deploy["id"]), key) if service and deploy else None

    def status(self, ref: DeployRef) -> Status:
        """See the contract."""
        client, service_id = self._client(ref.place), ref.place.external_id
        deploy_id = self._id_of(client, ref)
        if not deploy_id:
            client.get(f"/services/{service_id}")  # TargetLost, where the queue went with its service
            return Status(Phase.QUEUED, "Render has queued it", retry_after_s=QUEUE_WAIT_S)
        deploy = client.get(f"/services/{service_id}/deploys/{deploy_id}")
        phase = phase_of(str(deploy.get("status", "")))
        if phase in {Phase.LIVE, Phase.RELEASING}:
            service = client.get(f"/services/{service_id}")
            suspended = service.get("suspended") == "suspended"
            return status_of(deploy, url=domains.public_url(service), suspended=suspended)
        newer = deploys.newer_than(client, service_id, deploy) if phase is Phase.CANCELED else ()
        return status_of(deploy, newer=newer)

    def promote(self, ref: DeployRef, *, percent: int = 100) -> None:
        """See the contract: Render checks and switches by itself."""

    def logs(self, ref: DeployRef, cursor: str = "") -> LogPage:
        """See the contract."""
        client = self._client(ref.place)
        deploy_id = self._id_of(client, ref)
        if not deploy_id:
            return LogPage((), cursor)
        service = services.known(client, ref.place)
        begun = (
            ""
            if cursor
            else client.get(f"/services/{service['id']}/deploys/{deploy_id}").get("createdAt", "")
        )
        return logs.since(client, service, cursor, begun=begun)

    def cancel(self, ref: DeployRef) -> None:
        """See the contract."""
        client = self._client(ref.place)
        deploy_id = self._id_of(client, ref)
        if not deploy_id:
            raise TargetBusy("Render has queued it and gives it no id yet", retry_after_s=QUEUE_WAIT_S)
        deploys.canceled(client, ref.place.external_id, deploy_id)

    def rollback(self, ref: DeployRef, spec: Spec, *, key: str) -> DeployRef:
        """See the contract. Where Render has not kept what it built, the release is built again."""
        client = self._client(ref.place)
        service = services.known(client, ref.place)
        attempt = Attempt(client, service, spec, key, self._settle_s)
        try:
            made = attempt.roll_back(ref.deployment_id)
        except (TargetLost, TargetRefused):
            client.get(f"/services/{service['id']}")  # TargetLost, where it is not only the old deploy
            made = attempt.deploy(wanted(spec), refused_before=True)
        return deploys.reference(ref.place, service, made, key)

    def variables(self, place: Place, values: Mapping[str, str]) -> None:
        """See the contract; what we remember in them stays."""
        client = self._client(place)
        service_id = str(services.known(client, place)["id"])
        there = services.variables_there(client, service_id)
        kept = {name: there[name] for name in (intents.VARIABLE, "PORT") if name in there}
        client.put(f"/services/{service_id}/env-vars", variables_body(kept | dict(values)))

    def domains(self, place: Place, names: tuple[str, ...]) -> tuple[Domain, ...]:
        """See the contract."""
        client = self._client(place)
        return domains.named_so(client, services.known(client, place), names)

    def configure(self, place: Place) -> None:
        """Do nothing: Render takes settings with the next deployment."""

    def suspend(self, place: Place) -> None:
        """See the contract."""
        self._switch(place, "suspend", already="suspended")

    def resume(self, place: Place) -> None:
        """See the contract."""
        self._switch(place, "resume", already="not_suspended")

    def destroy(self, place: Place) -> None:
        """See the contract; also what an earlier lost answer made under the same name."""
        client = self._client(place)
        services.all_removed(client, place)

    def _switch(self, place: Place, action: str, *, already: str) -> None:
        client = self._client(place)
        service = services.known(client, place)
        if service.get("suspended") != already:
            services.switched(client, str(service["id"]), action, already)

    def _id_of(self, client: RenderClient, ref: DeployRef) -> str:
        """Return the id of a deploy; "" while Render keeps it in its queue."""
        if not ref.deployment_id.startswith(deploys.QUEUED):
            return ref.deployment_id
        key = ref.deployment_id.removeprefix(deploys.QUEUED)
        made = deploys.made_for(client, ref.place.external_id, key)
        return str(made["id"]) if made else ""

    def _client(self, place: Place) -> RenderClient:
        key = self._keys(place.tenant_id)
        if not key:
            raise TargetRefused(NO_KEY)
        return RenderClient(self._http, key, base_url=self._base_url, sleep=self._sleep)
