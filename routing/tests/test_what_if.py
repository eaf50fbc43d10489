"""What other rules would have brought: from the log, with intervals, or a refusal that says what is missing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from miosa.testing.flows import providers
from routing import board, deciding, outcomes, policies, verdicts
from routing.attempt_record import AttemptRecord
from routing.knowledge import recalled
from routing.models import Decision
from routing.offpolicy.support import NoSupport
from routing.requirement import MODES, Requirement
from routing.router import decide
from routing.scoreboard import Scoreboard
from routing.scoring.weights import SIX_NODES, WeightSet
from routing.tests.history import past
from routing.what_if import Proposal, changed, what_if

GROQ = "http://127.0.0.1:9/v1"
NEED = Requirement("chat")
SPEED_ONLY = WeightSet("speed", dict.fromkeys(MODES, (0.0, 0.0, 0.9, 0.0, 0.1, 0.0)))
ENOUGH = 240
NEAR = 0.05


@pytest.fixture
def here(tenant):
    """A tenant that explores as much as it can, among the models of two providers."""
    policies.change(most_explored=1.0)
    with providers(groq=GROQ, kimi=GROQ):
        yield tenant


def lately():
    return datetime.now(UTC) - timedelta(hours=1)


def answer(decided):
    """An answer of the chosen model, at a cost."""
    return AttemptRecord(
        model=decided.choice.model, provider=decided.choice.provider, ok=True, status=200, error="",
        input_tokens=1_000, cached_tokens=0, output_tokens=500, estimated=False, latency_ms=400, first_token_ms=10,
        started_at=datetime.now(UTC),
    )  # fmt: skip


def log(count=ENOUGH, *, good=lambda _: True, need=NEED, explores=True):
    """Decisions with an answer each; `good` tells of a model whether its answers are."""
    made = []
    for _ in range(count):
        decided = deciding.decided(need, explores=explores)
        row, _ = outcomes.record(decided, [answer(decided)], execution_id=None, step_id=None, agent="")
        made.append(row)
    for row in made:
        verdicts.checked(row.pk, success=good(row.model), confidence=8.0)
    return made


def alike(board_):
    """Two models so alike to each other in what they did that the draws go to both."""
    first, second = [row.model for row in board_.entry(NEED).rows][:2]
    return first, second


def test_it_works(here):
    """Under other weights the share of one model grows; its better answers show as a gain, with an interval."""
    first, second = alike(board.current())
    past(first, [1.0, 0.0] * 4)
    past(second, [1.0, 0.0] * 4)
    board.forget()
    made = log(good=lambda model: model == second)
    proposal = Proposal(weights=_towards(second, first))
    told = what_if(proposal, since=made[0].created)
    boards = {
        version: proposal.applied(recalled(version)) for version in {row.scoreboard_version for row in made}
    }
    chance = {
        version: Scoreboard.of(known).entry(NEED).chances.get(second, 0.0)
        for version, known in boards.items()
    }
    truth = sum(chance[row.scoreboard_version] for row in made) / ENOUGH  # its answers alone are good
    value = told.whole.target.value
    assert told.whole.decisions == ENOUGH
    assert not isinstance(value, NoSupport), value.reason
    assert value.doubly_robust.low - NEAR <= truth <= value.doubly_robust.high + NEAR
    assert value.doubly_robust.high - value.doubly_robust.low < 0.5
    logged = told.whole.logged.value.doubly_robust.point
    assert logged == pytest.approx(sum(row.model == second for row in made) / ENOUGH, abs=0.02)
    assert value.difference.point == pytest.approx(value.doubly_robust.point - logged, abs=0.02)


def _towards(better, worse):
    """The weights moved a little towards the node in which one model is ahead of the other."""
    rows = {row.model: row for row in board.current().entry(NEED).rows}
    gains = [
        mine.score - theirs.score for mine, theirs in zip(rows[better].nodes, rows[worse].nodes, strict=True)
    ]
    place = max(range(4), key=gains.__getitem__)
    moved = [
        weight * 0.97 + (0.03 if number == place else 0)
        for number, weight in enumerate(SIX_NODES.by_mode["balance"])
    ]
    return WeightSet("towards", {**SIX_NODES.by_mode, "balance": tuple(moved)})


def test_the_same_rules_change_nothing(here):
    """Put to its own rules the log gives itself back: nothing changes, the difference is nothing."""
    log(120, good=lambda model: len(model) % 2 == 0)
    told = what_if(Proposal(weights=SIX_NODES), since=lately())
    assert told.whole.changed == 0
    assert told.left_out == 0
    assert told.whole.target.value.doubly_robust == told.whole.logged.value.doubly_robust
    assert told.whole.target.value.difference.point == pytest.approx(0.0)
    assert set(told.by_kind) == {"chat"}
    assert told.by_kind["chat"] == told.whole


def test_a_log_without_chance_supports_no_other_choice(here):
    """Decisions that could not have come out otherwise say nothing of another model: it refuses."""
    log(120, explores=False)
    best = board.current().entry(NEED).best.model
    told = what_if(Proposal(without=frozenset({best})), since=lately())
    assert told.whole.changed == told.whole.decisions == 120
    assert isinstance(told.whole.target.value, NoSupport)
    assert "could not have chosen" in told.whole.target.value.reason
    assert not isinstance(told.whole.logged.value, NoSupport)


def test_too_few_decisions_are_refused(here):
    """Twenty decisions are no basis."""
    log(20)
    assert "are needed" in what_if(Proposal(weights=SPEED_ONLY), since=lately()).whole.target.value.reason


def test_no_decisions_at_all_are_refused(here):
    """An empty log answers nothing, without failing."""
    told = what_if(Proposal(weights=SPEED_ONLY), since=lately())
    assert told.whole.decisions == 0
    assert isinstance(told.whole.target.value, NoSupport)
    assert told.by_kind == {}


def test_the_standing_verdict_is_the_reward(here):
    """What people say overrules what checks said, in the estimate too."""
    for row in log(110, good=lambda _: True):
        verdicts.told_by_people(row.pk, value=Decimal(0))
    told = what_if(Proposal(weights=SIX_NODES), since=lately())
    assert told.whole.logged.value.ips.point == 0.0


def test_what_cannot_be_asked_is_left_out(here):
    """Knowledge that is not kept, a prompt that cannot be read, and a proposal that leaves nobody: counted, not guessed."""
    first, second, _ = log(3)
    Decision.objects.filter(pk=first.pk).update(scoreboard_version="")
    Decision.objects.filter(pk=second.pk).update(prompt={"shifts?": {}})
    everybody = frozenset(model.id for model in board.catalog().models)
    assert what_if(Proposal(weights=SPEED_ONLY), since=lately()).left_out == 2
    assert what_if(Proposal(without=everybody), since=lately()).left_out == 3


def test_a_shared_selection_is_no_draw_of_its_own(here):
    """A task that shared another's selection is not counted as a second draw."""
    for _ in range(2):
        decided = deciding.decided(NEED, vector=[1.0, 0.0])
        outcomes.record(decided, [], execution_id=None, step_id=None, agent="")
    assert what_if(Proposal(weights=SPEED_ONLY), since=lately()).whole.decisions == 1


