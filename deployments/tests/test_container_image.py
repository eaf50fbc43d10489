"""The Dockerfile: what a release needs, and nothing that a release could slip in."""

import pytest
from e2b_dockerfile_utils import PatternMatcher, parse_dockerfile_ast

from deployments.targets.container.checks.image import image
from deployments.targets.container.target import write_out
from deployments.targets.contract import Kind, Recipe
from deployments.tests.container_scene import NODE, PYTHON, SITE, SPECS, spec_of

NASTY = (
    "echo a\nUSER root\nRUN id",
    "cat <<EOF\nUSER 0\nEOF",
    'echo "quoted" \\',
    "echo ${PATH} $(id) `id` $$ \\$HOME",
    "# syntax=evil/frontend\nescape=`",
    "echo 日本語 \u2028 \u0085 \ttab",
)


def rows_of(spec):
    return parse_dockerfile_ast(write_out(spec).files["Dockerfile"]).instructions


def commands(spec, name):
    return [row.args for row in rows_of(spec) if row.name == name]


@pytest.mark.parametrize("text", NASTY)
def test_a_command_is_a_command_whatever_it_holds(text):
    """Build and start arrive as one argument of a shell; no line of them becomes an instruction."""
    spec = spec_of(Recipe(kind=Kind.WORKER, runtime="process", build=text, start=text), PYTHON)
    assert commands(spec, "RUN") == [["/bin/sh", "-c", text]]
    assert commands(spec, "CMD") == [["/bin/sh", "-c", text]]
    assert commands(spec, "USER") == [["10001:10001"]]
    assert all(finding.passed for finding in image(write_out(spec).files))


def test_requirements_are_installed_once():
    """Before the rest where they stand alone, after it where they name other files, never where the build does."""
    recipe = Recipe(kind=Kind.WORKER, runtime="python", start="python app.py")
    install = ["pip", "install", "--requirement", "requirements.txt"]
    alone = [(row.name, row.args) for row in rows_of(spec_of(recipe, PYTHON))]
    assert alone.index(("RUN", install)) < alone.index(("COPY", ["app/", "./"]))
    more = {**PYTHON, "requirements.txt": b"-r base.txt\n"}
    together = [(row.name, row.args) for row in rows_of(spec_of(recipe, more))]
    assert together.index(("RUN", install)) > together.index(("COPY", ["app/", "./"]))
    own = Recipe(
        kind=Kind.WORKER, runtime="python", start="python app.py", build="pip install -r requirements.txt"
    )
    assert install not in commands(spec_of(own, PYTHON), "RUN")


def test_a_built_site_leaves_its_tools_behind():
    """The last stage is the web server with the published folder; node is in the stage before it only."""
    rows = rows_of(SPECS["built"])
    bases = [row.args[0] for row in rows if row.name == "FROM"]
    assert ["node" in base for base in bases] == [True, False]
    assert ["/app/dist/", "/srv/site/"] in commands(SPECS["built"], "COPY")
    assert ["npm", "ci", "--no-audit", "--no-fund"] in commands(SPECS["built"], "RUN")


def test_the_page_for_what_is_missing_is_used_where_there_is_one():
    """A site with 404.html answers with it; one without does not name it."""
    recipe = Recipe(kind=Kind.STATIC)
    assert "error_page 404 /404.html" in write_out(spec_of(recipe, SITE)).files["web/default.conf"]
    plain = write_out(spec_of(recipe, {"index.html": b""})).files["web/default.conf"]
    assert "error_page" not in plain


def test_a_build_sees_the_release_alone():
    """Of the folder only `app` and `web` reach a builder, and of the release nothing private."""
    made = write_out(spec_of(Recipe(kind=Kind.STATIC, build="npm run build", publish="dist"), NODE))
    rules = [line for line in made.files[".dockerignore"].splitlines() if line and line[0] != "#"]
    ignored = PatternMatcher(rules)
    seen = ("app/server.js", "app/deep/file.txt", "web/default.conf", "app/.env.example")
    hidden = (
        "variables.env",
        "README.md",
        "app/.git/config",
        "app/sub/.git/config",
        "app/.env",
        "app/x/.env.local",
    )
    hidden += ("kubernetes/secret.example.yaml", "app/node_modules/a/index.js", "app/lib/__pycache__/a.pyc")  # type: ignore[assignment]
    assert [path for path in seen if ignored.matches(path)] == []
    assert [path for path in hidden if not ignored.matches(path)] == []


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"runtime": "python"}, "urllib"),
        ({"runtime": "node"}, "fetch("),
        ({"runtime": "process"}, "/dev/tcp/"),
        ({"runtime": "python", "health_status": 401}, "/dev/tcp/"),
    ],
)
def test_health_is_seen_with_what_the_image_holds(changes, word):
    """Each base brings its own means; a status that probes do not take becomes a look at the port."""
    spec = spec_of(Recipe(kind=Kind.WEB, start="run", health_path="/up", **changes), PYTHON)
    (check,) = [row for row in rows_of(spec) if row.name == "HEALTHCHECK"]
    assert word in check.original
    assert ("httpGet" in write_out(spec).files["kubernetes/base/workload.yaml"]) == (
        "health_status" not in changes
    )
