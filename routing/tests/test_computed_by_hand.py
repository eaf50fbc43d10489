"""docs/routing.md computes one score by hand; the product computes the same."""

import math
import re
from pathlib import Path

import pytest

from routing.catalog_file import load
from routing.requirement import Requirement
from routing.router import decide
from routing.rules import Rules
from routing.scoreboard import Scoreboard
from routing.snapshot import Snapshot, Tally

DOCS = (Path(__file__).parents[2] / "docs" / "routing.md").read_text()
MODEL = "openai/gpt-oss-20b"
ROW = re.compile(r"^\| (\w+) \| .* = (\.\d+|1\.000) \| (\.\d+) \| (\.\d+) \|$", re.MULTILINE)


def _choice():
    known = Snapshot({("chat", MODEL): Tally(12, 9, confidence_sum=84.0, rated=12)})
    board = Scoreboard(load(), known, providers={"groq", "moonshot", "local"}, rules=Rules(draws=0))
    return next(row for row in board.entry(Requirement("chat")).rows if row.model == MODEL)


def test_the_page_holds_what_the_product_computes():
    """Each node's score, weight and part in the table, and the total, are the product's to the last digit shown."""
    told = {name: tuple(map(float, numbers)) for name, *numbers in ROW.findall(DOCS)}
    row = _choice()
    assert set(told) == {node.name for node in row.nodes}
    for node in row.nodes:
        score, weight, part = told[node.name]
        assert node.score == pytest.approx(score, abs=0.0005), node.name
        assert node.weight == pytest.approx(weight, abs=0.000005), node.name
        assert node.part == pytest.approx(part, abs=0.000005), node.name
    (total,) = map(float, re.findall(r"\| \| \| total \| (\.\d+) \|", DOCS))
    assert row.total == pytest.approx(total, abs=0.000005)
    assert total == pytest.approx(math.fsum(part for *_, part in told.values()), abs=0.00002)


def test_history_follows_from_the_four_numbers_of_its_reason():
    """(prior rate x its strength + right) / (strength + requests), with the numbers that the page quotes."""
    row = _choice()
    history = next(node for node in row.nodes if node.name == "History")
    right, asked, rate, strength = map(
        float,
        re.search(
            r"(\d+) of (\d+) right in chat; ([\d.]+) is expected beforehand, worth ([\d.]+)", history.reason
        ).groups(),
    )
    assert (rate * strength + right) / (strength + asked) == pytest.approx(history.score, abs=0.0005)
    assert f"{rate:.3f} is expected beforehand, worth {strength:.2f} outcomes" in DOCS


def test_the_weights_of_the_page_are_the_products():
    """The table of modes shows every weight to four digits."""
    from routing.scoring.weights import SIX_NODES

    for mode, weights in SIX_NODES.by_mode.items():
        (line,) = re.findall(rf"^\| {mode} \| (.+) \|$", DOCS, re.MULTILINE)
        assert [float(cell) for cell in line.split(" | ")] == pytest.approx(list(weights), abs=0.00005)


def test_a_decision_leads_with_the_highest_total():
    """The total of the page is one of the ranking that decides."""
    known = Snapshot({("chat", MODEL): Tally(12, 9, confidence_sum=84.0, rated=12)})
    board = Scoreboard(load(), known, providers={"groq"}, rules=Rules(draws=0))
    rows = board.entry(Requirement("chat")).rows
    assert decide(board, Requirement("chat")).model == max(rows, key=lambda row: row.total).model
