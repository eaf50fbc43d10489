"""How long things may take and how long to wait between two looks; pure numbers."""

import random
from datetime import timedelta

ALL = 100  # per cent of the traffic
IN_HAND_S = 8.0  # a worker keeps a deployment so long before it hands it back
SHORT_WAIT_S = 1.0  # a longer wait is never spent in a worker
BUILD_DEADLINE_S = 1_800.0
UNREACHABLE_S = 900.0  # a target that does not answer for so long has failed the deployment
PROMOTED_DEADLINE_S = 30.0  # for the public address to answer, once the traffic is there
QUEUE_LOOK_S = 5.0  # who waits for its turn looks again, should nobody ring
FIRST_LOOK_S = 0.1
LONGEST_LOOK_S = 5.0
LONGEST_BACK_OFF_S = 60.0
MOST_TAKEOVERS = 10  # workers that died at one deployment
CANARY_STEPS = (10, 50)
CANARY_HOLD_S = 10.0
CANARY_LOOK_S = 2.0
CANARY_FAILURES = 2  # in a row, during a hold
FIRST_WATCH_S = timedelta(seconds=5)
WATCH_BAKING_S, WATCH_S = 5.0, 30.0  # between two looks at what serves: while it is new, and later
UNHEALTHY_AFTER = 3  # looks in a row that failed
BAKE_S = 60.0  # after it went live a deployment that turns unhealthy is rolled back by itself


def back_off_s(errors: int, *, asked_s: float | None = None, chance: float | None = None) -> float:
    """Return seconds to wait after so many errors in a row: 0.5, 1, 2, ... up to a minute, half of it by chance.

    `asked_s` is what the target asks for; never less than that is waited. `chance` (0..1) is drawn when not given.
    """
    drawn = random.random() if chance is None else chance  # noqa: S311  spreads load, keeps no secret
    doubled: float = min(LONGEST_BACK_OFF_S, 0.5 * 2 ** min(max(errors - 1, 0), 16))
    return max(asked_s or 0.0, doubled * (0.5 + 0.5 * drawn))


def look_again_s(looks: int) -> float:
    """Return seconds between two looks at something that is coming up: soon at first, rarer later."""
    return min(LONGEST_LOOK_S, FIRST_LOOK_S * 1.6 ** min(looks, 16))
