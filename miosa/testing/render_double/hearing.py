"""How a request is heard: judged, counted, struck by a fault or answered, and the answer judged too."""

import re
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from miosa.testing.double_faults import Fault
from miosa.testing.render_double.deploy_routes import trigger_deploy
from miosa.testing.render_double.messages import Answer, Asked, Refusal
from miosa.testing.render_double.routes import route_of
from miosa.testing.render_double.service_routes import owners_of
from miosa.testing.render_double.world import World

if TYPE_CHECKING:
    from miosa.testing.render_double.judge import Judge

HANG_S = 30.0
SERVICE = re.compile(r"/services/([^/]+)")


class Hearing:
    """Answers requests one at a time; faults that hang do so outside of the lock."""

    def __init__(self, world: World, document: str) -> None:
        self.world = world
        self.violations: list[str] = []
        self.heard: list[tuple[str, str]] = []
        self.closing = threading.Event()
        self._judge: Judge | None = None
        if document:
            from miosa.testing.render_double.judge import judge_of  # it loads a validator of its own

            self._judge = judge_of(document)

    def answer(self, asked: Asked) -> Answer | None:
        """Answer a request; None hangs up without a word."""
        path = asked.path.removeprefix("/v1")
        self.heard.append((asked.method, path))
        complaint = self._complaint(asked)
        if complaint:
            self.violations.append(complaint)
            return Refusal(400, complaint).answer()
        fault = self.world.faults.take(asked.method, path)
        answer = self._struck(fault, replace(asked, path=path))
        if answer is not None and not (fault and fault.kind == "nonsense_after"):
            self._judge_answer(asked, answer)
        return answer

    def _struck(self, fault: Fault | None, asked: Asked) -> Answer | None:
        if fault is None:
            return self._worked(asked)
        if fault.kind == "queued":
            return self._worked(asked, queued=True)
        if fault.kind == "vanish":
            match = SERVICE.match(asked.path)
            with self.world.lock:
                self.world.services.pop(match[1] if match else "", None)
            return self._worked(asked)
        if fault.kind.endswith("_after"):
            self._worked(asked)
        if fault.kind.startswith("hang"):
            self.closing.wait(HANG_S)
        if fault.kind.startswith("status"):
            return Answer(fault.status, {"id": "err", "message": "a fault was ordered"}, dict(fault.headers))
        if fault.kind.startswith("nonsense"):
            return Answer(200, "<html>a proxy's page</html>")
        return None

    def _worked(self, asked: Asked, *, queued: bool = False) -> Answer:
        with self.world.lock:
            over, headers = self.world.limits.count(asked.method, asked.path, self.world.clock.now())
            answer = (
                Refusal(429, "rate limit exceeded").answer() if over else self._routed(asked, queued=queued)
            )
        answer.headers |= headers
        return answer

    def _routed(self, asked: Asked, *, queued: bool) -> Answer:
        route = route_of(asked.method, asked.path)
        try:
            owners_of(self.world, asked)
            if route is None:
                raise Refusal(404, f"the double does not know {asked.method} {asked.path}")
            answers, ids = route
            if queued and answers is trigger_deploy:
                return trigger_deploy(self.world, asked, *ids, queued=True)
            return answers(self.world, asked, *ids)
        except Refusal as refusal:
            return refusal.answer()

    def _complaint(self, asked: Asked) -> str:
        if self._judge is None:
            return ""
        return self._judge.request(
            asked.method, asked.path, query=asked.query, headers=asked.headers, body=asked.body
        )

    def _judge_answer(self, asked: Asked, answer: Answer) -> None:
        if self._judge is None or answer.status in {502, 504}:  # a proxy's, not Render's
            return
        complaint = self._judge.answer(asked.method, asked.path, status=answer.status, body=answer.body)
        if complaint:
            self.violations.append(complaint)
