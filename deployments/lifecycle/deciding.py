"""What happens next to a deployment: pure, from what is known of it and the time of the database."""

from dataclasses import dataclass

from deployments.lifecycle import pace
from deployments.lifecycle.states import State
from deployments.targets.contract import Phase

ALL = pace.ALL


@dataclass(frozen=True, slots=True)
class Look:
    """What came of one look at an address."""

    passed: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """One deployment as it stands; times are seconds since the epoch by the database's clock.

    `phase` is None until the target was asked, `look` until the address was looked at where it stands now. `percent`
    is the share of the traffic it has, `aim` the share that may have been given to it already. `since`: when it came
    up, or got its present share.
    """

    now: float
    state: State
    began: float = 0.0
    since: float = 0.0
    known: bool = False
    takeovers: int = 0
    cancel_asked: bool = False
    rollback: bool = False
    candidate: bool = False
    addressed: bool = True
    percent: int = 0
    aim: int = 0
    ladder: tuple[int, ...] = (ALL,)
    hold_s: float = 0.0
    build_deadline_s: float = pace.BUILD_DEADLINE_S
    health_deadline_s: float = 60.0
    phase: Phase | None = None
    traffic: int = 0
    detail: str = ""
    retry_after_s: float = 1.0
    look: Look | None = None
    looks: int = 0
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Begin:
    """Take the service's turn."""


@dataclass(frozen=True, slots=True)
class Apply:
    """Tell the target to make it."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the target how it stands."""


@dataclass(frozen=True, slots=True)
class Arrive:
    """Record that it is up."""


@dataclass(frozen=True, slots=True)
class Check:
    """Look at its address: the public one, or its own before it has traffic."""

    public: bool


@dataclass(frozen=True, slots=True)
class Promote:
    """Give it this share of the traffic."""

    percent: int


@dataclass(frozen=True, slots=True)
class GoLive:
    """It serves, and is what it should be."""


@dataclass(frozen=True, slots=True)
class End:
    """It comes to nothing. `call_off`: the target shall stop it. `roll_back`: what served before shall serve again."""

    state: State
    reason: str
    call_off: bool = False
    roll_back: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can be done now; look again after so many seconds."""

    after_s: float


Action = Begin | Apply | Ask | Arrive | Check | Promote | GoLive | End | Wait


def next_step(seen: Seen) -> Action:
    """Return the one thing to do now."""
    if over := _called_off(seen):
        return over
    if seen.state == State.QUEUED:
        return Begin()
    if not seen.known or seen.phase is None:
        return Ask() if seen.known else _too_long(seen) or Apply()
    if over := _ended_there(seen):
        return over
    return _risen(seen)


def _risen(seen: Seen) -> Action:
    if seen.phase in {Phase.QUEUED, Phase.BUILDING}:
        return _too_long(seen) or Wait(seen.retry_after_s)
    return Arrive() if seen.state == State.BUILDING else _released(seen)


def has_traffic(seen: Seen) -> bool:
    """Tell whether all of the traffic may be its already."""
    return max(seen.percent, seen.aim) >= ALL


def failed(seen: Seen, reason: str) -> End:
    """Return the end of what cannot be: called off before it has all traffic, rolled back afterwards."""
    served = has_traffic(seen)
    return End(State.FAILED, reason, call_off=not served, roll_back=served and not seen.rollback)


def _called_off(seen: Seen) -> End | None:
    if seen.takeovers > pace.MOST_TAKEOVERS:
        return failed(seen, f"Given up after {pace.MOST_TAKEOVERS} workers died at it.")
    if seen.cancel_asked and not has_traffic(seen):
        return End(State.CANCELED, "Canceled on request.", call_off=seen.state != State.QUEUED)
    return None


def _too_long(seen: Seen) -> End | None:
    if seen.now - seen.began <= seen.build_deadline_s:
        return None
    return failed(
        seen, f"It was not up {seen.build_deadline_s:.0f} s after it was begun. {seen.detail}".strip()
    )


def _ended_there(seen: Seen) -> End | None:
    said = f": {seen.detail}" if seen.detail else "."
    if seen.phase == Phase.FAILED:
        return failed(seen, f"The target could not bring it up{said}")
    if seen.phase == Phase.CANCELED:
        return End(State.CANCELED, f"It was canceled at the target{said}")
    if seen.phase == Phase.SUPERSEDED:
        return End(State.SUPERSEDED, f"Another one took its place at the target{said}")
    if seen.phase == Phase.SUSPENDED:
        return failed(seen, f"The service is suspended at the target{said}")
    return None


def _released(seen: Seen) -> Action:
    if seen.percent < ALL and _taken_already(seen):
        return Promote(ALL)
    if seen.percent >= ALL:
        return _public(seen)
    if not seen.candidate:
        return _too_long(seen) or Wait(seen.retry_after_s)
    return _canary(seen) if seen.percent else _own_address(seen)


def _taken_already(seen: Seen) -> bool:
    """A target may give the traffic by itself."""
    return seen.phase == Phase.LIVE and (not seen.candidate or seen.traffic >= ALL)


def _own_address(seen: Seen) -> Action:
    if (
        seen.rollback or not seen.addressed
    ):  # what was healthy before need not prove it while the other one serves
        return Promote(seen.ladder[0])
    if seen.look is None:
        return Check(public=False)
    if seen.look.passed:
        return Promote(seen.ladder[0])
    if seen.now - seen.since >= seen.health_deadline_s:
        return failed(
            seen, f"It did not become healthy within {seen.health_deadline_s:.0f} s: {seen.look.detail}"
        )
    return Wait(pace.look_again_s(seen.looks))


def _canary(seen: Seen) -> Action:
    following = next(share for share in seen.ladder if share > seen.percent)
    held = seen.now - seen.since
    if not seen.addressed:
        return Promote(following) if held >= seen.hold_s else Wait(seen.hold_s - held)
    if seen.look is None:
        return Check(public=False)
    if not seen.look.passed:
        if seen.failures >= pace.CANARY_FAILURES:
            return failed(seen, f"Stopped at {seen.percent} % of the traffic: {seen.look.detail}")
        return Wait(pace.look_again_s(seen.failures))
    return Promote(following) if held >= seen.hold_s else Wait(min(pace.CANARY_LOOK_S, seen.hold_s - held))


def _public(seen: Seen) -> Action:
    if not seen.addressed:
        return GoLive()
    if seen.look is None:
        return Check(public=True)
    if seen.look.passed:
        return GoLive()
    deadline_s = min(seen.health_deadline_s, pace.PROMOTED_DEADLINE_S)
    if seen.now - seen.since >= deadline_s:
        return failed(
            seen, f"Its public address was not healthy within {deadline_s:.0f} s: {seen.look.detail}"
        )
    return Wait(pace.look_again_s(seen.looks))
