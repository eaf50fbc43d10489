"""Each of the eleven does real work on a bare machine: two requests, two answers, evidence for each."""

import pytest
from django.db import transaction

from agents import executions, leases, submission
from agents.models import Step
from agents.plan import Plan, PlannedStep
from agents.registry_kinds import PROFILES
from miosa.testing.flows import providers, run

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

FIRST = {
    "communication": "Explain what a ledger is",
    "analysis": "Build a booking system for a dentist: patients book online, get a reminder, and may cancel",
    "strategy": "Plan the move of a web shop with 3 developers to a new payment provider within 6 months",
    "architect": "Design a service that stores orders, customers and invoices, with an API to list orders",
    "development": "Write a Python function is_even(number) that tells whether a number is even; is_even(4) == True",
    "quality": "Review this code: def f(x, items=[]):\n    try:\n        items.append(x)\n    except:\n        pass\n",
    "deployment": "Write a Dockerfile and a CI recipe for a Flask application on port 5000",
    "monitoring": "How healthy is the platform?",
    "integration": "POST the fields name and email as JSON to https://api.example.com/v1/contacts with a bearer token",
    "recommender": "Which agents should be improved?",
    "ai_providers": "Which model should summarise texts?",
}
SECOND = FIRST | {
    "communication": "Explain what a mutex is",
    "analysis": "Build a library app: members borrow books, pay fines for late returns and reserve titles",
    "strategy": "Roadmap for opening a data platform to partners: catalogue, access control, billing",
    "architect": "Design a chat with rooms, members and messages, and an API to post a message",
    "development": "Write a Python function double(number) that returns twice the number; double(4) == 8",
    "quality": "Review this code: import os\ndef run(command):\n    return eval(command)\n",
    "deployment": "Write a Dockerfile and a CI recipe for a Node application on port 3000",
    "integration": "GET https://api.example.com/v2/orders with the header X-Api-Key",
    "ai_providers": "Which model should write code?",
}


@pytest.fixture
def keyless(tenant, local_model_url, embeddings_url):
    """The servers of a bare machine, and no key."""
    with providers(local=local_model_url, embeddings=embeddings_url):
        yield


def worked(tenant, kind, request):
    """The step of one agent that was given a request of its own."""
    execution = submission.submit(request, requested_by="user:test")
    held = leases.claim(tenant.pk, execution.steps.get().pk)
    with transaction.atomic():
        executions.complete(held, {"success": True, "confidence": 8}, told={})
        plan = Plan((PlannedStep(kind, kind, kind, request),), "rules", "this agent alone")
        executions.lay_out(execution.pk, plan)
        executions.advance(execution.pk)
    run(execution)
    return execution.steps.get(agent=kind)


def test_everybody_works_and_nothing_is_canned(tenant, keyless):
    """Every step ends with an output, evidence and a confidence; other requests get other outputs."""
    assert set(FIRST) == set(PROFILES)
    first, second = (
        {kind: worked(tenant, kind, request) for kind, request in requests.items()}
        for requests in (FIRST, SECOND)
    )
    for kind, step in [*first.items(), *second.items()]:
        assert step.state == Step.State.COMPLETED, f"{kind}: {step.error}"
        assert step.output.strip(), kind
        assert step.evidence, kind
        assert 0 <= step.confidence <= 10
    same = [
        kind for kind in FIRST if FIRST[kind] != SECOND[kind] and first[kind].output == second[kind].output
    ]
    assert same == []
    # What reads the platform's own facts sees what has happened in between.
    assert first["monitoring"].output != second["monitoring"].output
    assert len({step.confidence for step in first.values()}) > 4, "confidences are not fixed"