def test_a_provider_may_be_added(here):
    """A provider that was out of reach can be asked about: the models it adds are unsupported, and named."""
    with providers(groq=GROQ):
        log(110, need=Requirement("orchestration"))
    told = what_if(Proposal(providers=frozenset({"moonshot"})), since=lately())
    assert told.whole.changed == 110
    assert "kimi" in told.whole.target.value.reason


def test_a_preview_tells_what_would_change(here):
    """Under speed alone the fastest leads: counts by model before and after, examples with their ids."""
    made = log(30)
    now = board.current()
    fast = Scoreboard.of(replace(now.known, weights=SPEED_ONLY))
    before, after = decide(now, NEED).model, decide(fast, NEED).model
    assert before != after
    preview = changed(SPEED_ONLY, since=lately())
    assert (preview.total, preview.changed, preview.left_out) == (30, 30, 0)
    assert preview.by_model == {before: (30, 0), after: (0, 30)}
    assert {one.decision_id for one in preview.examples} <= {row.pk for row in made}
    assert {(one.before, one.after) for one in preview.examples} == {(before, after)}


def test_a_preview_of_the_products_weights(here):
    """None means the product's own weights: where they hold already nothing changes; only the newest are looked at."""
    log(30)
    assert changed(None, since=lately()).changed == 0
    assert changed(None, since=lately(), limit=10).total == 10
    assert changed(None, since=datetime.now(UTC)).total == 0


def test_a_neighbours_decisions_are_not_asked(here, other_tenant, in_tenant):
    """Each tenant's log is its own."""
    log(3)
    with in_tenant(other_tenant):
        assert what_if(Proposal(weights=SPEED_ONLY), since=lately()).whole.decisions == 0
        assert changed(SPEED_ONLY, since=lately()).total == 0
