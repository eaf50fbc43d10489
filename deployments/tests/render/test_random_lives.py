"""Random faults over random lives: at most one service a name, one deploy a key, and nothing left at the end."""

import random

import pytest

from deployments.targets.contract import DeployRef
from deployments.targets.errors import TargetError
from deployments.targets.render.deploys import QUEUED
from deployments.targets.render.intents import SETTLE_S
from deployments.tests.render.specs import PLACE, insist, services, spec
from deployments.tests.render.test_faults import CHANGED, FAULTS, STEPS
from miosa.testing.render_double import Fault


def life(render, target, seed):
    chance = random.Random(seed)
    render.world.pace.overlap = chance.choice(["override", "wait"])
    render.world.lag_s = chance.choice([0.0, 0.0, 8.0])
    made, place = {}, PLACE
    for number in range(chance.randint(2, 5)):
        for _ in range(chance.randint(0, 3)):
            method, path = chance.choice(list(STEPS.values()))
            fault = dict(chance.choice(list(FAULTS.values())))  # type: ignore[call-overload]
            render.world.faults.order(Fault(method=method, path=path, skip=chance.randint(0, 2), **fault))
        render.world.next_ends = [chance.choice(["live", "live", "build_failed", "stuck"])]
        key, recipe = f"key-{number}", chance.choice([spec().recipe, CHANGED])
        ref = _applied(render, target, key, spec(recipe, place=place))
        again = _applied(render, target, key, spec(recipe, place=ref.place))
        assert _same(render, target, ref, again, key)
        made[key], place = ref, ref.place
        render.clock.advance(chance.choice([0, 5, 60]))
        insist(render, lambda ref=ref: target.status(ref), turns=40)
    return made, place


def _applied(render, target, key, wanted):
    return insist(render, lambda: target.apply(wanted, key=key), turns=40)


def _same(render, target, one: DeployRef, other: DeployRef, key):
    """A deploy that does not show yet goes by its key; once it shows, by its id."""
    ids = {ref.deployment_id for ref in (one, other)}
    for _ in range(8):
        if len(ids) == 1:
            return True
        render.clock.advance(SETTLE_S)
        found = insist(render, lambda: target.find(one.place, key=key), turns=40)
        ids = {(found and found.deployment_id) or id_ if id_.startswith(QUEUED) else id_ for id_ in ids}
    return False


@pytest.mark.parametrize("seed", range(40))
def test_one_service_and_one_deploy_a_key(render, target, seed):
    """Whatever was lost, there is one service, and as many deploys as keys."""
    made, place = life(render, target, seed)
    (service,) = services(render)
    assert service.id == place.external_id
    assert [deploy.trigger for deploy in service.deploys] == ["other"] + ["api"] * (len(made) - 1)
    render.world.faults.clear()
    target.destroy(place)
    assert services(render) == []


def test_a_vanished_service_is_lost_and_can_be_made_again(render, target):
    """Deleted by hand at Render: its deployment is lost; the next one makes the service anew, once."""
    from deployments.targets.errors import TargetLost

    ref = target.apply(spec(), key="key-1")
    render.world.faults.order(Fault("vanish", method="GET", path="/deploys/"))
    with pytest.raises(TargetLost):
        target.status(ref)
    again = target.apply(spec(place=ref.place), key="key-2")
    assert [one.id for one in services(render)] == [again.place.external_id]
    assert issubclass(TargetLost, TargetError)
