"""Whole jobs on files: a package from a description, a reviewed patch of a repository; with a strong model and with none."""

from dataclasses import replace

import pytest

from agents import artefacts, submission
from agents.models import ToolUse
from agents.tests import jobs_scripts as scripts
from deployments.tests.git_server import PLAIN, git_server
from miosa.testing.flows import providers, run
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer

PACKAGE = "Write a small Python package named romans with a function `to_number(roman: str) -> int` that converts Roman numerals"
BY_RULE = "Write a Python package named wordtools with a function `count_words(text: str) -> int` that counts words, e.g. count_words('a b') == 2"


@pytest.fixture
def git(tmp_path, settings):
    """A repository with a fault on a server that the operator lets users call."""
    with git_server(tmp_path / "origin") as server:
        server.commit({"stats.py": (PLAIN, scripts.STATS), "test_stats.py": (PLAIN, scripts.STATS_TESTS)})
        place = server.url.split("/")[2]
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, outgoing_allow=(place,))
        yield server


def worked(request, script=None, *, strong=True):
    """Run a task to its end; without `strong` only a small model of this machine answers."""
    with WireServer(script or small_model) as wire:
        servers = {"groq": wire.url} if strong else {"local": wire.url}
        with providers(embeddings=wire.url.removesuffix("/v1"), **servers):
            return run(submission.submit(request, requested_by="user:1"))


def small_model(asked):
    """It can complete a function of one line."""
    return Reply(text="def count_words(text: str) -> int:\n    return len(text.split())\n")


def evidence(step):
    return {one["check"]: one["passed"] for one in step.evidence}


def text_of(execution, path):
    return artefacts.read(artefacts.newest(execution.pk)[path]).decode()


def test_a_package_is_written_tested_and_repaired(tenant):
    """The first version fails its tests; the platform says so, it is mended, and the review runs everything again."""
    execution = worked(PACKAGE, scripts.package_writer)
    written, review = execution.steps.get(agent="development"), execution.steps.get(agent="quality")
    assert (execution.state, written.success, written.data["repairs"]) == ("completed", True, 1)
    assert evidence(written)["its tests pass"]
    assert text_of(execution, "romans/numerals.py") == scripts.RIGHT
    assert review.data["verdict"] == "accepted"
    assert review.data["faults_noticed"][1] > 0
    assert "8 passed, 0 failed" in " ".join(review.data["notes"])
    assert not any("Not run" in note for note in review.data["notes"])


def test_a_package_without_a_model_is_made_round_a_function_that_is_known(tenant):
    """Where a rule knows the function it is laid out as a package, and its tests run where it lies."""
    execution = worked(BY_RULE, strong=False)
    step = execution.steps.get(agent="development")
    assert step.success, step.error
    assert {"pyproject.toml", "README.md", "wordtools/__init__.py", "wordtools/count_words.py"} <= set(
        step.data["files"]
    )
    assert evidence(step)["its tests pass"]
    assert execution.steps.get(agent="quality").data["verdict"] == "accepted"


def test_a_repository_is_read_and_a_reviewed_patch_is_proposed(tenant, git):
    """The patch holds the change and its test and nothing else; what passed before passes after."""
    execution = worked(
        f"Read the repository {git.url} and propose a patch that fixes mean() of an empty list",
        scripts.patch_writer,
    )
    step, review = execution.steps.get(agent="development"), execution.steps.get(agent="quality")
    assert (execution.state, step.success) == ("completed", True), step.error
    patch = text_of(execution, "change.patch")
    assert patch == step.data["patch"]
    assert [line for line in patch.splitlines() if line.startswith("diff ")] == [
        "diff --git a/stats.py b/stats.py",
        "diff --git a/test_stats.py b/test_stats.py",
    ]
    assert '+        raise ValueError("nothing has no mean")' in patch
    assert evidence(step)["no test that passed fails now"]
    assert review.data["verdict"] == "accepted"
    assert ToolUse.objects.filter(step=step, tool="read_repository").count() == 1


def test_without_a_model_only_what_is_certain_is_changed(tenant, git):
    """An import that nobody uses goes; the meaning of the code stays, and it is said who changed it."""
    execution = worked(f"Read the repository {git.url} and propose a patch that improves it", strong=False)
    step = execution.steps.get(agent="development")
    assert (step.success, step.data["written_by"]) == (True, "rules"), step.error
    changed = [
        line
        for line in step.data["patch"].splitlines()
        if line[:1] in "+-" and line[:3] not in ("+++", "---")
    ]
    assert changed == ["-import os"]
    assert execution.steps.get(agent="quality").data["verdict"] == "accepted"


def test_a_repository_that_is_not_there_is_said(tenant, git):
    """The address is called, and what came of it is the answer."""
    execution = worked(f"Read the repository {git.url}x and propose a patch that improves it", strong=False)
    step = execution.steps.get(agent="development")
    assert step.success is False
    assert "could not be read" in step.output
