"""Stores, clients and recipes are generated from what a request says, and prove themselves where they can."""

import ast

import pytest

from agents.tests.bench import Bench
from agents.text.scaffold import plural, store
from agents.text.shipping import cargo_of, recipe
from agents.text.wire import Call, call_of, client
from agents.verifiers.code import try_out

THINGS = [
    {"name": "Book", "fields": [{"name": "title", "type": "str"}, {"name": "pages", "type": "int"}]},
    {"name": "Category", "fields": []},
    {
        "name": "Loan",
        "fields": [
            {"name": "id", "type": "int"},
            {"name": "due", "type": "date"},
            {"name": "tags", "type": "list"},
        ],
    },
    {"name": "Flag", "fields": [{"name": "done", "type": "bool"}]},
]


def test_a_store_passes_its_own_tests():
    """Every field type is made, every table adds, finds, changes, selects and removes."""
    files = store(THINGS, title="things")
    made = try_out(Bench(), files, module="store", tests="test_store")
    assert made.report["tests"] == {"ran": 4, "failed": [], "error": ""}


def test_the_same_model_gives_the_same_store():
    """There is no chance in it; another model gives another store."""
    assert store(THINGS, title="t") == store(THINGS, title="t")
    assert store(THINGS[:1], title="t") != store(THINGS[1:2], title="t")


def test_tables_are_named_in_the_plural():
    """Compound names become snake case."""
    assert [plural(name) for name in ("OrderItem", "Category", "Box", "Key")] == [
        "order_items",
        "categories",
        "boxes",
        "keys",
    ]


@pytest.mark.parametrize(
    ("wanted", "call"),
    [
        (
            'Call POST https://api.example.com/v1/messages with JSON {"text": "hi"} and a bearer token',
            Call(
                "POST",
                "https://api.example.com/v1/messages",
                "bearer",
                "Authorization",
                {"text": "hi"},
                ("url", "method", "auth", "body"),
            ),
        ),
        (
            "Fetch https://api.example.com/users?active=1 using the API key header X-Token",
            Call(
                "GET",
                "https://api.example.com/users?active=1",
                "key",
                "X-Token",
                {},
                ("url", "auth"),
            ),
        ),
        (
            "Send a message with channel and text to Slack",
            Call("POST", "", "none", "", {"channel": "channel", "text": "text"}, ("body",)),
        ),
        (
            "GET /users from https://api.example.com",
            Call("GET", "https://api.example.com/users", "none", "", {}, ("url", "method")),
        ),
        ("Read the weather with an api key", Call("GET", "", "key", "X-Api-Key", {}, ("auth",))),
    ],
)
def test_a_call_is_read_as_said(wanted, call):
    """Address, method, proof and body are taken where they stand; what is not said is missing."""
    assert call_of(wanted) == call


@pytest.mark.parametrize(
    "call",
    [
        Call("POST", "https://api.example.com/v1/messages", "bearer", "Authorization", {"text": "hi"}),
        Call("GET", "https://api.example.com/users?active=1", "key", "X-Token"),
        Call("DELETE", "", "none"),
        Call("PUT", "https://api.example.com", "none", "", {"a": [1, None, True]}),
    ],
)
def test_a_client_sends_what_was_asked_for(call):
    """Against a stand-in on the loopback it sends method, path, proof and body, and tells refusals."""
    files = client(call)
    made = try_out(Bench(), files, module="client", tests="test_client")
    assert made.report["tests"] == {"ran": 3, "failed": [], "error": ""}


def test_what_is_missing_becomes_a_parameter():
    """Without an address the caller has to give one."""
    assert Call().missing == ("the address", "the way to prove who calls")
    assert "base_url: str," in client(Call())["client.py"]
    assert Call("POST", "https://x.example/v2/rooms/7/messages").name == "send_rooms_messages"


def test_cargo_is_read_off_the_files():
    """Modules, tests, foreign packages, the framework and its port."""
    files = {
        "app.py": "import flask\nimport yaml\nimport rules\n",
        "rules.py": "import json\n",
        "test_app.py": "import app\n",
    }
    cargo = cargo_of(files, "Ship it with postgres on port 9000")
    assert cargo.modules == ("app", "rules")
    assert cargo.tests == ("test_app",)
    assert cargo.packages == ("flask", "gunicorn", "pyyaml")
    assert (cargo.serves, cargo.port, cargo.stores, cargo.entry) == ("flask", 9000, ("postgres",), "app")


def test_a_recipe_follows_its_cargo():
    """A server gets a port and a probe, a module gets neither; stores get volumes."""
    server = recipe(cargo_of({"main.py": "import fastapi\n"}, "with redis"))
    assert "EXPOSE 8000" in server["Dockerfile"]
    assert '"main:app"' in server["Dockerfile"]
    assert "redis:7" in server["compose.yaml"]
    module = recipe(cargo_of({"tool.py": "x = 1\n"}, ""))
    assert "EXPOSE" not in module["Dockerfile"]
    assert "py_compile tool.py" in module[".github/workflows/ci.yaml"]
    assert "requirements.txt" not in module


def test_generated_python_parses():
    """Whatever a name holds, the code stays code."""
    for files in (
        store(THINGS, title='quo"te'),
        client(Call("POST", "https://x.example/ä-b/{id}", "key", "X-A")),
    ):
        for text in files.values():
            ast.parse(text)
