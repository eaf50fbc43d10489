"""The original rule's 28 answers: seven kinds of tasks in four modes, with every total."""

from collections.abc import Iterator

import pytest

from routing.requirement import MODES, TASK_KINDS, Requirement
from routing.router import decide
from routing.scoreboard import Scoreboard
from routing.scoring.weights import SEED
from routing.tests.boards import BOTH, EIGHT_B, KIMI, ORIGINAL, SEVENTY_B

NAMES = {"8b": EIGHT_B.id, "70b": SEVENTY_B.id, "kimi": KIMI.id}

# Exact totals of the original rule; equal totals stand in the order that the tie rule gives.
GOLDEN = """
chat          | 8b 1.080 kimi .990 70b .960 | kimi 1.065 70b 1.035 8b 1.030 | 8b 1.090 70b .945 kimi .915 | 8b 1.060 kimi 1.010 70b .990
code          | 8b 1.050 kimi 1.020 70b .930 | kimi 1.095 70b 1.005 8b 1.000 | 8b 1.060 kimi .945 70b .915 | kimi 1.040 8b 1.030 70b .960
summarize     | 8b 1.080 kimi .990 70b .960 | kimi 1.065 70b 1.035 8b 1.030 | 8b 1.090 70b .945 kimi .915 | 8b 1.060 kimi 1.010 70b .990
extract       | 8b 1.080 70b .930 kimi .930 | 8b 1.030 70b 1.005 kimi 1.005 | 8b 1.090 70b .915 kimi .855 | 8b 1.060 70b .960 kimi .950
reason        | kimi 1.020 8b 1.020 70b .930 | kimi 1.095 70b 1.005 8b .970 | 8b 1.030 kimi .945 70b .915 | kimi 1.040 8b 1.000 70b .960
embedding     | 8b 1.020 kimi .930 70b .870 | kimi 1.005 8b .970 70b .945 | 8b 1.030 70b .855 kimi .855 | 8b 1.000 kimi .950 70b .900
orchestration | kimi 1.050 8b 1.020 70b .870 | kimi 1.125 8b .970 70b .945 | 8b 1.030 kimi .975 70b .855 | kimi 1.070 8b 1.000 70b .900
"""


def _cells() -> Iterator[tuple[str, str, list[tuple[str, float]]]]:
    for line in GOLDEN.strip().splitlines():
        kind, *modes = (part.strip() for part in line.split("|"))
        for mode, cell in zip(MODES, modes, strict=True):
            words = cell.split()
            yield (
                kind,
                mode,
                [(NAMES[name], float(total)) for name, total in zip(words[::2], words[1::2], strict=True)],
            )


CELLS = {(kind, mode): ranked for kind, mode, ranked in _cells()}
SEED_BOARD = Scoreboard(ORIGINAL, providers=BOTH, weights=SEED)
SIX_BOARD = Scoreboard(ORIGINAL, providers=BOTH)


def test_the_table_has_every_kind_in_every_mode():
    """28 cells: none of the seven kinds and four modes is missing."""
    assert set(CELLS) == {(kind, mode) for kind in TASK_KINDS for mode in MODES}


@pytest.mark.parametrize(("kind", "mode"), CELLS)
def test_seed_weights_give_the_golden_order_and_totals(kind, mode):
    """With the four-node weights all three models stand in the golden order with the golden totals."""
    choice = decide(SEED_BOARD, Requirement(kind, mode))
    assert [row.model for row in choice.ranked] == [name for name, _ in CELLS[kind, mode]]
    assert [row.total for row in choice.ranked] == pytest.approx(
        [total for _, total in CELLS[kind, mode]], abs=1e-9
    )


@pytest.mark.parametrize(("kind", "mode"), CELLS)
def test_six_nodes_choose_the_same_while_nothing_is_known(kind, mode):
    """History and Confidence add the same to everybody at first, so the order stays the original one."""
    choice = decide(SIX_BOARD, Requirement(kind, mode))
    assert [row.model for row in choice.ranked] == [name for name, _ in CELLS[kind, mode]]


def test_the_exact_tie_is_a_tie_and_task_fit_breaks_it():
    """reason/speed: two totals are equal to 1e-9, and the model with the better fit (9 against 6) leads."""
    first, second, _ = decide(SEED_BOARD, Requirement("reason", "speed")).ranked
    assert first.total == pytest.approx(second.total, abs=1e-9)
    assert (first.model, second.model) == (KIMI.id, EIGHT_B.id)


def test_a_long_input_leaves_only_the_model_that_can_hold_it():
    """150,000 tokens exceed the two 128,000-token models; 128,000 exactly do not."""
    assert decide(SEED_BOARD, Requirement("chat", "speed", input_tokens=150_000)).order == (KIMI.id,)
    assert len(decide(SEED_BOARD, Requirement("chat", "speed", input_tokens=128_000)).order) == 3
    assert decide(SEED_BOARD, Requirement("chat", "speed", input_tokens=128_001)).order == (KIMI.id,)
