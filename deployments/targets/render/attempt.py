"""One try to make the deploy of a key: what was begun is taken up, what was not is remembered first, then sent."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from deployments.targets.contract import Spec
from deployments.targets.errors import TargetBusy, TargetRefused
from deployments.targets.render import intents
from deployments.targets.render.bodies import changes, deploy_body, variables_body
from deployments.targets.render.client import RenderClient
from deployments.targets.render.deploys import QUEUED, made_for, newest_first
from deployments.targets.render.failures import Conflict, Unanswered
from deployments.targets.render.intents import Intent, Memory, deploy_of, memory_of
from deployments.targets.render.services import Service, variables_there
from deployments.targets.render.wanted import Wanted, variables_of

CONFLICT_WAIT_S = 10.0
CLOCK_STEP_S = 60.0  # Render's time is read from its answers: whole seconds, from more than one machine


@dataclass(frozen=True, slots=True)
class Attempt:
    """A key's deployment of a spec on a service that is there."""

    client: RenderClient
    service: Service
    spec: Spec
    key: str
    settle_s: float = intents.SETTLE_S

    @property
    def service_id(self) -> str:
        return str(self.service["id"])

    def deploy(self, wanted: Wanted, *, refused_before: bool = False) -> str:
        """Make the service what is wanted and deploy it, once for the key; return the id of the deploy.

        Raises TargetBusy while an earlier try may still show (after a plain refusal none can), TargetRefused
        where a newer key was begun.
        """
        memory = self._memory()
        made = self._made_already(memory, settle_s=0.0 if refused_before else self.settle_s)
        if made:
            return made
        if self.service.get("suspended") == "suspended":
            raise TargetRefused("the service is suspended at Render: resume it first")
        body = changes(self.service, wanted)
        if body:
            self.client.change("PATCH", f"/services/{self.service_id}", body)
        return self._sent(self._remembered(memory, wanted=wanted.asked_for), "deploys", deploy_body(wanted))

    def roll_back(self, to: str) -> str:
        """Go back to the deploy `to`, with the variables of its release; return the id of the new deploy."""
        memory = self._memory()
        made = self._made_already(memory, settle_s=self.settle_s)
        if made:
            return made
        return self._sent(self._remembered(memory, how=intents.ROLLBACK), "rollback", {"deployId": to})

    def _memory(self) -> Memory:
        there = memory_of(variables_there(self.client, self.service_id))
        return there or Memory(self.spec.place.service_id)

    def _made_already(self, memory: Memory, *, settle_s: float) -> str:
        intent = memory.of(self.key)
        if intent is None:
            return ""
        deploy = deploy_of(memory, self.key, newest_first(self.client, self.service_id))
        if deploy is not None:
            return str(deploy["id"])
        if memory.newest() != intent:
            raise TargetRefused(
                "a newer deployment of this service was started; this one is not made any more"
            )
        if intent.queued:
            return f"{QUEUED}{self.key}"
        left = intent.at + settle_s - self.client.now()
        if settle_s and 0 < left <= settle_s + CLOCK_STEP_S:
            after_s = min(max(left, 1.0), settle_s)
            raise TargetBusy("an earlier try is still being looked for at Render", retry_after_s=after_s)
        return ""

    def _remembered(self, memory: Memory, *, how: str = intents.API, wanted: str = "") -> Memory:
        """Write the variables, the intent among them, before anything is triggered."""
        latest = next(iter(newest_first(self.client, self.service_id, limit=1)), {})
        intent = Intent(self.key, str(latest.get("id", "")), self.client.now(), how, wanted)
        remembering = memory.remembering(intent)
        values = variables_of(self.spec) | {intents.VARIABLE: remembering.text()}
        self.client.put(f"/services/{self.service_id}/env-vars", variables_body(values))
        return remembering

    def _sent(self, memory: Memory, action: str, body: Mapping[str, str]) -> str:
        try:
            answer = self.client.change(
                "POST", f"/services/{self.service_id}/{action}", body, already=self._look
            )
        except Conflict as error:
            raise TargetBusy(str(error), retry_after_s=CONFLICT_WAIT_S) from error
        except Unanswered:
            answer = self._look()
            if answer is None:
                raise
        found = answer or self._look()
        return str(found["id"]) if found else self._queued(memory)

    def _queued(self, memory: Memory) -> str:
        """Remember that Render took it without giving an id, so that no other try sends it again."""
        intent = memory.of(self.key)
        if intent is not None:
            text = memory.remembering(replace(intent, queued=True)).text()
            self.client.put(f"/services/{self.service_id}/env-vars/{intents.VARIABLE}", {"value": text})
        return f"{QUEUED}{self.key}"

    def _look(self) -> Mapping[str, Any] | None:
        return made_for(self.client, self.service_id, self.key)
