"""The smallest change that would have chosen another model: it does, and a smaller one does not."""

import math
import re
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from routing.choice import NodeScore, Ranked
from routing.flip import Ground, leading, moved, smallest_flip, with_weights
from routing.requirement import MODES, Requirement
from routing.router import decide
from routing.rules import Rules
from routing.scoreboard import Scoreboard
from routing.scoring.weights import NODES, SEED, SIX_NODES, WeightSet
from routing.snapshot import EMPTY, Snapshot, Tally
from routing.tests.boards import BOTH, EIGHT_B, KIMI, ORIGINAL, SEVENTY_B, catalog_of, model

QUIET = Rules(draws=0)
LESS = 0.99  # of a change
FINEST = 1e-14  # below this 99 % of a change between floats near 1 may be the same float: any difference turns a tie
READABLE = 1e-7
NUMBER = st.integers(0, 100).map(lambda tenths: tenths / 10)
NAMES = ("a", "b", "c", "d", "e")


def board_of(catalog, snapshot=EMPTY, *, weights=SIX_NODES, rules=QUIET):
    return Scoreboard(catalog, snapshot, providers=BOTH, weights=weights, rules=rules, warm=())


def flip_of(board, need, **given_):
    rows = board.entry(need).rows
    known = board.known
    ground = Ground(need.mode, need.area, known.weights.by_mode, known.rules, known.snapshot)
    return rows, smallest_flip(rows, ground, chosen=rows[0].model, **given_)


def after(rows, flip, *, part=1.0):
    """Who leads when a score or weight moves by a part of the change, added up here by the formula alone."""
    to = flip.before + (flip.after - flip.before) * part if part < 1 else flip.after
    totals = {}
    for row in rows:
        weights = [node.weight for node in row.nodes]
        scores = [node.score for node in row.nodes]
        place = [node.name for node in row.nodes].index(flip.node)
        if flip.by == "weight":
            weights = moved(weights, place, to)
        elif row.model == flip.of:
            scores[place] = to
        total = row.bonus * math.fsum(w * s for w, s in zip(weights, scores, strict=True))
        totals[row.model] = (-round(total, 9), -scores[0], row.model)
    return min(totals, key=totals.__getitem__)


def test_it_works():
    """code/quality: kimi leads by Quality; the change is named with its numbers, and it makes another lead."""
    rows, flip = flip_of(board_of(ORIGINAL), Requirement("code", "quality"))
    assert rows[0].model == KIMI.id
    assert flip.model in {SEVENTY_B.id, EIGHT_B.id}
    assert flip.words.startswith(f"{flip.model} would have been chosen with ")
    assert flip.as_json()["from"] == flip.before
    assert flip.as_json()["to"] == flip.after
    assert flip.as_json().keys() == {"model", "by", "words", "of", "node", "share", "from", "to"}


@st.composite
def situations(draw):
    """Two to five models with any ratings and records, any mode, the product's weights or others."""
    names = NAMES[: draw(st.integers(2, len(NAMES)))]
    catalog = catalog_of(
        *(
            model(
                name, quality=draw(NUMBER), speed=draw(NUMBER), cost=draw(NUMBER), fit={"chat": draw(NUMBER)}
            )
            for name in names
        )
    )
    cells = {
        ("chat", name): Tally(n, n * draw(NUMBER) / 10, 8.0 * n, n)
        for name in names
        if (n := draw(st.integers(0, 60)))
    }
    shares = draw(st.lists(st.integers(0, 9), min_size=len(NODES), max_size=len(NODES)))
    weights = SIX_NODES
    if sum(shares):
        weights = WeightSet("any", dict.fromkeys(MODES, tuple(s / sum(shares) for s in shares)), raw=True)
    return board_of(catalog, Snapshot(cells), weights=draw(st.sampled_from([weights, SIX_NODES])))


@settings(max_examples=150, deadline=None)
@given(board=situations(), mode=st.sampled_from(MODES))
def test_the_change_makes_another_lead_and_a_smaller_one_does_not(board, mode):
    """A score or weight at its new value puts the named model first; 99 % of the way the old one still leads."""
    rows, flip = flip_of(board, Requirement("chat", mode))
    assume(flip.by in {"score", "weight"})
    assert after(rows, flip) == flip.model != rows[0].model
    if flip.share > FINEST:
        assert after(rows, flip, part=LESS) == rows[0].model
    assert flip.share == pytest.approx(abs(flip.after - flip.before))


@settings(max_examples=150, deadline=None)
@given(board=situations(), mode=st.sampled_from(MODES), seed=st.randoms(use_true_random=False))
def test_no_other_score_flips_it_with_less(board, mode, seed):
    """Whatever single score is moved by less than the change that was found, the leader stays."""
    rows, flip = flip_of(board, Requirement("chat", mode))
    less = (1.0 if flip.model is None else flip.share) * LESS - FINEST
    assume(less > 0)
    row, place = seed.choice(rows), seed.randrange(len(NODES))
    score = min(1.0, max(0.0, row.nodes[place].score + seed.choice([-less, less])))
    nodes = [*row.nodes]
    nodes[place] = nodes[place]._replace(score=score)
    total = row.bonus * math.fsum(node.weight * node.score for node in nodes)
    others = [one for one in rows if one is not row]
    assert leading([*others, row._replace(total=total, nodes=tuple(nodes))]).model == rows[0].model


@settings(max_examples=200, deadline=None)
@given(board=situations(), mode=st.sampled_from(MODES))
def test_it_breaks_ties_as_the_board_does(board, mode):
    """Put in any order, the rows of a board are led by the one the board puts first."""
    rows = board.entry(Requirement("chat", mode)).rows
    assert leading(rows[::-1]) == rows[0]


