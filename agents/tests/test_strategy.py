"""Strategy brings every requirement into one phase, in an order that holds, and makes up no time."""

import json

from agents.contract import Handover, Task
from agents.roster import analysis
from agents.roster.strategy import execute
from agents.tests.bench import Bench, away

LAUNCH = "Plan the launch of our mobile app within 6 weeks:\n- beta with 50 users\n- app store review\n- marketing campaign\n- payment by Stripe must be tested before the beta"


def analysed(request):
    made = analysis.execute(Task("1", request, request), Bench(away))
    return (Handover("analysis", "analysis", "", made.output, made.data),)


def plan(request, script=away, *, handovers=None, **options):
    bench = Bench(script, **options)
    given = analysed(request) if handovers is None else handovers
    return execute(Task("1", request, request, handovers=given), bench)


def test_it_works():
    """Each requirement but the goal itself has one phase; phases rest on each other; the given time is divided."""
    result = plan(LAUNCH)
    placed = [key for phase in result.data["phases"] for key in phase["requirements"]]
    assert sorted(placed) == ["R2", "R3", "R4", "R5", "R6"]
    assert [phase["name"] for phase in result.data["phases"]][-1] == "Release"
    assert all(phase["share"].endswith("of 6 weeks") for phase in result.data["phases"])
    assert result.success
    assert all(one.passed for one in result.evidence)


def test_no_time_is_made_up():
    """Without a time in the request none is stated; a limit of the product is no time of the project."""
    result = plan("Build a library app. Loans must be returned within 30 days. Each book has a title.")
    assert all(phase["share"] == "" for phase in result.data["phases"])
    assert "gives no time" in result.output


def test_two_requests_get_two_roadmaps():
    """Phases follow the requirements."""
    assert (
        plan(LAUNCH).data["phases"]
        != plan("Plan the migration of our data to Postgres, with a test").data["phases"]
    )


def test_without_an_analysis_it_finds_the_requirements_itself():
    """And says in its evidence that none was handed over."""
    result = plan(LAUNCH, handovers=())
    assert result.success
    assert [one.check for one in result.evidence if not one.passed] == ["an analysis was handed over"]
    assert result.next_agent == "analysis"


def test_nothing_to_plan_is_said():
    """An empty request has no roadmap."""
    assert plan("...", handovers=()).error == "the request names nothing that could be planned"


def phases(*rows):
    made = [
        {"name": n, "goal": "do it", "requirements": list(r), "milestone": "it can be seen"} for n, *r in rows
    ]
    return json.dumps({"phases": made})


def test_a_strong_model_plans_where_its_plan_holds():
    """Every id once: taken. One forgotten, one invented, no JSON: the rules plan."""
    good = plan(LAUNCH, phases(("One", "R2", "R3"), ("Two", "R4", "R5", "R6")), strong=True)
    assert good.data["method"] == "model"
    assert [phase["name"] for phase in good.data["phases"]] == ["One", "Two"]
    for bad in (
        phases(("One", "R2")),
        phases(("One", "R2", "R3", "R4", "R5", "R6", "R9")),
        "nothing",
        '{"phases": []}',
        away,
    ):
        assert plan(LAUNCH, bad, strong=True).data["method"] == "rules"
