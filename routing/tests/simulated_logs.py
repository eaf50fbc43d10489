"""Logs of a world whose truth is known: what estimates from the log are measured against."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.offpolicy.log import Log

Floats = NDArray[np.float64]

LEAST_PROPENSITY = 0.02
REDRAW_EVERY = 25  # choices between two compilations of the adaptive log
DRAWS = 256


class Scenario(NamedTuple):
    """`logging` is flat, skewed (.02 to .95) or thompson (adaptive); `target` is random, best, sure or cheap."""

    rows: int
    models: int
    areas: int
    logging: str
    rewards: str
    target: str


class Truth(NamedTuple):
    """n outcomes, the mean that the target policy really has, and how much more that is than the log's."""

    outcomes: Floats
    mean: float
    difference: float


class World(NamedTuple):
    """Means by area and model (a x k), the share of each area, and the chances of both policies."""

    value: Floats
    cost: Floats
    latency: Floats
    areas: Floats
    logging: Floats
    target: Floats


def simulated(scenario: Scenario, *, seed: int) -> tuple[Log, dict[str, Truth]]:
    """One log, and for each outcome its truth."""
    rng = np.random.default_rng([seed, *map(ord, "".join(map(str, scenario)))])
    world = _world(scenario, rng)
    area = rng.choice(scenario.areas, scenario.rows, p=world.areas)
    if scenario.logging == "thompson":
        chosen, logging, rewards = _adaptive(scenario, world, area, rng)
    else:
        logging = world.logging[area]
        chosen = (logging.cumsum(axis=1) < rng.random(scenario.rows)[:, None]).sum(axis=1)
        chosen = chosen.clip(0, scenario.models - 1)
        rewards = _rewards(scenario, world.value[area, chosen], rng)
    log = Log(tuple(map(str, range(scenario.models))), chosen, logging, world.target[area], area)
    outcomes = {
        "value": (world.value, rewards),
        "cost": (world.cost, _skewed(world.cost[area, chosen], 1.0, rng)),
        "latency": (world.latency, _skewed(world.latency[area, chosen], 0.7, rng)),
    }
    adaptive = scenario.logging == "thompson"
    return log, {
        name: _truth(world, means, seen, own=(logging * means[area]).sum(axis=1).mean() if adaptive else None)
        for name, (means, seen) in outcomes.items()
    }


def _world(scenario: Scenario, rng: np.random.Generator) -> World:
    shape = scenario.areas, scenario.models
    value = rng.beta(3, 2, shape)
    cost = np.exp(rng.normal(5, 1.5, scenario.models)) * np.exp(rng.normal(0, 0.3, shape))
    latency = np.exp(rng.normal(6.5, 0.7, scenario.models)) * np.exp(rng.normal(0, 0.2, shape))
    evenness = {"flat": 5.0, "skewed": 0.6, "thompson": 1.0}[scenario.logging]
    logging = np.maximum(rng.dirichlet(np.full(scenario.models, evenness), scenario.areas), LEAST_PROPENSITY)
    logging /= logging.sum(axis=1, keepdims=True)
    one = np.eye(scenario.models)
    target = {
        "random": rng.dirichlet(np.ones(scenario.models), scenario.areas),
        "best": one[value.argmax(axis=1)] * 0.9 + 0.1 / scenario.models,
        "sure": one[(value + rng.normal(0, 0.1, shape)).argmax(axis=1)],
        "cheap": np.tile(one[cost.mean(axis=0).argmin()] * 0.8 + 0.2 / scenario.models, (scenario.areas, 1)),
    }[scenario.target]
    return World(value, cost, latency, rng.dirichlet(np.full(scenario.areas, 2.0)), logging, target)


def _adaptive(
    scenario: Scenario, world: World, area: NDArray[np.intp], rng: np.random.Generator
) -> tuple[NDArray[np.intp], Floats, Floats]:
    """Thompson draws counted out of 256, a tenth of the choices at random, compiled anew as outcomes come in."""
    won, lost = np.ones((2, scenario.areas, scenario.models))
    chosen, rewards = np.zeros(scenario.rows, dtype=np.intp), np.zeros(scenario.rows)
    logging, table = np.zeros((scenario.rows, scenario.models)), world.logging
    for row, here in enumerate(area):
        if row % REDRAW_EVERY == 0:
            best = rng.beta(won, lost, (DRAWS, *won.shape)).argmax(axis=2)
            table = np.array([np.bincount(column, minlength=scenario.models) / DRAWS for column in best.T])
            table = 0.9 * table + 0.1 / scenario.models
        logging[row] = table[here]
        model = chosen[row] = rng.choice(scenario.models, p=table[here])
        reward = rewards[row] = _rewards(scenario, world.value[here, model : model + 1], rng)[0]
        won[here, model] += reward
        lost[here, model] += 1 - reward
    return chosen, logging, rewards


def _rewards(scenario: Scenario, means: Floats, rng: np.random.Generator) -> Floats:
    if scenario.rewards == "fractions":
        return rng.beta(3 * means + 1e-3, 3 * (1 - means) + 1e-3)
    return (rng.random(means.shape) < means).astype(float)


def _skewed(means: Floats, deviation: float, rng: np.random.Generator) -> Floats:
    return np.asarray(means * np.exp(rng.normal(-(deviation**2) / 2, deviation, means.shape)))


def _truth(world: World, means: Floats, seen: Floats, *, own: float | None) -> Truth:
    target = float(world.areas @ (world.target * means).sum(axis=1))
    logging = float(world.areas @ (world.logging * means).sum(axis=1)) if own is None else own
    return Truth(seen, target, target - logging)
