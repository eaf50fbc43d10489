"""Deployment prepares what was handed over, checks the recipe against it, and releases nothing by itself."""

from agents.contract import Handover, Task
from agents.roster.deployment import execute
from agents.tests.bench import Bench

CODE = {"tool.py": "def run():\n    return 1\n", "test_tool.py": "import tool\n"}


def ship(request="Deploy it", files=None, *, verdict="", script=(), **options):
    handed = []
    if files is not None:
        handed.append(Handover("development", "development", "", "code", {"files": files}))
    if verdict:
        handed.append(Handover("quality", "quality", "", "verdict", {"verdict": verdict}))
    return execute(Task("1", request, request, handovers=tuple(handed)), Bench(script, **options))


def failed(result):
    return [one.check for one in result.evidence if not one.passed]


def test_it_works():
    """The recipe parses, fits the files, holds no secret, and the module starts in the sandbox."""
    result = ship(files=CODE, verdict="accepted")
    assert result.success
    assert failed(result) == []
    assert "COPY tool.py ./" in result.data["recipe"]["Dockerfile"]
    assert "`tool` starts in the sandbox." in result.output
    assert "Nothing was released" in result.output
    assert result.next_agent == "monitoring"


def test_two_cargoes_get_two_recipes():
    """A server is served, a module is run."""
    server = ship("Deploy it on port 9000", {"app.py": "import flask\napp = flask.Flask('x')\n"})
    assert "EXPOSE 9000" in server.data["recipe"]["Dockerfile"]
    assert "needs flask, gunicorn" in server.output
    assert "not run" in failed(server)
    assert server.success
    assert server.data["recipe"]["Dockerfile"] != ship(files=CODE).data["recipe"]["Dockerfile"]


def test_code_that_does_not_start_is_not_shipped():
    """The recipe is shown, and the failure with it."""
    result = ship(files={"tool.py": "1 / 0\n"})
    assert not result.success
    assert "does not start" in result.output
    assert result.error.startswith("it starts: ")


def test_a_secret_in_the_code_stops_it():
    """What would be baked into an image is found before."""
    result = ship(files={"tool.py": "API_KEY = 'abcdef1234567'\n"})
    assert not result.success
    assert "holds no secret" in failed(result)


def test_rejected_code_lowers_the_confidence():
    """Quality's verdict counts, without hiding the recipe."""
    assert "the code was accepted" in failed(ship(files=CODE, verdict="rejected"))


def test_a_named_framework_gets_a_recipe_without_code():
    """The request's stack is enough for a draft; that no code was there is said."""
    result = ship("Deploy my Flask app with Docker on port 5000")
    assert "EXPOSE 5000" in result.output
    assert "code was handed over" in failed(result)


def test_nothing_to_ship_is_said():
    """Neither code nor framework: no success, and a way on."""
    result = ship("Release version 2")
    assert not result.success
    assert "There is nothing to ship" in result.output


def test_code_in_the_request_is_shipped():
    """A fenced block is cargo."""
    assert "app.py" in ship("Deploy this code:\n```python\nx = 1\n```").data["files"]


def test_a_strong_model_may_name_what_stops_it():
    """Its lines stand behind the checked recipe."""
    assert (
        "- No health endpoint exists."
        in ship(files=CODE, script="- No health endpoint exists.", strong=True).output
    )
