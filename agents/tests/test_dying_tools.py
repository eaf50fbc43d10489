"""A worker dies at any statement of a step that uses tools; whoever takes the step finds each effect done once."""

from contextlib import suppress
from dataclasses import replace

import pytest

from agents import mcp_servers, tool_rules
from agents.ceilings import MOST_REPEATS
from agents.contract import Freight, NotYet, Shipping
from agents.crafts.hands_on import used
from agents.leases import LostLease
from agents.models import Artefact, Execution, Memory, ToolUse
from agents.tests.dying import every_death, mortal
from agents.tests.test_mcp_client import serving
from agents.tests.tool_scene import again, begun, use
from deployments.models import Approval, Deployment, Project
from deployments.tests.plain_world import plain_world
from miosa.embedded.server import free_port

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


def died_at(tenant, doomed, tool, **arguments):
    """Let a worker die at a use of a tool, and another one go on; return what came of the use in the end."""
    bench = begun(tenant)
    with mortal(doomed):
        use(bench, tool, **arguments)
    later = again(tenant, bench.step)
    turns = later.earlier()
    return turns[0].returned[0] if turns else use(later, tool, **arguments)


@pytest.fixture
def permitted(tenant):
    """A tenant that lets every tool be used without asking."""
    tool_rules.decide("*", "allow", actor="user:1")
    return tenant


def test_a_note_is_remembered_once(permitted):
    """The words are not said twice to whoever recalls them."""

    def run(doomed):
        Memory.objects.all().delete()
        assert died_at(permitted, doomed, "remember", text="The sea is salt.").ok, doomed
        assert [row.text for row in Memory.objects.all()] == ["The sea is salt."], doomed

    assert every_death(run) > 5


def test_a_file_is_written_once(permitted):
    """The same bytes keep their version."""

    def run(doomed):
        returned = died_at(permitted, doomed, "write_file", path="a.txt", content="one")
        rows = Artefact.objects.filter(execution=Execution.objects.latest("created"))
        assert [(row.number, row.digest) for row in rows] == [(1, returned.files["a.txt"])], doomed

    assert every_death(run) > 5


def test_a_release_is_deployed_once(permitted, tmp_path):
    """The use of the tool names the deployment."""
    with plain_world(tmp_path) as world:
        made = world.release()

        def run(doomed):
            Deployment.objects.all().delete()
            given = {"project": "shop", "release": made.number, "target": "plain"}
            returned = died_at(permitted, doomed, "deploy_release", **given)
            assert returned.ok, (doomed, returned.text)
            assert [str(row.pk) for row in Deployment.objects.all()] == [returned.data["deployment_id"]], (
                doomed
            )

        assert every_death(run) > 5


def test_a_part_is_handed_on_once(permitted):
    """However often its worker dies, there is one execution below, and what was lent for it is lent once."""

    def run(doomed):
        with suppress(NotYet):
            died_at(permitted, doomed, "delegate_task", request="Count the words of: a b c")
        row = Execution.objects.filter(parent_id=None).latest("created")
        child = Execution.objects.get(parent_id=row.pk)
        assert row.lent_micros == child.ceiling_micros, doomed
        assert ToolUse.objects.filter(execution=row).count() == 1, doomed

    assert every_death(run) > 5


def test_a_question_is_asked_once(tenant):
    """The same question of the same use, found again."""

    def run(doomed):
        with suppress(NotYet):
            died_at(tenant, doomed, "remember", text="The sea is salt.")
        row = Execution.objects.latest("created")
        assert Approval.objects.filter(execution_id=row.pk).count() == 1, doomed

    assert every_death(run) > 5


def test_a_look_of_the_platform_is_no_repeat(tenant):
    """However many workers die between it and the end of their step: an agent that goes in circles is something else."""
    bench = begun(tenant)
    for _ in range(MOST_REPEATS + 1):
        bench = again(tenant, bench.step)
        assert used(bench, "The platform looks", "list_files", {}, again=True).ok


def test_one_that_was_given_up_changes_nothing_more(permitted):
    """It was only asleep, and another has its step by now: it learns so before it does anything."""
    bench = begun(permitted)
    again(permitted, bench.step)
    for act in (
        lambda: use(bench, "write_file", path="a.txt", content="one"),
        lambda: bench.remember("The sea is salt."),
        lambda: bench.keep({"a.txt": b"one"}),
        lambda: bench.ship(Freight("Sea", "a page", {"index.html": "x"}, {"kind": "static"}), Shipping()),
    ):
        with pytest.raises(LostLease):
            act()
    assert not any(kind.objects.exists() for kind in (ToolUse, Memory, Artefact, Project))


def test_a_server_of_tools_can_tell_a_repeat(permitted, settings):
    """Whoever died after the call calls again under the same key: the server is asked twice and pays once."""
    port = free_port()
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, outgoing_allow=(f"127.0.0.1:{port}",))
    paid, asked = 0, 0
    with serving(port):
        mcp_servers.add("shop", f"http://127.0.0.1:{port}/mcp", actor="user:1")

        def run(doomed):
            nonlocal paid, asked
            returned = died_at(permitted, doomed, "mcp__shop__pay")
            assert returned.ok, (doomed, returned.text)
            paid += 1
            assert returned.data["paid"] == paid, doomed
            asked = returned.data["asked"]

        every_death(run)
    assert asked > paid
