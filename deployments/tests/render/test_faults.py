"""Whatever goes wrong at whatever step: one service, one deploy for a key, a right answer, nothing left behind."""

from dataclasses import replace

import httpx
import pytest

from deployments.targets.contract import Phase
from deployments.targets.render.target import RenderTarget
from deployments.tests.render.specs import RECIPES, ends, insist, services, spec
from miosa.testing.render_double import Fault

STEPS = {
    "owners": ("GET", r"^/owners$"),
    "look-up": ("GET", r"^/services$"),
    "create": ("POST", r"^/services$"),
    "read variables": ("GET", r"/env-vars$"),
    "write variables": ("PUT", r"/env-vars$"),
    "change": ("PATCH", r"^/services/[^/]+$"),
    "list deploys": ("GET", r"/deploys$"),
    "deploy": ("POST", r"/deploys$"),
    "poll": ("GET", r"/deploys/[^/]+$"),
    "rollback": ("POST", r"/rollback$"),
    "destroy": ("DELETE", r"^/services/[^/]+$"),
}
FAULTS = {
    "failed before": {"kind": "status", "status": 500},
    "failed after it was done": {"kind": "status_after", "status": 500},
    "a proxy gave up after it was done": {"kind": "status_after", "status": 504},
    "nothing is taken": {"kind": "status", "status": 503, "times": 2},
    "too many requests": {"kind": "status", "status": 429, "headers": {"Retry-After": "3"}, "times": 2},
    "too many requests for an hour": {
        "kind": "status",
        "status": 429,
        "headers": {"Ratelimit-Reset": "3500"},
    },
    "hung up before": {"kind": "drop", "times": 2},
    "hung up after it was done": {"kind": "drop_after"},
    "hung up after it was done, again and again": {"kind": "drop_after", "times": 7},
    "nonsense after it was done": {"kind": "nonsense_after"},
}
CHANGED = replace(RECIPES["web_service"], health_path="/ready")


def live_through_everything(render, target):
    """Create, deploy, change and deploy, roll back, destroy; at every stage one service and one deploy a key."""
    first = insist(render, lambda: target.apply(spec(), key="key-1"))
    assert insist(render, lambda: ends(render, target, first)).phase is Phase.LIVE
    second = insist(render, lambda: target.apply(spec(CHANGED, place=first.place), key="key-2"))
    assert insist(render, lambda: ends(render, target, second)).phase is Phase.LIVE
    third = insist(render, lambda: target.rollback(first, spec(place=first.place), key="key-3"))
    assert insist(render, lambda: ends(render, target, third)).phase is Phase.LIVE
    (service,) = services(render)
    assert [one.trigger for one in service.deploys] == ["other", "api", "rollback"]
    assert [one.id for one in service.deploys] == [ref.deployment_id for ref in (first, second, third)]
    found = [
        insist(render, lambda key=key: target.find(first.place, key=key))
        for key in ("key-1", "key-2", "key-3")
    ]
    assert [ref.deployment_id for ref in found] == [one.id for one in service.deploys]
    insist(render, lambda: target.destroy(first.place))
    assert services(render) == []


def test_nothing_goes_wrong(render, target):
    """The same life without a fault, for comparison; it waits for nothing."""
    live_through_everything(render, target)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", FAULTS)
def test_one_of_each_whatever_fails(render, target, step, fault):
    """A fault at a step of a life changes nothing about how it ends."""
    method, path = STEPS[step]
    render.world.faults.order(Fault(method=method, path=path, **FAULTS[fault]))
    live_through_everything(render, target)


@pytest.mark.parametrize("step", ["create", "deploy", "rollback", "destroy"])
@pytest.mark.parametrize("kind", ["hang", "hang_after"])
def test_one_of_each_when_the_answer_never_comes(render, step, kind):
    """A time-out, before or after the work, is looked up before anything is sent again."""
    method, path = STEPS[step]
    render.world.faults.order(Fault(kind, method=method, path=path))
    with RenderTarget(
        lambda tenant: render.key, base_url=render.url, timeout=httpx.Timeout(0.3), sleep=render.clock.advance
    ) as target:
        live_through_everything(render, target)


@pytest.mark.parametrize("step", ["create", "deploy", "rollback"])
def test_what_shows_late_is_waited_for(render, target, step):
    """New things show in lists only after ten seconds, and the answer is lost: still one of each."""
    method, path = STEPS[step]
    render.world.lag_s = 10.0
    render.world.faults.order(Fault("drop_after", method=method, path=path))
    live_through_everything(render, target)


@pytest.mark.parametrize("skew_s", [-86_400.0, 86_400.0, 400 * 86_400.0])
@pytest.mark.parametrize("step", ["create", "deploy"])
def test_clocks_may_differ(skew_s, step):
    """A day or a year between our clock and Render's changes nothing, also where an answer is lost."""
    from deployments.tests.render.conftest import DOCUMENT, QUICK
    from miosa.testing.render_double import RenderDouble

    method, path = STEPS[step]
    with RenderDouble(DOCUMENT, skew_s=skew_s) as render:
        render.world.limits.resets = "epoch"
        render.world.faults.order(Fault("drop_after", method=method, path=path))
        with RenderTarget(
            lambda tenant: render.key, base_url=render.url, timeout=QUICK, sleep=render.clock.advance
        ) as target:
            live_through_everything(render, target)
        assert render.violations == []
