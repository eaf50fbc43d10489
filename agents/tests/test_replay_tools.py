"""Tools in a replay: offered as live, answered from the records or without an effect, and never used outside."""

from dataclasses import replace

import pytest

from agents import replaying, submission, tool_rules
from agents.assignment import task_of
from agents.ceilings import Stopped
from agents.changes import changed
from agents.contract import Effect, Returned, Use
from agents.models import Artefact, Execution, ExecutionEvent, McpServer, Memory, Step, ToolUse
from agents.purse import Purse
from agents.registry_kinds import PROFILES, profile_of
from agents.replay_bench import ReplayBench
from agents.tests.improving import sentence, system_of
from agents.tests.looking_scripts import STEPS, looker
from agents.tests.tool_scene import ALL, again, begun, use
from agents.tools.contract import Replays, Tool, parameters
from agents.tools.shelf import SHELF
from deployments.models import Approval, FileContent, SandboxRun
from miosa.testing.flows import providers, run
from miosa.testing.wire_server import WireServer

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
RIGHT = "The orchestrator did 1 step, which cost $0.00005."
WRONG = "The orchestrator did 9,731 steps, at $812.50 each."
QUESTION = "How many steps did the orchestrator do, and what did each cost?"
LOOK = "Ask the records before you answer."
NUMBERS = "every number comes from what was seen"
HERE = "Not available in a replay"
TABLES = (ToolUse, Artefact, Memory, Execution, Step, ExecutionEvent, Approval, FileContent)


def replay(step):
    """A bench of a replay of this step, of an agent with every tool on its list."""
    step.refresh_from_db()
    return ReplayBench(replace(profile_of(step.agent), tools=ALL), step, "asked", Purse(0))


def asked(bench, tool, **arguments):
    return bench.use("", [Use("call", tool, arguments)]).returned[0]


def rows():
    return [table.objects.count() for table in TABLES]


def stamp(done, **fields):
    """A tool that writes down that it was used."""

    def run(arguments, _hands):
        done.append(arguments)
        return Returned(f"stamped {len(done)}")

    return Tool("stamp", "Stamp it.", parameters(text={"type": "string"}), run, **fields)


def test_a_use_is_answered_as_it_was_then(tenant, monkeypatch):
    """The same arguments, in order; what was asked twice is told in the order it was told then. The tool is not used."""
    done = []
    monkeypatch.setitem(SHELF, "stamp", stamp(done))
    bench = begun(tenant)
    then = [use(bench, "stamp", text="a"), use(bench, "stamp", text="b"), use(bench, "stamp", text="a")]
    before, anew = rows(), replay(bench.step)
    assert [asked(anew, "stamp", text=text).text for text in ("b", "a", "a")] == [
        then[1].text,
        then[0].text,
        then[2].text,
    ]
    assert (len(done), rows()) == (3, before)
    other = asked(anew, "stamp", text="c")
    assert (other.ok, len(done)) == (False, 3)
    assert HERE in other.text


@pytest.mark.parametrize("effect", [Effect.WRITES, Effect.SPENDS, Effect.SENDS])
@pytest.mark.parametrize("claims", list(Replays))
def test_what_has_an_effect_is_never_used(tenant, monkeypatch, effect, claims):
    """Whatever the tool says of itself, and though the tenant lets every agent use it without asking."""
    done = []
    monkeypatch.setitem(SHELF, "stamp", stamp(done, effect=effect, replays=claims))
    tool_rules.decide("*", "allow", actor="user:boss")
    told = asked(replay(begun(tenant).step), "stamp", text="a")
    assert (told.ok, done) == (False, [])
    assert HERE in told.text


def test_nothing_of_ours_is_written(tenant):
    """Remembering, handing work on, deploying, reading a page nobody read: told that it is not available, and no row more."""
    step = begun(tenant).step
    tool_rules.decide("*", "allow", actor="user:boss")
    before, bench = rows(), replay(step)
    for tool, arguments in (
        ("remember", {"text": "Ships are late."}),
        ("delegate_task", {"request": "Write a poem"}),
        ("deploy_release", {"project": "shop", "release": 1}),
        ("fetch_page", {"url": "https://example.com/"}),
        ("read_repository", {"url": "https://example.com/x.git"}),
        ("recall_memory", {"text": "ships"}),
    ):
        told = asked(bench, tool, **arguments)
        assert (told.ok, HERE in told.text) == (False, True), told.text
    assert rows() == before


