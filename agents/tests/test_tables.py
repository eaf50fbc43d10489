"""A table that comes with a task is counted, told and drawn; a strong model goes on from there and is held to its figures."""

import json

import pytest

from agents import artefacts, submission
from agents.models import ToolUse
from miosa.testing.flows import providers, run
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer

SALES = b"month,region,sold\n2024-01,North,30\n2024-01,South,12\n2024-02,North,41\n2024-02,South,\n"
ASKED = "Analyse sales.csv and deliver a report with a plot of sold by region"


def analysed(wire, files=None, *, strong=False):
    """Run a task with a table; the plan is by rules unless a strong model is there."""
    servers = {"groq": wire.url} if strong else {}
    with providers(embeddings=wire.url.removesuffix("/v1"), **servers):
        execution = submission.submit(ASKED, requested_by="user:1", files=files or {"sales.csv": SALES})
        return run(execution)


def step_of(execution):
    return execution.steps.get(agent="analysis")


def test_without_a_model_it_is_counted_and_drawn(tenant):
    """The figures are right, twice; report and plot are files of the execution with their checksums."""
    with WireServer() as wire:
        execution = analysed(wire)
    step = step_of(execution)
    assert (execution.state, step.success, step.data["method"]) == ("completed", True, "counted")
    assert step.data["figures"]["by_group"]["sums"] == [["North", 71.0], ["South", 12.0]]
    assert {one["check"]: one["passed"] for one in step.evidence} == {
        "the table can be read": True,
        "two ways of counting agree": True,
        "there is a plot": True,
    }
    kept = artefacts.newest(execution.pk)
    assert artefacts.read(kept["report/plot.png"]).startswith(b"\x89PNG")
    assert b"- North: 71" in artefacts.read(kept["report.md"])
    assert "- North: 71" in execution.output
    assert (
        "from 2024-01-01 to 2024-02-01" in execution.output
    )  # days without a midnight, whole numbers without a point
    assert "from 12 to 41, mean 27.666667, median 30, sum 83" in execution.output


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"a,b\n"])
def test_what_is_no_table_is_said(tenant, content):
    """An empty file, bytes, a head without rows: no figures are invented."""
    with WireServer() as wire:
        step = step_of(analysed(wire, {"sales.csv": content}))
    assert step.success is False or step.data["figures"]["rows"] == 0


PLAN = {
    "reasoning": "It is about a table.",
    "steps": [
        {
            "key": "analysis",
            "agent": "analysis",
            "instruction": "Analyse the table",
            "depends_on": [],
            "expects": "report and plot",
        }
    ],
}
INVENTED = "# Sales\n\nNorth sold 71 and South 12. Next month North will sell 9,876 pieces, as everybody in the whole trade says today.\n"
COUNTED = "# Sales\n\nNorth sold 71 pieces and South sold 12 in all; one value of South is missing, so its sum may be too small by that.\n"


def strong_model(asked):
    """Plan, then write a report: first with a number from nowhere, and with counted ones once that was found."""
    if "Plan who does what" in asked.prompt:
        return Reply(text=json.dumps(PLAN))
    turns = asked.body["messages"]
    if "The table is the file" not in turns[1]["content"]:
        return Reply(text="North sold 71 and South 12.")
    found = any("not right yet" in str(turn["content"]) for turn in turns)
    written = sum("report.md" in str(turn.get("tool_calls")) for turn in turns)
    if written > found:
        return Reply(text="North leads with 71.")
    report = COUNTED if found else INVENTED
    return Reply(text="I write it down.", calls=[("write_file", {"path": "report.md", "content": report})])


def test_a_strong_models_report_is_held_to_what_was_counted(tenant):
    """A number from nowhere is found, goes back to the model, and is gone from the report that is delivered."""
    with WireServer(strong_model) as wire:
        execution = analysed(wire, strong=True)
    step = step_of(execution)
    assert (step.success, step.data["method"], step.data["repairs"]) == (True, "tools", 1)
    assert artefacts.read(artefacts.newest(execution.pk)["report.md"]).decode() == COUNTED
    assert ToolUse.objects.filter(step=step, tool="write_file").count() == 3
    assert step.expects == "report and plot"
