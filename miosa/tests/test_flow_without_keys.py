"""Without a key the small local model does the whole job, and the product says what it is worth."""

import pytest

from agents import submission
from agents.models import Execution, Step
from billing.models import LedgerEntry
from billing.subscriptions import current_budget
from miosa.testing.flows import lessons_of, providers, run
from routing.models import Decision

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

TEXT = (
    "Bees visit flowers to gather nectar and pollen. While they feed, pollen sticks to their hair and is carried to "
    "the next flower, which can then make seeds. About a third of the food that people eat depends on this work. "
    "In the past decades many colonies have died from mites, pesticides and the loss of meadows."
)
REQUEST = f"Summarise this text and write a Python function that counts its words, with a test: {TEXT}"


@pytest.fixture
def keyless(tenant, local_model_url, embeddings_url):
    """The servers of a bare machine, and no key."""
    with providers(local=local_model_url, embeddings=embeddings_url):
        yield


def test_the_whole_job_is_done(tenant, keyless):
    """At least three agents work in an order that the rules explain; everything is recorded and nothing costs."""
    execution = run(submission.submit(REQUEST, requested_by="user:test"))
    steps = {step.key: step for step in execution.steps.all()}
    assert execution.state == Execution.State.COMPLETED
    assert execution.plan_source == "rules"
    assert execution.plan_explanation
    assert len({step.agent for step in steps.values()} - {"orchestrator"}) >= 3
    assert all(step.state == Step.State.COMPLETED for step in steps.values())
    assert all(step.confidence is not None for step in steps.values())
    assert {row.model for row in Decision.objects.all()} == {"smollm2-135m"}
    assert LedgerEntry.objects.filter(meter="tokens").exists()
    assert LedgerEntry.objects.filter(meter="sandbox_ms").exists()
    assert execution.cost_micros == current_budget().spent_micros == 0


def test_below_seven_leaves_one_lesson_each(tenant, keyless):
    """Every result below 7.0 has exactly one lesson, every other has none."""
    execution = run(submission.submit(REQUEST, requested_by="user:test"))
    weak = set(execution.steps.filter(confidence__lt=7).values_list("pk", flat=True))
    assert sorted(lesson.step_id for lesson in lessons_of(execution)) == sorted(weak)


def test_two_requests_get_two_answers(tenant, keyless):
    """Nothing is canned."""
    first, second = (
        run(submission.submit(f"Summarise this text: {text}", requested_by="user:test")).output
        for text in (TEXT, TEXT.replace("Bees", "Bats").replace("mites, pesticides", "wind turbines, cats"))
    )
    assert first
    assert second
    assert first != second
