"""kill -9 of the process that talks to Render, at each request, before and after Render did it: the next one finds all."""

import os
import re
import signal

import httpx
import pytest

from deployments.targets.contract import Phase
from deployments.targets.errors import TargetError
from deployments.targets.render.target import RenderTarget
from deployments.tests.render.specs import ends, insist, services, spec
from deployments.tests.render.test_faults import CHANGED, STEPS


class Deadly(httpx.HTTPTransport):
    """Kills its own process at a request: before it is sent, or when Render has answered it."""

    def __init__(self, step, *, after):
        super().__init__()
        self._method, self._path = STEPS[step]
        self._after = after

    def handle_request(self, request):
        meant = request.method == self._method and re.search(self._path, request.url.path.removeprefix("/v1"))
        if meant and not self._after:
            os.kill(os.getpid(), signal.SIGKILL)
        response = super().handle_request(request)
        if meant:
            response.read()
            os.kill(os.getpid(), signal.SIGKILL)
        return response


def in_a_worker(render, step, call, *, after):
    """Call in a process of its own that dies at a step; tell whether it met it."""
    worker = os.fork()
    if worker == 0:
        try:
            advance = f"{render.url.removesuffix('/v1')}/_clock"
            with RenderTarget(
                lambda _tenant: render.key,
                base_url=render.url,
                transport=Deadly(step, after=after),
                sleep=lambda seconds: httpx.post(advance, json={"advance_s": seconds}, trust_env=False),
            ) as target:
                call(target)
        except TargetError:
            os._exit(0)
        except BaseException:  # noqa: BLE001  the test's own process tells it
            os._exit(3)
        os._exit(0)
    _, status = os.waitpid(worker, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in {0, -signal.SIGKILL}
    return code != 0


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_one_of_each_whoever_dies(render, target, step, after):
    """Every stage of a life is begun by a worker that dies, and done by the next: one service, one deploy for a key."""
    died = 0

    def stage(call):
        nonlocal died
        died += in_a_worker(render, step, call, after=after)
        return insist(render, lambda: call(target))

    def alive(ref):
        nonlocal died
        died += in_a_worker(render, step, lambda worker: worker.status(ref), after=after)
        assert insist(render, lambda: ends(render, target, ref)).phase is Phase.LIVE

    first = stage(lambda worker: worker.apply(spec(), key="key-1"))
    alive(first)
    second = stage(lambda worker: worker.apply(spec(CHANGED, place=first.place), key="key-2"))
    alive(second)
    third = stage(lambda worker: worker.rollback(first, spec(place=first.place), key="key-3"))
    alive(third)
    (service,) = services(render)
    assert [one.trigger for one in service.deploys] == ["other", "api", "rollback"]
    assert [one.id for one in service.deploys] == [ref.deployment_id for ref in (first, second, third)]
    stage(lambda worker: worker.destroy(first.place))
    assert services(render) == []
    assert died, "no worker met this step"
