"""The recommender proposes what recorded numbers bear, and nothing without them."""

from agents.contract import Recollection, Task
from agents.roster.recommender import execute
from agents.tests.bench import Bench

ASK = "What should we improve about our agents?"


def agent(name, total, good, *, sure=8.0, ms=1000):
    return {
        "agent": name,
        "total": total,
        "successful": good,
        "failed": total - good,
        "mean_confidence": sure,
        "mean_ms": ms,
    }


def model(name, requests, good, *, cost=None, kind="code"):
    return {
        "model": name,
        "provider": "p",
        "task_kind": kind,
        "requests": requests,
        "successes": good,
        "cost_micros": cost,
    }


def advise(agents=(), models=(), *, script=(), **options):
    bench = Bench(
        script, rows={"agent_performance": list(agents), "model_performance": list(models)}, **options
    )
    return execute(Task("1", ASK, ASK), bench)


def titles(result):
    return [one["title"] for one in result.data["proposals"]]


def test_it_works():
    """An agent that surely fails too often is proposed for rework, with its numbers."""
    result = advise([agent("development", 100, 60), agent("quality", 100, 99)])
    assert titles(result) == ["Rework the prompt or the checks of development."]
    assert "60 of 100 runs" in result.output
    assert all(one.passed for one in result.evidence)


def test_luck_is_no_reason():
    """Eight of ten may be chance; fifty of a hundred are not."""
    assert titles(advise([agent("a", 10, 8)])) == []
    assert titles(advise([agent("a", 100, 50)])) != []


def test_below_ten_runs_nothing_is_proposed():
    """Too little is recorded, and it says so."""
    result = advise([agent("a", 9, 0)])
    assert titles(result) == []
    assert "9 runs are recorded" in result.output
    assert "would be a guess" in result.output
    assert "enough runs behind every proposal" in [one.check for one in result.evidence if not one.passed]


def test_unsure_and_slow_agents_are_seen():
    """Low mean confidence and twice the time of the others are reasons."""
    found = titles(advise([agent("a", 20, 20, sure=6.0), agent("b", 20, 20, ms=5000), agent("c", 20, 20)]))
    assert "Give a a stronger model or better material." in found
    assert "Route b to a faster model or cut its questions." in found


def test_a_surely_better_and_a_cheaper_model_are_proposed():
    """Intervals that do not overlap, or half the price at nearly the same rate."""
    better = advise([agent("a", 10, 10)], [model("x", 200, 100), model("y", 100, 95)])
    assert "Prefer y for code." in titles(better)
    cheaper = advise(
        [agent("a", 10, 10)], [model("x", 200, 190, cost=200_000), model("y", 200, 188, cost=2_000)]
    )
    assert titles(cheaper) == ["Try y for code where cost matters."]
    assert titles(advise([agent("a", 10, 10)], [model("x", 200, 180), model("y", 200, 181)])) == []


def test_patterns_that_worked_are_passed_on():
    """Only similar tasks with a good result count."""
    memories = [
        Recollection("Sort our agents", "", "quality", 0.9, 8.5),
        Recollection("Something else", "", "quality", 0.3, 9.0),
        Recollection("A failure", "", "quality", 0.9, 3.0),
    ]
    assert advise(memories=memories).data["patterns"] == ["Sort our agents"]


def test_a_strong_model_may_propose_on_these_numbers_only():
    """A line with a number of its own is dropped."""
    script = "- Rework development first, 60 of 100.\n- Expect 300 percent more."
    result = advise([agent("development", 100, 60)], script=script, strong=True)
    assert result.data["ideas"] == ["Rework development first, 60 of 100."]
