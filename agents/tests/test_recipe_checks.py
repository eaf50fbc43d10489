"""A shipping recipe is parsed and compared with what is there."""

import pytest

from agents.verifiers import recipe

GOOD = 'FROM python:3.11-slim\nCOPY app.py ./\nUSER app\nCMD ["python", "app.py"]\n'


def test_a_sound_dockerfile_passes():
    """It parses, copies what exists, pins its base and names a user."""
    assert all(one.passed for one in recipe.dockerfile(GOOD, artefacts={"app.py"}))


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (GOOD.replace("app.py ./", "other.py ./"), "copies only what exists"),
        (GOOD.replace(":3.11-slim", ":latest"), "pins its base"),
        (GOOD.replace(":3.11-slim", ""), "pins its base"),
        (GOOD.replace("USER app\n", ""), "does not run as root"),
        (GOOD.replace("USER app", "USER root"), "does not run as root"),
    ],
)
def test_an_unsound_dockerfile_says_why(text, detail):
    """Missing files, floating bases and root are named."""
    parses, sound = recipe.dockerfile(text, artefacts={"app.py"})
    assert parses.passed
    assert sound.detail == detail


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "must begin with FROM"),
        ("RUN ls", "must begin with FROM"),
        ("FROM a:1\nFLY high", "unknown instruction FLY"),
        ("FROM a:1\nCMD", "CMD without a value"),
        ('FROM a:1\nCMD ["x"', "CMD holds a broken list"),
    ],
)
def test_a_broken_dockerfile_is_no_dockerfile(text, fault):
    """Each fault is told as a reader would."""
    parses, _ = recipe.dockerfile(text, artefacts=())
    assert (parses.passed, parses.detail) == (False, fault)


def test_lines_may_be_continued_and_commented():
    """A backslash joins, a comment is skipped."""
    rows, fault = recipe.dockerfile_rows("# base\nFROM a:1\nRUN one \\\n  two\n")
    assert (rows, fault) == ([("FROM", "a:1"), ("RUN", "one two")], "")


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("services:\n  app:\n    build: .\n", True),
        ("services:\n  app:\n    ports: []\n", False),
        ("services: {}\n", False),
        ("a: [1", False),
        ("- 1", False),
    ],
)
def test_a_compose_file_has_services_one_can_start(text, passed):
    """Each service needs an image or a build."""
    assert recipe.compose(text).passed is passed


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("jobs:\n  test:\n    runs-on: x\n    steps:\n      - run: y\n", True),
        ("jobs:\n  test:\n    runs-on: x\n", False),
        ("jobs: {}\n", False),
        ("jobs: [", False),
    ],
)
def test_a_workflow_has_jobs_that_run(text, passed):
    """Each job needs a runner and steps."""
    assert recipe.workflow(text).passed is passed


def test_secrets_are_found_and_references_are_not():
    """A value in plain fails, a variable does not."""
    assert not recipe.no_secret("ENV API_KEY=abcdef123456").passed
    assert recipe.no_secret("ENV API_KEY=$API_KEY\nenv_file: .env").passed
