"""What is done to a service that lives: queue, roll back, variables, host names, logs, suspend, destroy."""

import pytest

from deployments.targets.contract import Phase
from deployments.targets.errors import TargetBusy, TargetLost, TargetRefused
from deployments.targets.render import intents
from deployments.tests.render.specs import PLACE, RECIPES, ends, services, spec


@pytest.fixture
def live(render, target):
    """A web service whose first deployment is live."""
    ref = target.apply(spec(TOKEN="x"), key="key-1")
    assert ends(render, target, ref).phase is Phase.LIVE
    return ref


def test_a_queued_deploy_is_followed_until_it_has_an_id(render, target, live):
    """Render takes it with 202 and no id: it is queued, never sent again, and found when it starts."""
    render.world.pace.overlap = "wait"
    target.apply(spec(place=live.place), key="key-2")
    queued = target.apply(spec(place=live.place), key="key-3")
    assert target.status(queued).phase is Phase.QUEUED
    with pytest.raises(TargetBusy):
        target.cancel(queued)
    render.clock.advance(25)
    assert target.apply(spec(place=live.place), key="key-3") == queued
    assert ends(render, target, queued).phase is Phase.LIVE
    (service,) = services(render)
    assert len(service.deploys) == 3


def test_a_build_that_is_not_kept_is_built_again(render, target, live):
    """Where Render refuses the rollback the release is deployed anew, once for the key."""
    (service,) = services(render)
    service.deploys[0].stuck = True  # the double's word for a build that is no longer kept
    ref = target.rollback(live, spec(place=live.place, commit="a" * 40), key="key-2")
    assert service.deploys[-1].commit == "a" * 40
    assert ends(render, target, ref).phase is Phase.LIVE
    assert target.rollback(live, spec(place=live.place), key="key-2").deployment_id == ref.deployment_id


def test_a_rollback_brings_the_variables_of_its_release(render, target, live):
    """The older release runs with its own variables."""
    second = target.apply(spec(place=live.place, TOKEN="y"), key="key-2")
    ends(render, target, second)
    target.rollback(live, spec(place=live.place, TOKEN="x"), key="key-3")
    assert services(render)[0].variables["TOKEN"] == "x"


def test_an_older_key_is_not_made_after_a_newer_one(render, target, live):
    """A late try of a key that made nothing does not put an old release over a newer one."""
    memory = intents.memory_of(services(render)[0].variables)
    lost = memory.remembering(intents.Intent("lost", live.deployment_id, 0.0))
    services(render)[0].variables[intents.VARIABLE] = lost.text()
    target.apply(spec(place=live.place), key="key-3")
    assert target.find(live.place, key="lost") is None
    with pytest.raises(TargetRefused, match="newer deployment"):
        target.apply(spec(place=live.place), key="lost")


def test_variables_are_replaced_and_the_memory_stays(render, target, live):
    """New values take the place of the old; a key is still known afterwards."""
    target.variables(live.place, {"NEW": "1"})
    there = services(render)[0].variables
    assert (there["NEW"], "TOKEN" in there, there["PORT"]) == ("1", False, "8000")
    assert target.find(live.place, key="key-1").deployment_id == live.deployment_id


def test_host_names_are_made_the_wanted_ones(render, target, live):
    """Names are added with what their owner puts into the DNS, verified when that is there, and removed again."""
    first = target.domains(live.place, ("example.org", "app.example.net"))
    assert [(one.name, one.verified) for one in first] == [("example.org", False), ("app.example.net", False)]
    assert "A 216.24.57.1" in first[0].record
    assert f"CNAME {services(render)[0].host}" in first[1].record
    render.world.resolves.add("app.example.net")
    assert target.domains(live.place, ("app.example.net",))[0].verified
    assert list(services(render)[0].domains) == ["app.example.net"]


def test_a_worker_has_no_host_names(target):
    """It is refused with a sentence."""
    ref = target.apply(spec(RECIPES["background_worker"]), key="key-1")
    with pytest.raises(TargetRefused, match="host names"):
        target.domains(ref.place, ("example.org",))


def test_log_lines_come_once_each(render, target, live):
    """Over pages and cursors, also where many lines share a moment; nothing new is the same cursor."""
    (service,) = services(render)
    page = target.logs(live)
    lines = [line.text for line in page.lines]
    for number in range(250):
        if number % 80 == 0:
            render.clock.advance(1)
        render.world.write(service, f"line {number}", level="error" if number % 2 else "info")
        if number == 77:
            page = target.logs(live, page.cursor)
            lines += [line.text for line in page.lines]
    for _ in range(2):
        render.clock.advance(1)
        page = target.logs(live, page.cursor)
        lines += [line.text for line in page.lines]
    assert lines[-250:] == [f"line {number}" for number in range(250)]
    assert target.logs(live, page.cursor).cursor == page.cursor
    assert {line.stream for line in target.logs(live).lines} == {"build", "out", "err"}


def test_suspending_and_resuming_twice_is_the_same_as_once(render, target, live):
    """A suspended service says so and takes no deployment; nothing is lost when it is resumed."""
    target.suspend(live.place)
    target.suspend(live.place)
    assert target.status(live).phase is Phase.SUSPENDED
    with pytest.raises(TargetRefused, match="resume it first"):
        target.apply(spec(place=live.place), key="key-2")
    target.resume(live.place)
    target.resume(live.place)
    assert ends(render, target, target.apply(spec(place=live.place), key="key-2")).phase is Phase.LIVE


def test_destroying_twice_is_the_same_as_once(render, target, live):
    """What is gone is gone; everything else says that it is lost."""
    target.destroy(live.place)
    target.destroy(live.place)
    target.destroy(PLACE)
    assert services(render) == []
    for call in (lambda: target.status(live), lambda: target.suspend(live.place), lambda: target.logs(live)):
        with pytest.raises(TargetLost):
            call()


def test_plan_only_says_what_would_be_done(render, target):
    """Create, keep or change; planning sends nothing but questions."""
    assert [step.effect for step in target.plan(spec())] == ["create", "create", "create"]
    ref = target.apply(spec(), key="key-1")
    before = len(render.requests)
    assert target.plan(spec(place=ref.place))[0].effect == "keep"
    assert {method for method, _ in render.requests[before:]} == {"GET"}
    with pytest.raises(TargetRefused, match="kind cannot be changed"):
        target.plan(spec(RECIPES["cron_job"], place=ref.place))
