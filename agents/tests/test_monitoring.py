"""Monitoring reports recorded numbers against thresholds, and nothing where nothing is recorded."""

import pytest

from agents.contract import Handover, Task
from agents.roster import deployment
from agents.roster.monitoring import execute
from agents.tests.bench import Bench

HEALTH = [{"name": "database", "ok": True, "detail": "PostgreSQL 18"}]


def run(status="completed", ms=1000, confidence=8.0, cost=10, error=""):
    return {
        "status": status,
        "execution_ms": ms,
        "confidence": confidence,
        "cost_micros": cost,
        "error": error,
    }


def watch(rows, *, handovers=(), script=(), **options):
    return execute(
        Task("1", "How is it?", "How is it?", handovers=handovers), Bench(script, rows=rows, **options)
    )


def alerts(rows):
    return [one["what"] for one in watch(rows).data["alerts"]]


def test_it_works():
    """Counts, percentiles, confidence and cost are those of the rows."""
    rows = [run(ms=n * 1000) for n in range(1, 20)] + [run("failed", 20_000, error="Boom\ntrace")]
    result = watch({"health": HEALTH, "recent_executions": rows})
    figures = result.data["figures"]
    assert (figures["p50_ms"], figures["p95_ms"], figures["cost_micros"]) == (10_000, 19_000, 200)
    assert figures["failed_share"] == 0.05
    assert "20 recorded: 19 completed, 1 failed" in result.output
    assert "error seen 1 times: Boom" in result.output
    assert "No threshold is exceeded." in result.output
    assert all(one.passed for one in result.evidence)


@pytest.mark.parametrize(("failures", "alarm"), [(2, False), (3, True)])
def test_one_in_ten_may_fail(failures, alarm):
    """Exactly a tenth raises no alarm, more does."""
    rows = [run() for _ in range(20 - failures)] + [run("failed") for _ in range(failures)]
    assert ("failed executions" in alerts({"recent_executions": rows})) is alarm


@pytest.mark.parametrize(("ms", "alarm"), [(60_000, False), (60_001, True)])
def test_a_minute_is_the_limit(ms, alarm):
    """The 95th percentile itself may be a minute."""
    assert ("the 95th percentile of execution time" in alerts({"recent_executions": [run(ms=ms)]})) is alarm


def test_sick_parts_and_weak_agents_raise_alerts():
    """What is not well, what fails and what is unsure is named; unknown is not well and not sick."""
    health = [{"name": "broker", "ok": False, "detail": ""}, {"name": "cache", "ok": None}]
    agents = [
        {
            "agent": "development",
            "total": 20,
            "successful": 15,
            "failed": 5,
            "mean_confidence": 6.5,
            "mean_ms": 900,
        },
        {
            "agent": "quality",
            "total": 3,
            "successful": 0,
            "failed": 3,
            "mean_confidence": 1.0,
            "mean_ms": None,
        },
    ]
    result = watch(
        {"health": health, "agent_performance": agents, "recent_executions": [run(confidence=3.0)]}
    )
    assert [one["what"] for one in result.data["alerts"]] == [
        "broker",
        "executions of low confidence",
        "agent development fails",
        "agent development mean confidence",
    ]
    assert "cache: unknown" in result.output
    assert "quality: 0 of 3 succeeded, confidence 1.0, unknown each" in result.output


def test_nothing_recorded_is_said():
    """No facts, no figures; the evidence says that there was nothing to read."""
    result = watch({})
    assert "Nothing is recorded yet" in result.output
    assert "facts were there to read" in [one.check for one in result.evidence if not one.passed]


def test_two_states_get_two_reports():
    """The report follows the rows."""
    assert (
        watch({"recent_executions": [run()]}).output != watch({"recent_executions": [run("failed")]}).output
    )


def test_numbers_that_do_not_add_up_are_found():
    """More results than runs cannot be right."""
    agents = [{"agent": "a", "total": 1, "successful": 1, "failed": 1}]
    assert "the numbers add up" in [
        one.check for one in watch({"agent_performance": agents}).evidence if not one.passed
    ]


def test_what_was_just_shipped_gets_a_watch_list():
    """Port and stores come from the recipe."""
    request = "Deploy my Flask app with postgres"
    made = deployment.execute(Task("1", request, request), Bench())
    handed = Handover("deployment", "deployment", "", made.output, made.data)
    result = watch({"health": HEALTH}, handovers=(handed,))
    assert "port 8000 answers" in result.output
    assert "postgres: disk use" in result.output


def test_a_strong_model_may_say_what_comes_first():
    """A sentence of the report's own words is added; one with other numbers is dropped."""
    rows = {"recent_executions": [run("failed")]}
    good = watch(rows, script="Failed executions need attention.", strong=True)
    assert "_Failed executions need attention._" in good.output
    assert "97" not in watch(rows, script="Failed executions rose by 97 percent.", strong=True).output
