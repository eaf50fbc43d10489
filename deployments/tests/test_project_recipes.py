"""Recipes: read strictly, written out whole, guessed from files."""

import json

import pytest

from deployments.recipe_guess import guessed
from deployments.recipes import RecipeRefused, as_data, recipe
from deployments.targets.contract import Kind, Recipe

WEB = {"kind": "web", "runtime": "python", "start": "python app.py"}


def test_it_reads_a_recipe():
    """Members left out have the contract's defaults, and it comes out as it went in."""
    found = recipe({**WEB, "port": 9000, "health_path": "/healthz"})
    assert found == Recipe(Kind.WEB, "python", start="python app.py", port=9000, health_path="/healthz")
    assert recipe(as_data(found)) == found
    assert recipe({}) == Recipe(Kind.STATIC)
    assert json.loads(json.dumps(as_data(found))) == as_data(found)


REFUSED = {
    "kind": [{"kind": "lambda"}, {"kind": None}, {"kind": ["web"]}],
    "runtime": [{"runtime": "ruby"}, {"kind": "web", "start": "x"}],
    "build": [{"build": "x" * 2001}, {"build": 1}, {"build": "a\0b"}],
    "start": [{"kind": "web", "runtime": "python"}, {"start": "python app.py"}],
    "publish": [{"publish": "/etc"}, {"publish": "../up"}, {**WEB, "publish": "dist"}],
    "port": [{"port": 80}, {"port": 70_000}, {"port": True}, {"port": "8000"}],
    "schedule": [{"schedule": "* * *"}, {**WEB, "schedule": "0 3 * * *"}, {**WEB, "kind": "cron"}],
    "health_path": [{"health_path": "healthz"}, {"health_path": "//evil.example"}, {"health_path": "/a b"}],
    "health_status": [{"health_status": 99}, {"health_status": "200"}],
    "health_body": [{"health_body": "x" * 401}, {"health_body": "a\nb"}],
    "health_deadline_s": [
        {"health_deadline_s": 0},
        {"health_deadline_s": 10_000},
        {"health_deadline_s": True},
    ],
    "source": [
        {"source": "x"},
        {"source": {"svn": "x"}},
        {"source": {"git": "http://a.example/x"}},
        {"source": {"git": "https://me:secret@a.example/x"}},
        {"source": {"git": "https://a.example/x", "image": "a/b"}},
        {"source": {"image": "a b; rm"}},
    ],
    "colour": [{"colour": "red"}],
}


@pytest.mark.parametrize(
    ("member", "data"),
    [(member, data) for member in REFUSED for data in REFUSED[member]],  # type: ignore[attr-defined]
)
def test_a_recipe_that_cannot_work_is_refused(member, data):
    """The error points to the member."""
    with pytest.raises(RecipeRefused) as told:
        recipe(data)
    assert [one["pointer"] for one in told.value.extensions["errors"]] == [f"/recipe/{member}"]


def test_an_image_needs_no_command():
    """It brings its own."""
    assert recipe({"kind": "web", "runtime": "process", "source": {"image": "shop:1"}}).start == ""


GUESSES = {
    "a page": ({"index.html": ""}, Recipe(Kind.STATIC)),
    "a page below": ({"public/index.html": "", "README.md": ""}, Recipe(Kind.STATIC, publish="public")),
    "flask": (
        {"app.py": "from flask import Flask\napp = Flask(__name__)\n", "templates/index.html": ""},
        Recipe(Kind.WEB, "python", start="gunicorn --bind 127.0.0.1:$PORT app:app"),
    ),
    "fastapi": (
        {"main.py": "api = FastAPI()", "requirements.txt": "fastapi"},
        Recipe(Kind.WEB, "python", start="uvicorn --host 127.0.0.1 --port $PORT main:api"),
    ),
    "django": (
        {
            "manage.py": "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')",
            "site1/wsgi.py": "",
        },
        Recipe(Kind.WEB, "python", start="gunicorn --bind 127.0.0.1:$PORT site1.wsgi"),
    ),
    "plain python": (
        {"server.py": "import http.server", "requirements.txt": ""},
        Recipe(Kind.WEB, "python", start="python server.py"),
    ),
    "node": ({"package.json": "{}", "server.js": ""}, Recipe(Kind.WEB, "node", start="node server.js")),
    "node that says how": (
        {"package.json": '{"scripts": {"start": "node src/x.js"}}'},
        Recipe(Kind.WEB, "node", start="node src/x.js"),
    ),
    "node with packages": (
        {
            "package.json": '{"scripts": {"start": "x y", "build": "b"}, "dependencies": {"a": "1"}}',
            "package-lock.json": "",
        },
        Recipe(Kind.WEB, "node", build="npm ci && npm run build", start="npm start"),
    ),
    "a page that is built": (
        {"package.json": '{"scripts": {"build": "vite build"}}', "index.html": ""},
        Recipe(Kind.STATIC, "node", build="npm run build", publish="dist"),
    ),
    "words": ({"README.md": ""}, None),
    "broken": ({"package.json": "[", "manage.py": ""}, None),
    "odd": ({"package.json": '{"scripts": 3, "dependencies": "x"}'}, None),
}


@pytest.mark.parametrize("what", GUESSES)
def test_it_guesses_from_files(what):
    """What shows itself, and nothing where it does not."""
    tree, expected = GUESSES[what]
    found = guessed(tree, lambda path: tree[path].encode())
    assert found == expected
    assert found is None or recipe(as_data(found)) == found
