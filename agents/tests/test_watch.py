"""`manage.py watch`: an execution is followed to its end, and seen again."""

import io
import threading
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django_tenants.utils import tenant_context

from agents import control, executions, submission
from agents.contract import NotYet
from agents.tests import tool_scene
from deployments.models import Approval
from miosa.testing.flows import providers, run
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
ANSWER = "Gateways let calls through. They count what is used. They stop what is too much."


@pytest.fixture
def finished(tenant):
    """An execution that was completed."""
    with WireServer(
        lambda asked: Reply(text=ANSWER, usage={"prompt_tokens": 20, "completion_tokens": 10})
    ) as wire:
        with providers(groq=wire.url, embeddings=wire.url.removesuffix("/v1")):
            execution = run(submission.submit("Explain what a gateway is.", requested_by="user:test"))
            assert execution.ended
            yield execution


def watched(*arguments):
    out = io.StringIO()
    code = 0
    try:
        call_command("watch", *map(str, arguments), stdout=out)
    except SystemExit as left:
        code = int(left.code or 0)
    return out.getvalue(), code


def test_a_finished_one_is_told_from_its_beginning(finished):
    """Each agent, each call, how it ended and the answer."""
    said, code = watched(finished.pk)
    assert code == 0
    assert "orchestrator completed" in said
    assert "completed, confidence" in said
    assert "Gateways let calls through" in said


def test_a_film_has_the_pauses_it_had(finished):
    """The same lines, as fast as is asked."""
    assert (
        watched(finished.pk, "--film", "--speed", "1000")[0].splitlines()[:3]
        == watched(finished.pk)[0].splitlines()[:3]
    )


def test_one_under_way_is_followed_until_it_ends(tenant):
    """Somebody cancels it: the watcher says so and ends with 1."""
    execution = submission.submit("Explain what a gateway is.", requested_by="user:test")
    control.pause(execution.pk)

    def end():
        with tenant_context(tenant):
            control.cancel(execution.pk)

    later = threading.Timer(0.5, end)
    later.start()
    said, code = watched(execution.pk)
    later.join()
    assert code == 1
    assert "paused" in said
    assert "cancelled (somebody cancelled it)" in said


def test_tools_and_questions_are_told(tenant):
    """Each call with what came of it; a question with exactly its effect, its digest and where it is answered."""
    bench = tool_scene.begun(tenant)
    tool_scene.use(bench, "write_file", path="a.txt", content="seven")
    with pytest.raises(NotYet) as wait:
        tool_scene.use(bench, "deploy_release", project="shop", release=1)
    executions.postpone(bench.held, wait.value.why, after_s=60)
    control.cancel(bench.execution.pk)
    said, _ = watched(bench.execution.pk)
    asked = Approval.objects.get()
    assert "orchestrator uses write_file" in said
    assert "write_file done" in said
    assert "files: a.txt" in said
    assert "Let the tool deploy_release do this? (expired)" in said  # nobody is asked for what has ended
    assert '"project": "shop"' in said
    assert asked.digest in said
    assert f"/admin/deployments/approval/{asked.pk}/change/" in said


def test_one_that_is_not_there_is_told():
    """An unknown id is a sentence."""
    with pytest.raises(CommandError, match="There is no execution"):
        call_command("watch", str(uuid4()))


def test_on_a_narrow_terminal_steps_are_readable(finished, monkeypatch):
    """At 80 columns no step's name is broken into single words; each has the time that it took."""
    monkeypatch.setenv("COLUMNS", "80")
    said, _ = watched(finished.pk)
    row = next(line for line in said.splitlines() if line.startswith("Bring the parts into one"))
    assert len(row) <= 80
    assert "orchestrator" in row
