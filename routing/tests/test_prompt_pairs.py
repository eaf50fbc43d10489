"""The benchmark of two-model sets: its measures, its halves, and what it does when files are missing."""

import csv
import gzip
import random

import numpy as np
import pytest

from benchmarks.quality.pairs import STRONG, WEAK, Row, apgr, cpt, pair_sets, ranked

COUNT = 300


def write(folder, name):
    """A set in which arithmetic is hard for the weak model and small talk is not."""
    draw = random.Random(name)
    with gzip.open(folder / f"{name}.csv.gz", "wt", encoding="utf-8", newline="") as lines:
        rows = csv.writer(lines)
        rows.writerow(["prompt", "task", WEAK, STRONG])
        for number in range(COUNT):
            hard = draw.random() < 0.5
            prompt = (
                f"Divide {number} by {number + 7}"
                if hard
                else f"Say hello to visitor {chr(97 + number % 26)}{number}"
            )
            rows.writerow(
                [prompt, "sums" if hard else "talk", int(draw.random() < (0.2 if hard else 0.9)), 1]
            )


def test_it_works(tmp_path):
    """On a set with a plain difference the prompt alone recovers nearly what the task does, and chance does not."""
    write(tmp_path, "routellm_gsm8k")
    (result,) = pair_sets(tmp_path).values()
    assert result.taught + result.scored == COUNT
    assert min(result.prompt.apgr.low, result.task.apgr.low) > 0.6
    assert result.random.apgr.low < 0.5 < result.random.apgr.high
    assert result.prompt.apgr.low <= result.summary["apgr_prompt"] <= result.prompt.apgr.high


def test_it_names_missing_files(tmp_path, capsys):
    """A set without its file is left out by name, and none at all is an error."""
    write(tmp_path, "routellm_gsm8k")
    assert list(pair_sets(tmp_path)) == ["routellm_gsm8k"]
    assert "routellm_mmlu" in capsys.readouterr().err
    with pytest.raises(FileNotFoundError, match="routellm_mmlu"):
        pair_sets(tmp_path / "elsewhere")


def test_a_question_lies_in_one_half():
    """Case and blanks do not move a question to the other half, and the halves are about as large."""
    rows = [Row(f"question {number}", "t", {}) for number in range(400)]
    assert all(row.teaches is Row(f" Question\n{row.prompt[9:]} ", "t", {}).teaches for row in rows)
    assert 150 < sum(row.teaches for row in rows) < 250


def test_measures_by_hand():
    """Three prompts, one gain: first, the area is 5/6 and a third of the calls suffice; last, 1/6 and all."""
    first, last = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])
    assert apgr(first) == pytest.approx(5 / 6)
    assert apgr(last) == pytest.approx(1 / 6)
    assert cpt(first, 0.8) == pytest.approx(100 / 3)
    assert cpt(last, 0.5) == pytest.approx(100)


def test_no_lead_is_no_number():
    """Where the strong model is no better there is nothing to recover."""
    assert np.isnan(ranked(np.arange(4.0), np.zeros(4)).apgr.value)
