"""The table of weights: what sums to what, and what is refused."""

import math

import pytest

from routing.requirement import MODES
from routing.scoring.weights import CONFIDENCE_WEIGHT, HISTORY_WEIGHT, NODES, SEED, SIX_NODES, WeightSet

ROUNDED = {
    "speed": (0.1731, 0.1731, 0.2885, 0.1154, 0.15, 0.10),
    "quality": (0.1731, 0.3173, 0.1442, 0.1154, 0.15, 0.10),
    "cost": (0.1731, 0.1442, 0.1442, 0.2885, 0.15, 0.10),
    "balance": (0.1731, 0.2308, 0.2019, 0.1442, 0.15, 0.10),
}


@pytest.mark.parametrize("mode", MODES)
def test_six_weights_sum_to_one(mode):
    """In every mode the six weights sum to 1 within 1e-12."""
    assert abs(math.fsum(SIX_NODES.by_mode[mode]) - 1) <= 1e-12


@pytest.mark.parametrize("mode", MODES)
def test_six_weights_are_the_published_ones_unrounded(mode):
    """Each weight rounds to the documented four digits, and a catalogue weight is its share x (1-h-c)/1.3 exactly."""
    assert tuple(round(weight, 4) for weight in SIX_NODES.by_mode[mode]) == ROUNDED[mode]
    scale = (1 - HISTORY_WEIGHT - CONFIDENCE_WEIGHT) / 1.3
    expected = [node.share(mode) * scale for node in NODES if not node.learned]
    assert list(SIX_NODES.by_mode[mode][:4]) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("mode", MODES)
def test_the_seed_set_is_raw_and_sums_to_1_3(mode):
    """The original four nodes sum to 1.3 and give History and Confidence no weight."""
    assert math.fsum(SEED.by_mode[mode]) == pytest.approx(1.3, abs=1e-12)
    assert SEED.by_mode[mode][4:] == (0.0, 0.0)


def test_a_set_that_does_not_sum_to_one_is_refused():
    """A weight moved by 1e-9 is enough for the set to be refused, with mode and sum in the message."""
    wrong = dict(SIX_NODES.by_mode) | {"cost": (*SIX_NODES.by_mode["cost"][:5], 0.1 + 1e-9)}
    with pytest.raises(ValueError, match="cost: they sum to 1"):
        WeightSet("mine", wrong)


@pytest.mark.parametrize("bad", [(1.0,), (0.5, 0.5, 0.5, -0.5, 0, 0), (math.nan, 0, 0, 0, 0, 1)])
def test_a_set_of_wrong_length_or_sign_is_refused(bad):
    """Each node needs one weight, none negative, none NaN."""
    with pytest.raises(ValueError, match="one weight of 0 or more per node"):
        WeightSet("mine", dict.fromkeys(MODES, bad))
