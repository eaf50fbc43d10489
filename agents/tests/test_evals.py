"""The evaluation sets: what they hold, what they score, and when they end with 1."""

import io
import json
from xml.etree import ElementTree as ET

import pytest
from django.core.management import CommandError, call_command

from agents.evals import baseline
from agents.evals.cases import LEAST_CASES, Case, agents_with_sets, cases_of
from agents.evals.expectations import PROPERTIES
from agents.evals.running import Scored
from agents.registry_kinds import AgentKind

QUICK = ("ai_providers", "monitoring", "recommender")  # no sandbox, no model


def evals(*arguments):
    out, code = io.StringIO(), 0
    try:
        call_command("evals", "run", *map(str, arguments), stdout=out)
    except SystemExit as left:
        code = int(left.code or 0)
    return out.getvalue(), code


def test_every_agent_has_a_set():
    """Of at least five cases with names of their own and properties that exist."""
    assert set(agents_with_sets()) == set(AgentKind)
    for agent in agents_with_sets():
        cases = cases_of(agent)
        assert len({case.name for case in cases}) == len(cases) >= LEAST_CASES
        for case in cases:
            assert case.expects, case.name
            assert {name for row in case.expects for name in row} <= set(PROPERTIES), case.name


def test_what_ships_is_held():
    """The agents of this version score what the baseline says."""
    said, code = evals(*QUICK)
    assert code == 0, said
    assert "worse" not in said


def test_a_regression_ends_with_one(tmp_path):
    """A case below its baseline is named in the table's last lines and fails in the JUnit file."""
    stored, junit = tmp_path / "baseline.json", tmp_path / "junit.xml"
    evals("orchestrator", "--baseline", stored, "--update-baseline")
    scores = json.loads(stored.read_text())
    assert scores["none"]["orchestrator"]["models"] == 1.0
    scores["none"]["orchestrator"] = dict.fromkeys(scores["none"]["orchestrator"], 1.0)
    scores["none"]["orchestrator"]["a roadmap"] = 1.5
    stored.write_text(json.dumps(scores))
    said, code = evals("orchestrator", "--baseline", stored, "--junit", junit)
    assert code == 1
    assert "worse: orchestrator: a roadmap 1.50 → 1.00" in said
    suite = ET.parse(junit).getroot().find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("6", "1", "0")
    assert [one.get("name") for one in suite.findall("testcase") if one.find("failure") is not None] == [
        "a roadmap"
    ]


def test_a_first_run_has_nothing_to_fall_from(tmp_path):
    """Without a baseline everything is shown and nothing is worse."""
    said, code = evals("monitoring", "--baseline", tmp_path / "none.json")
    assert code == 0
    assert "–" in said


def test_what_is_not_there_is_a_misuse(tmp_path):
    """An unknown agent, and a file that holds something else."""
    with pytest.raises(CommandError, match="No set of nobody"):
        evals("nobody")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(CommandError, match="holds no scores"):
        evals("monitoring", "--baseline", tmp_path / "list.json")


def scored(*scores):
    return [
        Scored(Case("quality", f"case {number}", ""), score, (), 0.1) for number, score in enumerate(scores)
    ]


def before(*scores):
    return {"quality": {f"case {number}": score for number, score in enumerate(scores)}}


def test_without_a_model_nothing_may_fall():
    """There is no chance in it."""
    (row,) = baseline.compare(scored(1.0, 0.9), before(1.0, 1.0), model="none")
    assert "case 1 1.00 → 0.90" in row.worse


def test_with_a_model_one_case_may_fall():
    """One of eight by luck; but not most of them, nor all by a little more than chance."""
    held = before(*[1.0] * 8)
    assert not baseline.compare(scored(0.5, *[1.0] * 7), held, model="built-in")[0].worse
    assert baseline.compare(scored(*[0.5] * 5, *[1.0] * 3), held, model="built-in")[0].worse
    assert baseline.compare(scored(*[0.9] * 8), held, model="built-in")[0].worse


def test_what_was_skipped_is_not_compared():
    """A machine without a sandbox is not a regression."""
    (row,) = baseline.compare(scored(None, 1.0), before(1.0, 1.0), model="none")
    assert (row.cases, row.skipped, row.worse) == (1, 1, "")
