"""`manage.py catalog check`: asks providers on real sockets, says who did not answer, and ends with a code."""

import json
import subprocess
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from threading import Thread

import pytest
from django.core.management import CommandError, call_command

from miosa.environment import ROOT
from miosa.testing.flows import providers
from miosa.testing.wire_server import WireServer
from routing.catalog_file import DEFAULT_FILE, catalog

GROQ = tuple(model.id for model in catalog().models if model.provider == "groq")
MOONSHOT = tuple(model.id for model in catalog().models if model.provider == "moonshot")
NOBODY = "http://127.0.0.1:9/v1"


def run(*arguments):
    """What the command prints, and its exit code."""
    out, code = StringIO(), 0
    try:
        call_command("catalog", "check", *arguments, stdout=out)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return out.getvalue(), code


def told(*arguments):
    """Its JSON, with its exit code."""
    out, code = run("--json", *arguments)
    return json.loads(out), code


def of(body, verdict):
    return {(one["model"], one["source"]) for one in body["findings"] if one["verdict"] == verdict}


@contextmanager
def groq_lists(*ids, **facts):
    with WireServer(models={name: {} for name in ids} | facts) as server, providers(groq=server.url):
        yield server


def test_it_is_sound_today():
    """Without a key: the shipped file agrees with the installed price list, and nobody is asked."""
    with providers():
        body, code = told()
    assert (code, body["sound"], body["counts"]["differs"]) == (0, True, 0)
    assert body["counts"]["same"] > 30
    assert {one["name"]: one["asked"] for one in body["providers"]} == dict.fromkeys(
        ("groq", "moonshot", "local"), False
    )
    assert "GROQ_API_KEY is empty" in body["providers"][0]["said"]


def test_it_asks_a_provider_whose_key_is_set():
    """The list is read from the provider's own address with the key; a whole one is sound, and news is no trouble."""
    with groq_lists(*GROQ, "whisper-next") as server:
        body, code = told()
    assert [(asked.path, asked.headers["authorization"]) for asked in server.requests] == [
        ("/v1/models", "Bearer gsk_test")
    ]
    assert code == 0
    assert of(body, "new") == {("whisper-next", "groq /models")}
    assert {name for name, source in of(body, "same") if source == "groq /models"} == set(GROQ)


@pytest.mark.parametrize("field", ["context_window", "context_length", "max_model_len"])
def test_a_window_in_the_list_is_compared(field):
    """By whichever name the provider tells it: the same is the same, half of ours differs by half."""
    with groq_lists(*GROQ, **{GROQ[0]: {field: 131_072}, GROQ[1]: {field: 65_536}}):
        body, code = told()
    found = {
        one["model"]: (one["verdict"], one["percent"])
        for one in body["findings"]
        if (one["fact"], one["source"]) == ("context window", "groq /models")
    }
    assert code == 1
    assert (found[GROQ[0]], found[GROQ[1]]) == (("same", 0.0), ("differs", -50.0))
    assert {found[name][0] for name in GROQ[2:]} == {"unknown"}


def test_an_inactive_model_is_gone():
    """A row that the provider marks as inactive is not an offer."""
    with groq_lists(
        *GROQ, **{GROQ[0]: {"active": False}, GROQ[1]: {"active": True, "context_window": "big"}}
    ):
        body, code = told()
    assert (code, of(body, "gone")) == (1, {(GROQ[0], "groq /models")})


def test_a_model_that_is_gone_ends_it_with_one():
    """One id missing in the provider's list: exit code 1, and the table names it."""
    with groq_lists(*GROQ[1:]):
        body, code = told()
        table, again = run()
    assert (code, again) == (1, 1)
    assert of(body, "gone") == {(GROQ[0], "groq /models")}
    (line,) = [line for line in table.splitlines() if " gone " in line]
    assert line.startswith(GROQ[0])
    assert table.splitlines()[-1].startswith("NOT SOUND: 0 differs, 1 gone")


def test_a_retired_name_that_is_served_again_ends_it_with_one():
    """The provider lists what the catalogue calls retired."""
    with groq_lists(*GROQ, "llama-3.3-70b-versatile"):
        body, code = told()
    assert code == 1
    assert of(body, "differs") == {("llama-3.3-70b-versatile", "groq /models")}


