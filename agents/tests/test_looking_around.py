"""Who designs, plans, talks or ships may look at what is there first; files that nobody saw are named and mended."""

import json
from dataclasses import replace

import pytest

from agents import submission
from agents.confidence import by_checks
from agents.contract import Evidence
from agents.models import ToolUse
from agents.tests.jobs_scripts import STATS, STATS_TESTS
from agents.tests.looking_scripts import looker
from agents.tests.test_looking import failed, step_of, worked
from deployments.models import Approval, Deployment
from deployments.tests.git_server import PLAIN, git_server
from deployments.tests.shipped_scene import written
from miosa.testing.flows import providers, run
from miosa.testing.wire_server import WireServer

NOTES = "stats.py holds `mean`, tested by test_stats.py."
MADE_UP = "stats.py holds `mean`, and shop/ledger.py keeps the orders."
MEMO = {"memo.txt": b"The fair opens on 12 May 2027. Stand 48 is ours, and the fee is 1,250 euros."}


@pytest.fixture
def git(tmp_path, settings):
    """A repository on a server that the operator lets users call."""
    with git_server(tmp_path / "origin") as server:
        server.commit({"stats.py": (PLAIN, STATS), "test_stats.py": (PLAIN, STATS_TESTS)})
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, outgoing_allow=(server.url.split("/")[2],))
        yield server


def checked(step):
    """What the checks alone say: the model's record grows from one run to the next."""
    return by_checks([Evidence(**one) for one in step.evidence])


def design(because):
    part = {"name": "median", "responsibility": "adds a median to the statistics", "requirements": ["R1"]}
    decisions = [{"choice": "Keep the style of mean", "because": because}]
    return json.dumps({"components": [part], "entities": [], "endpoints": [], "decisions": decisions})


def designed(git, notes, because="stats.py does it so"):
    look = [("read_repository", {"url": git.url}), ("read_file", {"path": "stats.py"})]
    request = f"Design the architecture of a median function for the repository {git.url}"
    return step_of(worked(looker("architect", look, notes, otherwise=design(because)), request), "architect")


def test_the_architect_reads_the_repository_first(tenant, git):
    """A file that it made up is named and mended; the design is told what was seen, and the report says it."""
    step = designed(git, [MADE_UP, NOTES])
    assert (step.data["method"], step.data["repairs"]) == ("model", 1)
    assert step.data["looked_with"] == ["read_repository", "read_file"]
    assert f"**What is there already**\n{NOTES}" in step.output
    assert "shop/ledger.py" not in step.output
    assert not {"the files it names are there", "the files that the result names are there"} & set(
        failed(step)
    )


def test_a_design_that_rests_on_a_file_nobody_saw_fails_that_check(tenant, git):
    """Also where the notes are right."""
    step = designed(git, [NOTES], because="orders.py does it so")
    assert failed(step)["the files that the result names are there"] == "never seen: orders.py"


def test_what_was_looked_up_reaches_the_question_as_data(tenant, git):
    """Inside a fence, since it may repeat what a page or a file says."""
    look = [("read_repository", {"url": git.url})]
    request = f"Design the architecture of a median function for the repository {git.url}"
    with WireServer(looker("architect", look, [NOTES], otherwise=design("it is short"))) as wire:
        with providers(groq=wire.url, embeddings=wire.url.removesuffix("/v1")):
            run(submission.submit(request, requested_by="user:1"))
        asked = [one.prompt for one in wire.chats() if "Design the system: components" in one.prompt]
    assert "from what was looked up before>" in asked[0]
    assert NOTES in asked[0]


def test_the_strategist_is_held_to_the_files_that_are_there(tenant):
    """What stays made up fails the check, stands marked, and costs confidence; the roadmap is there all the same."""
    request = "Plan the phases of the fair as agreed in the attached memo: book the stand, pay the fee, print posters"

    def planned(notes):
        script = looker("strategy", [("read_file", {"path": "memo.txt"})], notes)
        return step_of(worked(script, request, files=MEMO), "strategy")

    right, wrong = (
        planned(["memo.txt: the stand is 48."]),
        planned(["budget.csv: the stand is 48.", "budget.csv: 48."]),
    )
    assert failed(wrong)["the files it names are there"] == "never seen: budget.csv"
    assert "**Not proven**" in wrong.output
    assert wrong.data["phases"]
    assert checked(wrong) < checked(right) - 0.05


def test_a_question_about_a_file_is_answered_from_it(tenant):
    """Numbers are those of the file; another one is mended."""
    script = looker(
        "communication",
        [("read_file", {"path": "memo.txt"})],
        [
            "The fee for the stand is 1,350 euros.",
            "The fee for the stand is 1,250 euros, and it opens on 12 May 2027.",
        ],
    )
    step = step_of(worked(script, "What is the fee for the stand in the memo?", files=MEMO), "communication")
    assert (step.data["mode"], step.data["repairs"]) == ("looked", 1)
    assert step.output == "The fee for the stand is 1,250 euros, and it opens on 12 May 2027."
    assert "every number comes from what was seen" not in failed(step)


def test_nobody_looks_where_nothing_is_to_be_seen(tenant):
    """A plain question is answered at once, with no tool on offer."""
    with WireServer(
        looker("communication", [("recall_memory", {"text": "tea"})], ["no"], otherwise="Tea is a drink.")
    ) as wire:
        with providers(groq=wire.url, embeddings=wire.url.removesuffix("/v1")):
            run(submission.submit("What is tea?", requested_by="user:1"))
    assert not ToolUse.objects.exists()
    assert not any(asked.body.get("tools") for asked in wire.chats())


def test_what_is_deployed_is_told_before_a_recipe(tenant):
    """There is something: the model says what of it matters, held to what the list shows."""
    scene = written(tenant)
    said = f"Release 3 of {scene.project.slug} is live in production."
    script = looker("deployment", [], [said.replace("3", "97"), said])
    step = step_of(worked(script, "Deploy my Flask app with postgres"), "deployment")
    assert step.output.startswith(f"**What is there already**\n{said}")
    assert step.data["repairs"] == 1
    assert "Dockerfile" in step.output
    assert Deployment.objects.count() == 5


def test_shipping_looks_at_what_is_deployed_and_deploys_nothing(tenant):
    """The list is read; where it is empty no model is asked about it, and a tool that deploys is not on offer."""
    deploy = ("deploy_release", {"project": "shop", "release": 1})
    step = step_of(
        worked(looker("deployment", [deploy], ["Done."]), "Deploy my Flask app with postgres"), "deployment"
    )
    assert [one.tool for one in ToolUse.objects.filter(step=step)] == ["list_deployments"]
    assert "Dockerfile" in step.output
    assert not Approval.objects.exists()
    assert not Deployment.objects.exists()
