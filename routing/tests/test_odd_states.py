"""No state, however odd, can make a decision fail or give a number that is none."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from routing.posterior import LEAST_SHAPE
from routing.requirement import MODES, TASK_KINDS, Requirement
from routing.router import decide, evaluation, explore
from routing.rules import Rules
from routing.scoreboard import Scoreboard
from routing.snapshot import Snapshot, Tally
from routing.tests.boards import BOTH, EIGHT_B, KIMI, ORIGINAL, SEVENTY_B, catalog_of, model

odd = st.one_of(
    st.integers(-10, 10),
    st.integers(min_value=-(10**400), max_value=10**400),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([math.nan, math.inf, -math.inf, 0, -0.0, 5e-324, 1e308, 10**400, None, "7", "x", True]),
)
models = st.sampled_from([EIGHT_B.id, SEVENTY_B.id, KIMI.id, "never-heard-of", "llama-2-retired", ""])
kinds = st.sampled_from([*TASK_KINDS, "poetry", ""])
tallies = st.builds(Tally, odd, odd, odd, odd, odd, odd)
states = st.dictionaries(st.tuples(kinds, models), tallies, max_size=12).map(Snapshot)


@settings(max_examples=300, deadline=None)
@given(
    state=states, kind=st.sampled_from(TASK_KINDS), mode=st.sampled_from(MODES), minimum=st.integers(-5, 5)
)
def test_every_state_gives_a_decision_with_sound_numbers(state, kind, mode, minimum):
    """Totals are finite and between 0 and 1.1, scores between 0 and 1, all three models are ranked."""
    rules = Rules(draws=16, bonus_minimum=minimum)
    board = Scoreboard(ORIGINAL, state, providers=BOTH, rules=rules, warm=())
    for choice in (decide(board, Requirement(kind, mode)), explore(board, Requirement(kind, mode))):
        assert sorted(choice.order) == sorted([EIGHT_B.id, SEVENTY_B.id, KIMI.id])
        for row in choice.ranked:
            assert 0 <= row.total <= 1.1 + 1e-9
            assert all(0 <= node.score <= 1 for node in row.nodes)
        assert 0 < choice.propensity <= 1


@settings(max_examples=300, deadline=None)
@given(state=states, kind=kinds, name=models)
def test_every_posterior_can_be_drawn_from(state, kind, name):
    """Both parameters of a belief are finite and not vanishing, whatever the counts."""
    belief = state.posterior(kind, name)
    assert all(math.isfinite(shape) and shape >= LEAST_SHAPE for shape in belief)
    assert 0 < belief.mean < 1


@settings(max_examples=200, deadline=None)
@given(state=states)
def test_the_version_of_any_state_can_be_told(state):
    """A version is made of every state, and made alike twice."""
    first = Scoreboard(ORIGINAL, state, providers=BOTH, warm=())
    assert first.version == Scoreboard(ORIGINAL, Snapshot(dict(state.cells)), providers=BOTH, warm=()).version


@given(requests=st.integers(-5, 10**20), successes=st.floats(allow_nan=True))
def test_an_evaluation_never_fails(requests, successes):
    """Any counts can be evaluated; only every hundredth request is due."""
    assert evaluation(requests, successes).due is (requests > 0 and requests % 100 == 0)


def test_a_rating_that_is_no_number_counts_nothing():
    """A catalogue row with a NaN speed still competes, with a Speed of 0, and does not poison the order."""
    board = Scoreboard(catalog_of(model("nan", speed=math.nan), model("sound", speed=1)), providers=BOTH)
    choice = decide(board, Requirement("chat"))
    assert choice.model == "sound"
    assert (
        next(n.score for row in choice.ranked if row.model == "nan" for n in row.nodes if n.name == "Speed")
        == 0
    )
