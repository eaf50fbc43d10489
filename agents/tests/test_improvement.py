"""A result below the threshold leaves one lesson, with a cause and a proposal from what was found."""

import pytest
from django.db import transaction

from agents import executions, improvement, leases
from agents.models import Lesson, Step

FAILED = {"check": "its tests pass", "passed": False, "weight": 2.0, "detail": "1 of 3 failed"}
LIGHT = {"check": "has the right length", "passed": False, "weight": 0.1, "detail": ""}
PASSED = {"check": "it parses", "passed": True, "weight": 1.0, "detail": ""}


def weak(tenant, evidence, **values):
    execution = executions.open_execution("Do it", ceiling_micros=0, requested_by="user:test")
    step = execution.steps.get()
    held = leases.claim(tenant.pk, step.pk, versions='{"orchestrator": "abc"}')
    result = {"success": True, "confidence": 3, "evidence": evidence, "model": "m"}
    return executions.complete(held, result | values, told={})


def studied(step):
    improvement.study(improvement.queue(step))
    return Lesson.objects.get(step=step)


def test_it_queues_a_step_once(tenant):
    """However often it is asked for."""
    step = weak(tenant, [FAILED])
    assert improvement.queue(step)
    assert improvement.queue(step) is None
    assert Lesson.objects.count() == 1


def test_it_names_the_heaviest_failed_check(tenant):
    """The cause is the finding that moved the confidence most."""
    lesson = studied(weak(tenant, [PASSED, LIGHT, FAILED]))
    assert "its tests pass" in lesson.cause
    assert "1 of 3 failed" in lesson.cause
    assert lesson.state == Lesson.State.STUDIED


def test_it_tells_a_habit_from_an_accident(tenant):
    """A check that is failed often asks for another prompt, one failed once for another try."""
    for _ in range(9):
        weak(tenant, [PASSED])
    accident = studied(weak(tenant, [FAILED]))
    assert "ask once more" in accident.proposal
    for _ in range(8):
        weak(tenant, [FAILED])
    habit = studied(weak(tenant, [FAILED]))
    assert "change its prompt (version abc)" in habit.proposal
    assert habit.evidence["share_of_recent_results_failing"]["its tests pass"] == pytest.approx(
        10 / 19, abs=0.001
    )


def test_it_blames_the_record_where_no_check_failed(tenant):
    """A weak model with nothing wrong is compared with another."""
    assert "another model" in studied(weak(tenant, [PASSED])).proposal


def test_it_studies_once(tenant):
    """A second message changes nothing."""
    lesson = studied(weak(tenant, [FAILED]))
    improvement.study(lesson.pk)
    assert Lesson.objects.get().studied == lesson.studied


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_it_rings_again_for_a_lost_message(tenant):
    """A queued lesson whose message was lost is found; a studied one is not."""
    with transaction.atomic():
        lesson_id = improvement.queue(weak(tenant, [FAILED]))
    assert improvement.due() == []
    Lesson.objects.update(rung=None)
    assert improvement.due() == [(tenant.pk, lesson_id)]
    assert improvement.due() == []
    improvement.study(lesson_id)
    Lesson.objects.update(rung=None)
    assert improvement.due() == []
    assert Step.objects.count() == 1