@settings(max_examples=100, deadline=None)
@given(board=situations(), here=st.sampled_from(MODES), there=st.sampled_from(MODES))
def test_rows_under_other_weights_are_the_rows_of_a_board_with_them(board, here, there):
    """Weights put into stored rows give, to the bit, what a board of that mode says."""
    moved_rows = with_weights(board.entry(Requirement("chat", here)).rows, board.known.weights.by_mode[there])
    assert leading(moved_rows) == board.entry(Requirement("chat", there)).rows[0]


def test_an_exact_tie_needs_next_to_nothing():
    """reason/speed of the golden table: equal totals, told apart by task fit; a billionth turns them."""
    rows, flip = flip_of(board_of(ORIGINAL, weights=SEED), Requirement("reason", "speed"))
    assert rows[0].model == KIMI.id
    assert (flip.model, flip.by) == (EIGHT_B.id, "score")
    assert 0 < flip.share < 1e-8
    assert after(rows, flip) == EIGHT_B.id


def test_an_only_model_has_no_flip():
    """With one candidate the answer is a reason, not a number."""
    _, flip = flip_of(board_of(ORIGINAL), Requirement("chat", input_tokens=150_000))
    assert (flip.model, flip.by, flip.after) == (None, "nothing", None)
    assert "the only model" in flip.words


def test_where_nothing_helps_it_says_so():
    """No node counts, and even an equal task fit leaves the order of the ids: nothing puts the second first."""
    rows = [
        Ranked(name, "groq", 0.0, 1.0, tuple(NodeScore(node.name, 0.0, fit, "") for node in NODES))
        for name, fit in (("a", 1.0), ("b", 0.0))
    ]
    flip = smallest_flip(rows, Ground("balance"), chosen="a")
    assert (flip.model, flip.by) == (None, "nothing")
    assert "No one score" in flip.words


def test_a_tried_model_was_chosen_by_the_draw():
    """Where the choice is not the leader, the draw made it; without exploring the leader would have been chosen."""
    rows = board_of(ORIGINAL).entry(Requirement("code")).rows
    flip = smallest_flip(rows, Ground("balance"), chosen=rows[2].model, draw=17)
    assert (flip.model, flip.by, flip.before) == (rows[0].model, "draw", 17)


def test_a_history_comes_with_an_example_that_holds():
    """So many more successes in a row as the words say give the History that was asked for, and one less does not."""
    catalog = catalog_of(model("a"), model("b"))
    counts = {("chat", "a"): Tally(50, 40), ("chat", "b"): Tally(50, 36)}
    weights = WeightSet("history", dict.fromkeys(MODES, (0.0, 0.0, 0.0, 0.0, 1.0, 0.0)))
    board = board_of(catalog, Snapshot(counts), weights=weights, rules=replace(QUIET, bonus=1.0))
    _, flip = flip_of(board, Requirement("chat"))
    assert flip.node == "History"
    number = int(flip.words.partition("e.g. ")[2].partition(" ")[0])
    rising = flip.of == "b"
    tally = counts["chat", flip.of]

    def leader(outcomes):
        more = Tally(outcomes, outcomes if rising else 0)
        known = board.known.snapshot.with_cell("chat", flip.of, tally + more)
        return decide(board.updated(known, warm=()), Requirement("chat")).model

    assert leader(number) == flip.model
    assert leader(number - 1) == "a"


def test_the_bonus_is_a_change_by_the_distance_from_its_threshold():
    """A rate of 0.80 exactly has no bonus; the model that a bonus would put first is named with its record."""
    catalog = catalog_of(model("a", quality=6), model("b", quality=5))
    board = board_of(catalog, Snapshot({("code", "b"): Tally(100, 80)}))
    rows, flip = flip_of(board, Requirement("chat"))
    assert rows[0].model == "a"
    assert (flip.by, flip.of, flip.after) == ("bonus", "b", board.known.rules.bonus)
    assert flip.share == pytest.approx(0.0)
    assert "0.800 were in 100" in flip.words


def test_another_mode_is_as_large_as_the_weight_it_moves():
    """Two models at their ends in Speed and Cost: cost mode turns them, by the share of weight that moves."""
    catalog = catalog_of(model("fast", speed=10, cost=0), model("cheap", speed=0, cost=10))
    board = board_of(catalog)
    rows = board.entry(Requirement("chat", "balance")).rows
    ground = Ground("balance", "chat", {"cost": SIX_NODES.by_mode["cost"]})
    flip = smallest_flip(rows, ground, chosen="fast")
    moved_weight = sum(
        abs(a - b) for a, b in zip(SIX_NODES.by_mode["balance"], SIX_NODES.by_mode["cost"], strict=True)
    )
    assert flip.share <= moved_weight / 2
    assert decide(board, Requirement("chat", "cost")).model == "cheap"


@settings(max_examples=150, deadline=None)
@given(board=situations(), mode=st.sampled_from(MODES))
def test_what_is_read_holds_true(board, mode):
    """The number in the words, put in as it is read, takes the lead away, if it is no change of a billionth.

    A score gives it to the named model; a weight that is a little farther may already give it to a third.
    """
    rows, flip = flip_of(board, Requirement("chat", mode))
    assume(flip.by in {"score", "weight"} and flip.share > READABLE)
    shown = float(re.findall(r"(?:at|weight of) ([0-9.]+) instead", flip.words)[0])
    leader = after(rows, replace(flip, after=shown))
    assert leader == flip.model if flip.by == "score" else leader != rows[0].model