def test_a_servers_tool_is_never_called(tenant):
    """One that is believed to only read, on a server that is not even there."""
    definition = {
        "name": "forecast",
        "description": "Tell it.",
        "parameters": {"type": "object"},
        "reads": True,
    }
    McpServer.objects.create(
        name="weather",
        url="https://127.0.0.1:9/mcp",
        tools=[definition],
        reads_freely=True,
        created_by="user:boss",
    )
    told = asked(replay(begun(tenant).step), "mcp__weather__forecast")
    assert HERE in told.text


def test_files_are_a_replays_own(tenant):
    """It finds them as the step did, writes, reads and runs code beside them; nothing of it reaches the store."""
    execution = submission.submit(
        "Look after the figures", requested_by="user:test", files={"in.csv": b"a,b\n3,4\n"}
    )
    bench = again(tenant, execution.steps.get())
    use(bench, "write_file", path="mine.txt", content="of the stored step")
    before, anew = rows(), replay(bench.step)
    assert asked(anew, "list_files").data["paths"] == {"in.csv": 8}
    assert asked(anew, "write_file", path="new.txt", content="seven").ok
    assert asked(anew, "replace_in_file", path="new.txt", old="seven", new="eight").ok
    assert asked(anew, "read_file", path="new.txt").text == "eight"
    ran = asked(anew, "run_command", command="cat in.csv new.txt; echo 1 > made.txt")
    assert ran.text.endswith("a,b\n3,4\neight")
    assert list(anew.files()) == ["in.csv", "made.txt", "new.txt"]
    assert (anew.originals(), anew.read("made.txt")) == ({"in.csv": b"a,b\n3,4\n"}, b"1\n")
    assert set(anew.keep({"kept.txt": b"k"})) == {"kept.txt"}
    assert asked(anew, "write_file", path="../up", content="").ok is False
    assert rows() == before
    assert bench.read("new.txt") is None
    one = SandboxRun.objects.get()
    assert (one.execution_id, one.step_id) == (None, None)
    assert list(replay(bench.step).files()) == ["in.csv"]


def test_what_only_looks_may_look_again(tenant):
    """A question that the stored step did not ask of the records; what it did ask is answered as it was then."""
    bench = begun(tenant)
    sql = "SELECT COUNT(*) AS n FROM executions"
    then = use(bench, "query_data", sql=sql)
    begun(tenant)
    anew = replay(bench.step)
    assert asked(anew, "query_data", sql=sql).text == then.text
    assert asked(anew, "query_data", sql=f"{sql} WHERE true").text != then.text


def test_a_refused_tool_stays_refused(tenant):
    """By the tenant's word, also where it only looks; and bad arguments are told as live."""
    step = begun(tenant).step
    tool_rules.decide("query_data", "deny", actor="user:boss")
    bench = replay(step)
    assert "query_data" not in {one.name for one in bench.tools()}
    assert "may not be used" in asked(bench, "query_data", sql="SELECT 1 FROM steps").text
    assert "There is no tool make_tea" in asked(bench, "make_tea").text
    assert "required" in asked(bench, "read_file").text


def test_going_round_in_circles_ends(tenant):
    """The third use that is the same in everything, as live."""
    bench = replay(begun(tenant).step)
    for _ in range(2):
        asked(bench, "list_files")
    with pytest.raises(Stopped):
        asked(bench, "list_files")


def test_a_proposal_about_tools_is_proven_with_tools(tenant):
    """A sentence that makes the model look: the new arm sees the rows that the stored step saw, the old one makes numbers up."""
    sees, guesses = (
        looker("monitoring", [("query_data", {"sql": STEPS})], [RIGHT]),
        looker("monitoring", [], [WRONG]),
    )
    own = PROFILES["monitoring"]

    def script(asked_):
        return (
            guesses(asked_)
            if (own.prompt in system_of(asked_) and LOOK not in system_of(asked_))
            else sees(asked_)
        )

    with WireServer(sees) as wire, providers(groq=wire.url, embeddings=wire.url.removesuffix("/v1")):
        execution = run(submission.submit(QUESTION, requested_by="user:1"))
        step = execution.steps.get(agent="monitoring")
        before = rows()
        wire.script = script
        task = replace(task_of(execution, step, list(execution.steps.order_by("position"))), shipping=None)
        profiles = (own, changed(own, sentence(LOOK)))
        made = replaying.pair(step, task, profiles, Purse(1_000_000), salt="one")
    said = {arm: {one["check"]: one["passed"] for one in made[f"{arm}_evidence"]} for arm in ("old", "new")}
    assert (said["old"][NUMBERS], said["new"][NUMBERS]) == (False, True)
    assert made["new_score"] > made["old_score"]
    assert rows() == before