@pytest.mark.parametrize(
    ("path", "said"), [(NOBODY, "the connection failed"), ("", "404: no such path"), ("empty", "is empty")]
)
def test_a_provider_that_does_not_answer_is_said(path, said):
    """No connection, a refusal, an empty list: told by name, the others are still asked, and nothing is called gone."""
    with WireServer(models=() if path == "empty" else GROQ) as broken, WireServer(models=MOONSHOT) as well:
        address = path if path == NOBODY else broken.url if path else f"{broken.url}/elsewhere"
        with providers(groq=address, kimi=well.url):
            body, code = told()
            table, _ = run()
    groq, moonshot, _ = body["providers"]
    assert (groq["asked"], groq["answered"], moonshot["answered"]) == (True, False, True)
    assert groq["said"].startswith("no answer: ")
    assert said in groq["said"]
    assert f"groq: {groq['said']}" in table
    assert (code, of(body, "gone")) == (0, set())


class _Echo(BaseHTTPRequestHandler):
    """Refuses, and repeats the key that it was sent."""

    def do_GET(self):
        body = json.dumps({"error": {"message": f"bad key {self.headers['Authorization']}"}}).encode()
        self.send_response(401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


def test_a_key_is_never_printed():
    """Also where the provider repeats it in its refusal."""
    with HTTPServer(("127.0.0.1", 0), _Echo) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with providers(groq=f"http://127.0.0.1:{server.server_port}/v1"):
            printed = run()[0] + run("--json")[0]
        server.shutdown()
    assert "401: bad key" in printed
    assert "gsk_test" not in printed


def test_it_checks_a_copy(tmp_path):
    """`--file`: a price that somebody mistyped is found before the file is in use."""
    copy = tmp_path / "catalog.toml"
    row = "price = { input_micros = 950_000, cached_micros = 160_000"
    text = DEFAULT_FILE.read_text()
    assert text.count(row) == 1
    copy.write_text(text.replace(row, row.replace("950_000", "95_000")))
    with providers():
        body, code = told("--file", str(copy))
        table, _ = run("--file", str(copy))
    (found,) = [one for one in body["findings"] if one["verdict"] == "differs"]
    assert code == 1
    assert (found["model"], found["ours"], found["theirs"], found["percent"]) == (
        "kimi-k2.6", 95_000, 950_000, 900.0,
    )  # fmt: skip
    assert "input price: ours $0.095 per million, theirs $0.95 per million (+900.0 %)" in table


def test_a_provider_that_nobody_speaks_to_is_said(tmp_path):
    """A row of a provider without its file under routing/providers: told, not a crash."""
    copy = tmp_path / "catalog.toml"
    row = '[[providers]]\nname = "acme"\ntitle = "A"\nbase_url = "http://127.0.0.1:9"\nurl_variable = "ACME_URL"\n'
    row += 'key_variable = "GROQ_API_KEY"\nfirst_token_s = 1\nidle_s = 1\ntotal_s = 1\n\n[aliases]'
    copy.write_text(DEFAULT_FILE.read_text().replace("[aliases]", row))
    with groq_lists(*GROQ):
        body, code = told("--file", str(copy))
    assert code == 0
    assert body["providers"][-1] == {
        "name": "acme",
        "asked": False,
        "answered": False,
        "said": "not asked: nothing in routing.providers speaks to it",
    }


def test_a_catalogue_that_cannot_be_read_is_misuse(tmp_path):
    """The message names the entry; the code is that of misuse, not of a finding."""
    bad = tmp_path / "catalog.toml"
    bad.write_text('[[models]]\nid = "x"\n')
    with pytest.raises(CommandError, match="model x: context_tokens is missing") as caught:
        call_command("catalog", "check", "--file", str(bad))
    assert caught.value.returncode == 2


@pytest.mark.parametrize("arguments", [("check", "--all"), ("check", "--file", "/no/such")])
def test_misuse_ends_with_two(arguments):
    """From the command line: an unknown option, a file that is not there."""
    done = subprocess.run(
        [sys.executable, "manage.py", "catalog", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
