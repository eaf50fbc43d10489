"""A part of a task is handed on to an execution below, with a share of the money, once, and no deeper than allowed."""

from dataclasses import replace

import pytest
from django.db import transaction

from agents import below, endings, executions, leases, tool_uses
from agents.below import Used
from agents.contract import NotYet
from agents.insight import events_after
from agents.models import Execution, Step, ToolUse
from agents.tests.tool_scene import again, begun, use
from agents.watching import reading
from billing import ledger

ASKED = "Count the words of: a b c"


def handed_on(bench, request=ASKED):
    """Hand a part on; return the execution that waits below."""
    with pytest.raises(NotYet, match="below it"):
        use(bench, "delegate_task", request=request)
    return Execution.objects.get(parent_id=bench.execution.pk, request=request)


def end(row, state="completed", **values):
    with transaction.atomic():
        executions.cancel_steps(row.pk)
        return endings.finished(row.pk, state, **values)


def ceilings(*rows):
    return [below.ceiling_now(row.pk) for row in rows]


def test_it_has_half_of_what_is_left_and_the_rest_comes_back(tenant):
    """The sum of both is what a person allowed, before, during and after; what was used stays off."""
    bench = begun(tenant)
    whole = below.ceiling_now(bench.execution.pk)
    assert whole > 0
    child = handed_on(bench)
    assert ceilings(bench.execution, child) == [whole - whole // 2, whole // 2]
    end(child, output="3", confidence=8)
    assert ceilings(bench.execution) == [whole]
    returned = again(tenant, bench.step).earlier()[0].returned[0]
    assert (returned.text, returned.ok, returned.data["state"]) == ("3", True, "completed")
    assert returned.origin == f"execution {child.pk} below this one"


def test_a_step_that_comes_back_opens_nothing_twice(tenant):
    """However often: the use of the tool names the execution."""
    bench = begun(tenant)
    child = handed_on(bench)
    for _ in range(3):
        with pytest.raises(NotYet):
            again(tenant, bench.step).earlier()
    assert list(Execution.objects.filter(parent_id=bench.execution.pk)) == [child]
    assert ToolUse.objects.count() == 1
    told = [one["kind"] for one in events_after(bench.execution.pk, 0).events]
    assert told.count("tool_called") == 1  # and nobody is told of it again


def test_beat_rings_for_it(tenant):
    """Nobody rings from a tool: the row is due at once."""
    child = handed_on(begun(tenant))
    first = Step.objects.get(execution=child)
    assert (first.state, first.rung) == ("ready", None)
    assert leases.claim(tenant.pk, first.pk) is not None


def test_it_goes_no_deeper_than_allowed(tenant, settings):
    """The one who asks is told; nothing is opened."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, execution_depth=1)
    bench = begun(tenant)
    child = handed_on(bench)
    deeper = again(tenant, Step.objects.get(execution=child))
    returned = use(deeper, "delegate_task", request="deeper still")
    assert (returned.ok, returned.text) == (False, "Executions lie at most 1 deep.")
    assert Execution.objects.count() == 2


def test_the_end_of_one_ends_those_below(tenant):
    """A cancellation reaches all of them."""
    bench = begun(tenant)
    child = handed_on(bench)
    grandchild = handed_on(again(tenant, Step.objects.get(execution=child)), "part of a part")
    endings.cancel(bench.execution.pk)
    states = Execution.objects.in_bulk([child.pk, grandchild.pk]).values()
    assert {one.state for one in states} == {"cancelled"}


def test_its_plan_permits_nothing_and_it_names_no_addresses(tenant):
    """What a model handed on is not a person's word."""
    child = handed_on(begun(tenant), "Deploy release 1 of shop and read https://example.com/?secret=4711")
    bench = again(tenant, Step.objects.get(execution=child))
    assert bench.changing_tools() == {}
    assert not tool_uses.was_seen(child, "https://example.com/?secret=4711", brings_in=bool)


def test_what_it_used_is_told_with_those_below(tenant, api):
    """However deep; its own stands beside, and so it does on the page."""
    bench = begun(tenant)
    child = handed_on(bench)
    grandchild = handed_on(again(tenant, Step.objects.get(execution=child)), "part of a part")
    for row, tokens, cost in ((bench.execution, 5, 10), (child, 7, 20), (grandchild, 9, 40)):
        Step.objects.filter(execution=row).update(tokens=tokens)
        ledger.post(
            "tokens", tokens, cost_micros=cost, source="test", source_id=f"{row.pk}", execution_id=row.pk
        )
    told = api.get(f"/api/v1/executions/{bench.execution.pk}").json()
    assert (told["tokens"], told["tokens_with_below"], told["cost_with_below_micros"]) == (5, 21, 70)
    assert below.used_with_below(child) == Used(1, 60, 16)
    assert below.used_with_below(grandchild) == Used(0, 40, 9)
    shown = reading.state_of(bench.execution)["execution"]["with_below"]
    assert shown == {"executions": 2, "cost_micros": 70, "tokens": 21}
    assert "with_below" not in reading.state_of(grandchild)["execution"]
    end(bench.execution)
    ended = api.get(f"/api/v1/executions/{bench.execution.pk}").json()
    assert ended["cost_with_below_micros"] - ended["cost_micros"] == 60
