"""A choice tells its reasons, and survives storage bit for bit."""

import json
import math

from routing.choice import Choice
from routing.requirement import Requirement
from routing.router import decide
from routing.scoreboard import Scoreboard
from routing.scoring.weights import NODES
from routing.snapshot import Snapshot, Tally
from routing.tests.boards import BOTH, EIGHT_B, KIMI, ORIGINAL, catalog_of, model

BOARD = Scoreboard(ORIGINAL, providers=BOTH)


def test_the_best_three_come_with_six_nodes_each():
    """Of five models the best three are explained, each by all six nodes with weight, score and reason."""
    board = Scoreboard(catalog_of(*(model(f"m{i}", quality=i) for i in range(5))), providers=BOTH)
    choice = decide(board, Requirement("chat"))
    assert [row.model for row in choice.ranked] == ["m4", "m3", "m2"]
    assert choice.order == ("m4", "m3", "m2", "m1", "m0")
    for row in choice.ranked:
        assert [node.name for node in row.nodes] == [node.name for node in NODES]
        assert all(node.reason and 0 <= node.score <= 1 for node in row.nodes)


def test_why_names_the_leader_the_lead_and_the_node_that_made_it():
    """code/quality: kimi leads by its Quality; the sentence says so with the numbers."""
    choice = decide(BOARD, Requirement("code", "quality"))
    ahead = choice.ranked[0].total - choice.ranked[1].total
    assert choice.why.startswith(f"{KIMI.id} leads code in quality mode with {choice.ranked[0].total:.3f}")
    assert f"{ahead:.3f} ahead of" in choice.why
    assert "most of it by Quality" in choice.why


def test_why_of_an_only_model_tells_what_left_the_others_out():
    """150,000 tokens: one model is left, two were removed by their input limit."""
    why = decide(BOARD, Requirement("chat", input_tokens=150_000)).why
    assert "the only model that can take this (constraints left out 2 by input)" in why


def test_a_choice_survives_json_bit_for_bit():
    """Through JSON text and back the choice is equal in every float, also with learned state in it."""
    known = Snapshot({("chat", EIGHT_B.id): Tally(37, 31.3, confidence_sum=271.1, rated=37)})
    choice = decide(Scoreboard(ORIGINAL, known, providers=BOTH), Requirement("chat"))
    assert Choice.from_json(json.loads(json.dumps(choice.as_json()))) == choice


def test_a_stored_total_can_be_recomputed():
    """Bonus times the sum of weight x score gives the stored total to 1e-9, for every row of every mode."""
    known = Snapshot({("chat", EIGHT_B.id): Tally(50, 45)})
    board = Scoreboard(ORIGINAL, known, providers=BOTH)
    rows = [
        row
        for mode in ("speed", "quality", "cost", "balance")
        for row in decide(board, Requirement("chat", mode)).ranked
    ]
    assert len(rows) == 12
    for row in rows:
        assert abs(row.total - row.bonus * math.fsum(n.weight * n.score for n in row.nodes)) <= 1e-9


def test_a_requirement_survives_json():
    """What is stored with a decision makes the same requirement, and with it the same key, again."""
    asked = Requirement("extract", "cost", input_tokens=3_000, max_output_tokens=99, needs_json=True)
    again = Requirement.from_json(json.loads(json.dumps(asked.as_json())))
    assert (again, again.key) == (asked, asked.key)
