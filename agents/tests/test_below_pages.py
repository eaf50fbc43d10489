"""What those below an execution used, on its page, on its live page and beside the stream of that."""

import pytest
from django.urls import reverse

from agents.models import Execution, Step
from agents.tests.live_scene import TASK, way
from agents.tests.tool_scene import begun
from miosa.tests.admin_rows import operator

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
TOLD = "With executions below"


@pytest.fixture
def execution(tenant):
    """An execution that has used nine tokens itself."""
    made = begun(tenant).execution
    Step.objects.filter(execution=made).update(tokens=9)
    return made


def hand_on(execution):
    """Open an execution below it that costs two dollars and seven tokens."""
    below = Execution.objects.create(
        request=TASK, ceiling_micros=0, requested_by="user:test", parent_id=execution.pk, depth=1, state="completed",
        cost_micros=2_000_000, finished=execution.created,
    )  # fmt: skip
    Step.objects.create(execution=below, key="a", position=1, agent="analysis", tokens=7)


def test_the_pages_tell_it_where_there_is_anything_below(execution):
    """Own figures beside those of the whole tree; nothing is shown where nothing was handed on."""
    page = reverse("admin:agents_execution_change", args=[execution.pk])
    client = operator()
    assert TOLD not in client.get(page).text
    hand_on(execution)
    assert "$2.00, 16 tokens" in client.get(page).text
    assert "$2.00, 16 tokens (1 below)" in client.get(way(execution)).text


def test_pages_lead_down_and_up(execution):
    """From the one above to those that do a part of it, and back, on both pages."""
    hand_on(execution)
    below = Execution.objects.get(parent_id=execution.pk)
    client = operator()
    assert f'href="{way(below)}"' in client.get(way(execution)).text
    assert f'href="{way(execution)}"' in client.get(way(below)).text
    pages = [reverse("admin:agents_execution_change", args=[one.pk]) for one in (execution, below)]
    assert f'href="{pages[1]}"' in client.get(pages[0]).text
    assert f'href="{pages[0]}"' in client.get(pages[1]).text


def test_the_stream_brings_it(execution):
    """It changes without an event of this execution, so it stands beside them."""
    hand_on(execution)
    told = operator().get(way(execution, "since")).json()["beside"]
    assert [one["state"] for one in told["execution"]["below"]] == ["completed"]
    assert told["execution"]["with_below"] == {"executions": 1, "cost_micros": 2_000_000, "tokens": 16}
